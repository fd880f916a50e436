import { gaussian, type Random } from '../random.ts'
import { branchLossKpa, circulate, mainLossKpa, soundFittings } from './loop-fittings.ts'
import type { Circulation, LoopFittings, Pipes, PumpState } from './loop-fittings.ts'

/** The water of the secondary loop: one pump pushes it past every building in parallel, a make-up pump holds
 *  the pressure before it out of a tank, and what leaks out has to be made up. Pressure moves in seconds, so
 *  this is stepped every few seconds; the heat it carries is in building-heat.ts.
 *
 *  Water is conserved exactly: stored = first stored + made up + seeped in from the primary + swollen by heat
 *  - leaked - relieved, and tank = first tank + let in - made up.
 *  Pressures are gauge kPa, flows m³/h. Formulas and figures: domain.md E1. */
export interface LoopDesign extends Pipes {
  volumeM3: number
  /** Water that a kPa more squeezes in: trapped air, pipes and the vessel. */
  complianceM3PerKpa: number
  /** Pressure that just fills the highest radiator (P_st). */
  staticKpa: number
  /** What the make-up holds before the strainer and the pump. */
  setKpa: number
  /** Size of the make-up tank. */
  tankM3: number
}

export interface LoopTotals {
  madeUpM3: number
  letInM3: number
  seepedM3: number
  swollenM3: number
  leakedM3: number
  relievedM3: number
}

export interface LoopState extends Circulation {
  /** Water beyond what just fills the pipes; negative while they are partly empty. */
  storedM3: number
  tankM3: number
  returnKpa: number
  makeUpM3h: number
  makeUpIntegral: number
  pump: PumpState
  /** Until the standby pump takes over from one that tripped, s; Infinity = nobody starts it. */
  standbyInS: number
  fittings: LoopFittings
  totals: LoopTotals
}

export interface LoopInput {
  /** The water's growth as it warms, m³/h; negative as it cools. */
  swellM3h: number
  pumpWanted: boolean
}

const kpaPerMetre = 9.66
const setAboveStaticKpa = 50
const makeUpShare = 0.04
const makeUpBandKpa = 30
const makeUpIntegralPerKpaMinute = 0.002
/** What the make-up pump and the primary network can press against at most, above the set pressure. */
const makeUpShutOffKpa = 250
const primaryAboveKpa = 450
const reliefOpensKpa = 80
const reliefSpanKpa = 40
/** What old joints lose at 250 kPa, as a share of the design flow. */
const backgroundLossShare = 0.0015
const backgroundKpa = 250
const nominalKpa = 300
/** Buildings over which the dip around a break fades to a third. */
const depressionReach = 3
const depressionKpa = 350
/** The guard at the pump's inlet. It lets the pump start only when the highest radiator has water. */
const suctionStopsKpa = 20

/** A tank for 36 minutes of the largest make-up, filled through a float valve that closes at 80 %. */
const tankHours = 0.6
const tankFull = 0.8
const tankFloatBand = 0.2
const tankInletShare = 1.2
/** The make-up pump stops before it draws air. */
const tankLowest = 0.02
const drainedInSummer = 0.1

/** `floorAreaM2` of heated homes in `buildings` equal houses; the resistances scatter by a tenth. */
export function designLoop(
  options: { buildings: number; floorAreaM2: number; topRadiatorM: number },
  random: Random,
): LoopDesign {
  const designFlowM3h = ((0.052 * options.floorAreaM2) / 4.187 / 25) * 3.6 * 0.98
  const volumeM3 = 1.2e-3 * options.floorAreaM2
  const branch = (branchLossKpa * options.buildings ** 2) / designFlowM3h ** 2
  return {
    designFlowM3h,
    volumeM3,
    complianceM3PerKpa: 5e-5 * volumeM3,
    staticKpa: kpaPerMetre * options.topRadiatorM,
    setKpa: kpaPerMetre * options.topRadiatorM + setAboveStaticKpa,
    branches: Array.from({ length: options.buildings }, () => branch * (1 + 0.1 * gaussian(random))),
    tankM3: makeUpShare * designFlowM3h * tankHours,
  }
}

