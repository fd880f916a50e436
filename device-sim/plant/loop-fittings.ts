/** What wear, people and faults change about a loop, and how its water then finds its way: a pump's curve
 *  against the resistance of strainer, main and all buildings side by side. The answer is kept by the loop
 *  until a fitting changes, for it costs more than all else. Formulas: domain.md E1. */
export interface LoopFittings {
  /** Share of each building's entrance valve that is open. */
  valves: readonly number[]
  /** What air multiplies each building's resistance by; 1 = vented. */
  air: readonly number[]
  /** Open share of the strainer's mesh; 1 = clean. */
  strainer: number
  /** `standby`: the first circulation pump has failed, and the second does its work. */
  pump: 'sound' | 'tripped' | 'standby'
  /** Speed that the frequency converter gives the pump, Hz. */
  pumpHz: number
  /** Of the whole station: without it neither pump turns. */
  power: 'on' | 'off'
  makeUp: 'works' | 'failed' | 'runs-on'
  tankInlet: 'open' | 'shut'
  /** Whether the relief valve opens when the pressure asks for it. */
  relief: 'works' | 'blocked'
  /** What the relief valve's seat lets through at 300 kPa, m³/h. */
  reliefPassesM3h: number
  /** Primary water that a leaking exchanger presses into the loop at its set pressure, m³/h. */
  primaryInM3h: number
  breaks: readonly PipeBreak[]
}

export interface PipeBreak {
  /** Index of the building next to it. */
  building: number
  /** Nominal flow at 300 kPa, m³/h. */
  m3h: number
}

/** `idle`: not asked to run. `tripped`: asked, and failed. `protected`: asked, and stopped by its own guard
 *  because too little water presses on its inlet. `unpowered`: asked in vain. */
export type PumpState = 'running' | 'idle' | 'tripped' | 'protected' | 'unpowered'

export interface Pipes {
  designFlowM3h: number
  /** Resistance of each building, kPa/(m³/h)². */
  branches: readonly number[]
}

export const ratedHz = 50

/** Nothing broken, everything open. */
export function soundFittings(buildings: number): LoopFittings {
  const one = Array.from({ length: buildings }, () => 1)
  return {
    valves: one,
    air: one,
    strainer: 1,
    pump: 'sound',
    pumpHz: ratedHz,
    power: 'on',
    makeUp: 'works',
    tankInlet: 'open',
    relief: 'works',
    reliefPassesM3h: 0,
    primaryInM3h: 0,
    breaks: [],
  }
}

export interface Circulation {
  flowM3h: number
  /** Supply minus return at the station. */
  dpKpa: number
  /** Lost in the strainer before the pump. */
  strainerKpa: number
  branchFlowM3h: readonly number[]
}

const pumpHeadKpa = 200
const pumpInnerLossKpa = 64
const cleanStrainerKpa = 6
export const mainLossKpa = 10
/** What is left of the pump's head for the buildings at design flow. */
export const branchLossKpa = pumpHeadKpa - pumpInnerLossKpa - cleanStrainerKpa - mainLossKpa
/** Warm water rises: what still moves when a pump trips, as a share of the design flow. */
const gravityShare = 0.03
/** Even a shut valve seeps. */
const shutValve = 0.002

/** Flows and pressures of these fittings while the pump is in this state. */
export function circulate(pipes: Pipes, fittings: LoopFittings, pump: PumpState): Circulation {
  const conductances = pipes.branches.map((branch, index) => {
    const valve = Math.max(shutValve, fittings.valves[index] ?? 1)
    return valve / Math.sqrt(branch * (fittings.air[index] ?? 1))
  })
  const conductance = conductances.reduce((sum, each) => sum + each, 0)
  const perSquare = 1 / pipes.designFlowM3h ** 2
  const strainer = (cleanStrainerKpa * perSquare) / fittings.strainer ** 2
  const outside = mainLossKpa * perSquare + 1 / conductance ** 2
  const headKpa = pumpHeadKpa * (fittings.pumpHz / ratedHz) ** 2
  const pumped = Math.sqrt(headKpa / (pumpInnerLossKpa * perSquare + strainer + outside))
  const flowM3h = pump === 'running' ? pumped : pump === 'idle' ? 0 : gravityShare * pipes.designFlowM3h
  return {
    flowM3h,
    dpKpa: outside * flowM3h ** 2,
    strainerKpa: strainer * flowM3h ** 2,
    branchFlowM3h: conductances.map((each) => (flowM3h * each) / conductance),
  }
}