/** A loop at its set pressure; its pump turns when it is wanted. */
export function startLoop(design: LoopDesign, pumpWanted = true): LoopState {
  const fittings = soundFittings(design.branches.length)
  const pump = pumpWanted ? 'running' : 'idle'
  return {
    storedM3: design.setKpa * design.complianceM3PerKpa,
    tankM3: design.tankM3 * tankFull,
    returnKpa: design.setKpa,
    ...circulate(design, fittings, pump),
    makeUpM3h: backgroundM3h(design, design.setKpa),
    makeUpIntegral: backgroundM3h(design, design.setKpa) / makeUpCapacityM3h(design),
    pump,
    standbyInS: Infinity,
    fittings,
    totals: { madeUpM3: 0, letInM3: 0, seepedM3: 0, swollenM3: 0, leakedM3: 0, relievedM3: 0 },
  }
}

/** A loop as the summer's repairs left it: a tenth of its water is missing. */
export function startDrainedLoop(design: LoopDesign): LoopState {
  return { ...startLoop(design, false), storedM3: -drainedInSummer * design.volumeM3, returnKpa: 0 }
}

/** The loop with some fittings changed; its flows follow at once. */
export function refit(design: LoopDesign, was: LoopState, change: Partial<LoopFittings>): LoopState {
  const fittings = { ...was.fittings, ...change }
  return { ...was, fittings, ...circulate(design, fittings, was.pump) }
}

/** One step of `dtS` seconds, at most about 10 s: the make-up control has a time constant of 90 s. */
export function stepLoop(design: LoopDesign, was: LoopState, input: LoopInput, dtS: number): LoopState {
  const hours = dtS / 3600
  const turning = turnPump(design, was, input.pumpWanted, dtS)
  const { fittings, totals } = turning
  const makeUpIntegral = nextIntegral(design, was, dtS)
  const wantedM3 = makeUpWantedM3h(design, was, makeUpIntegral) * hours
  const madeUpM3 = Math.min(wantedM3, Math.max(0, was.tankM3 - tankLowest * design.tankM3))
  const letInM3 = inletM3h(design, was) * hours
  const seepedM3 = fittings.primaryInM3h * pressLeft(design, was, primaryAboveKpa) * hours
  const swollenM3 = input.swellM3h * hours
  const poppedM3 = reliefM3h(design, was) * hours
  const beforeLeak = was.storedM3 + madeUpM3 + seepedM3 + swollenM3 - poppedM3
  const leak = leakM3h(design, was) * hours
  const passes = fittings.reliefPassesM3h * Math.sqrt(was.returnKpa / nominalKpa) * hours
  const share = leak + passes > 0 ? Math.min(1, Math.max(0, beforeLeak) / (leak + passes)) : 0
  const storedM3 = beforeLeak - (leak + passes) * share
  return {
    ...turning,
    storedM3,
    tankM3: was.tankM3 + letInM3 - madeUpM3,
    returnKpa: Math.max(0, storedM3 / design.complianceM3PerKpa),
    makeUpM3h: madeUpM3 / hours,
    makeUpIntegral,
    totals: {
      madeUpM3: totals.madeUpM3 + madeUpM3,
      letInM3: totals.letInM3 + letInM3,
      seepedM3: totals.seepedM3 + seepedM3,
      swollenM3: totals.swollenM3 + swollenM3,
      leakedM3: totals.leakedM3 + leak * share,
      relievedM3: totals.relievedM3 + poppedM3 + passes * share,
    },
  }
}

/** The loop with its pump in the state that order, health and suction pressure allow. */
function turnPump(design: LoopDesign, was: LoopState, wanted: boolean, dtS: number): LoopState {
  const { fittings } = was
  if (fittings.pump === 'tripped' && was.standbyInS <= dtS)
    return turnPump(design, { ...refit(design, was, { pump: 'standby' }), standbyInS: Infinity }, wanted, dtS)
  const pump = pumpStateOf(design, was, wanted)
  const standbyInS = fittings.pump === 'tripped' ? was.standbyInS - dtS : Infinity
  if (pump === was.pump && standbyInS === was.standbyInS) return was
  const flows = pump === was.pump ? {} : circulate(design, fittings, pump)
  return { ...was, ...flows, pump, standbyInS }
}

function pumpStateOf(design: LoopDesign, was: LoopState, wanted: boolean): PumpState {
  const { fittings } = was
  if (!wanted) return 'idle'
  if (fittings.power === 'off') return 'unpowered'
  if (fittings.pump === 'tripped') return 'tripped'
  const enoughKpa = was.pump === 'running' ? suctionStopsKpa : design.staticKpa
  return was.returnKpa - was.strainerKpa >= enoughKpa ? 'running' : 'protected'
}

/** A control that cannot act does not wind up. */
function nextIntegral(design: LoopDesign, was: LoopState, dtS: number): number {
  if (was.fittings.makeUp !== 'works' || was.fittings.power === 'off') return was.makeUpIntegral
  const belowSetKpa = design.setKpa - was.returnKpa
  return clamp01(was.makeUpIntegral + belowSetKpa * (dtS / 60) * makeUpIntegralPerKpaMinute)
}

function makeUpWantedM3h(design: LoopDesign, was: LoopState, integral: number): number {
  const { returnKpa, fittings } = was
  if (fittings.makeUp === 'failed' || fittings.power === 'off') return 0
  const wanted = clamp01((design.setKpa - returnKpa) / makeUpBandKpa + integral)
  const capacity = makeUpCapacityM3h(design) * pressLeft(design, was, makeUpShutOffKpa)
  return capacity * (fittings.makeUp === 'runs-on' ? 1 : wanted)
}

/** Share of its flow that something still presses in that stands `aboveSetKpa` above the set pressure. */
function pressLeft({ setKpa }: LoopDesign, { returnKpa }: LoopState, aboveSetKpa: number): number {
  return Math.sqrt(clamp01((setKpa + aboveSetKpa - returnKpa) / aboveSetKpa))
}

/** The float valve opens as the level falls below full. */
function inletM3h(design: LoopDesign, { tankM3, fittings }: LoopState): number {
  if (fittings.tankInlet === 'shut') return 0
  const missing = (tankFull - tankM3 / design.tankM3) / tankFloatBand
  return tankInletShare * makeUpCapacityM3h(design) * clamp01(missing)
}

function reliefM3h(design: LoopDesign, { returnKpa, fittings }: LoopState): number {
  if (fittings.relief === 'blocked') return 0
  return makeUpCapacityM3h(design) * clamp01((returnKpa - design.setKpa - reliefOpensKpa) / reliefSpanKpa)
}

/** Leak flow through the old joints and every break, by the square root of the pressure there. */
function leakM3h(design: LoopDesign, { returnKpa, dpKpa, fittings }: LoopState): number {
  const joints = backgroundM3h(design, returnKpa)
  const local = returnKpa + dpKpa / 2
  return fittings.breaks.reduce((sum, { m3h }) => sum + m3h * Math.sqrt(local / nominalKpa), joints)
}

function backgroundM3h({ designFlowM3h }: LoopDesign, returnKpa: number): number {
  return backgroundLossShare * designFlowM3h * Math.sqrt(returnKpa / backgroundKpa)
}

/** Supply and return pressure before the entrance valve of building `index`. Both converge along the main,
 *  and dip around a break: deepest next to it, fading with the distance. */
export function entrancePressures(
  design: LoopDesign,
  loop: LoopState,
  index: number,
): { supplyKpa: number; returnKpa: number } {
  const along = (index + 0.5) / design.branches.length
  const fall = (mainLossKpa / 2) * (loop.flowM3h / design.designFlowM3h) ** 2 * along
  const dip = loop.fittings.breaks.reduce((sum, { building, m3h }) => {
    const nearness = Math.exp(-Math.abs(index - building) / depressionReach)
    return sum + (depressionKpa / nominalKpa) * (m3h / design.designFlowM3h) * nearness
  }, 0)
  const left = Math.max(0, 1 - dip)
  return {
    supplyKpa: Math.max(0, (loop.returnKpa + loop.dpKpa - fall) * left),
    returnKpa: Math.max(0, (loop.returnKpa + fall) * left),
  }
}

/** Largest make-up the station can give, m³/h. */
export function makeUpCapacityM3h(design: LoopDesign): number {
  return makeUpShare * design.designFlowM3h
}

/** Level of the make-up tank, 0 to 1. */
export function tankLevel(design: LoopDesign, { tankM3 }: LoopState): number {
  return tankM3 / design.tankM3
}

/** Pressure at the pump's inlet, after the strainer. */
export function suctionKpa({ returnKpa, strainerKpa }: LoopState): number {
  return Math.max(0, returnKpa - strainerKpa)
}

function clamp01(value: number): number {
  return Math.min(1, Math.max(0, value))
}
