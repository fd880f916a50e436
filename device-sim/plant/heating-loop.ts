import { gaussian, type Random } from '../random.ts'

/** The water of the secondary loop: one pump pushes it past every building in parallel, a make-up pump holds
 *  the pressure at the pump's suction, and what leaks out has to be made up. Pressure moves in seconds, so
 *  this is stepped every few seconds; the heat it carries is in building-heat.ts.
 *
 *  Water is conserved exactly: stored = first stored + made up + swollen by heat - leaked - relieved.
 *  Pressures are gauge kPa, flows m³/h. Formulas and figures: domain.md E1. */
export interface LoopDesign {
  designFlowM3h: number
  volumeM3: number
  /** Water that a kPa more squeezes in: trapped air, pipes and the vessel. */
  complianceM3PerKpa: number
  /** Pressure that just fills the highest radiator (P_st). */
  staticKpa: number
  /** What the make-up holds at the pump's suction. */
  setKpa: number
  /** Pressure lost in the main between station and last building at design flow, half of it each way. */
  mainLossKpa: number
  /** Resistance of each building, kPa/(m³/h)². */
  branches: readonly number[]
}

export interface PipeBreak {
  /** Index of the building next to it. */
  building: number
  /** Nominal flow at 300 kPa, m³/h. */
  m3h: number
}

export interface LoopTotals {
  madeUpM3: number
  swollenM3: number
  leakedM3: number
  relievedM3: number
}

export interface LoopState {
  storedM3: number
  returnKpa: number
  /** Supply minus return at the station. */
  dpKpa: number
  flowM3h: number
  branchFlowM3h: readonly number[]
  makeUpM3h: number
  makeUpIntegral: number
  breaks: readonly PipeBreak[]
  totals: LoopTotals
}

const kpaPerMetre = 9.66
const pumpHeadKpa = 200
const pumpInnerLossKpa = 70
const mainLossKpa = 10
const branchLossKpa = pumpHeadKpa - pumpInnerLossKpa - mainLossKpa
const makeUpShare = 0.04
const makeUpBandKpa = 30
const makeUpIntegralPerKpaMinute = 0.002
const reliefOpensKpa = 80
const reliefSpanKpa = 40
const backgroundLossM3h = 0.13
const nominalKpa = 300
/** Buildings over which the dip around a break fades to a third. */
const depressionReach = 3
const depressionKpa = 350

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
    setKpa: kpaPerMetre * options.topRadiatorM + 50,
    mainLossKpa,
    branches: Array.from({ length: options.buildings }, () => branch * (1 + 0.1 * gaussian(random))),
  }
}

/** A loop at its set pressure, pump running. */
export function startLoop(design: LoopDesign): LoopState {
  return {
    storedM3: design.setKpa * design.complianceM3PerKpa,
    returnKpa: design.setKpa,
    ...circulation(design),
    makeUpM3h: backgroundLossM3h,
    makeUpIntegral: backgroundLossM3h / (makeUpShare * design.designFlowM3h),
    breaks: [],
    totals: { madeUpM3: 0, swollenM3: 0, leakedM3: 0, relievedM3: 0 },
  }
}

/** One step of `dtS` seconds, at most about 10 s: the make-up control has a time constant of 90 s.
 *  `swellM3h` is the water's growth as it warms, m³/h, negative as it cools. */
export function stepLoop(design: LoopDesign, was: LoopState, swellM3h: number, dtS: number): LoopState {
  const hours = dtS / 3600
  const belowSetKpa = design.setKpa - was.returnKpa
  const makeUpIntegral = clamp01(was.makeUpIntegral + belowSetKpa * (dtS / 60) * makeUpIntegralPerKpaMinute)
  const makeUpM3h = makeUpShare * design.designFlowM3h * clamp01(belowSetKpa / makeUpBandKpa + makeUpIntegral)
  const reliefM3h =
    makeUpShare * design.designFlowM3h * clamp01((-belowSetKpa - reliefOpensKpa) / reliefSpanKpa)
  const beforeLeak = was.storedM3 + (makeUpM3h + swellM3h - reliefM3h) * hours
  const leakedM3 = Math.min(leakM3h(was) * hours, Math.max(0, beforeLeak))
  const storedM3 = beforeLeak - leakedM3
  return {
    ...was,
    storedM3,
    returnKpa: storedM3 / design.complianceM3PerKpa,
    makeUpM3h,
    makeUpIntegral,
    totals: {
      madeUpM3: was.totals.madeUpM3 + makeUpM3h * hours,
      swollenM3: was.totals.swollenM3 + swellM3h * hours,
      leakedM3: was.totals.leakedM3 + leakedM3,
      relievedM3: was.totals.relievedM3 + reliefM3h * hours,
    },
  }
}

/** Leak flow through the old joints and every break, by the square root of the pressure there. */
function leakM3h(loop: LoopState): number {
  const joints = backgroundLossM3h * Math.sqrt(Math.max(loop.returnKpa, 0) / 250)
  const local = Math.max(loop.returnKpa + loop.dpKpa / 2, 0)
  return loop.breaks.reduce((sum, { m3h }) => sum + m3h * Math.sqrt(local / nominalKpa), joints)
}

/** Supply and return pressure at the entrance of building `index`. Both converge along the main, and dip
 *  around a break: deepest next to it, fading with the distance. */
export function entrancePressures(
  design: LoopDesign,
  loop: LoopState,
  index: number,
): { supplyKpa: number; returnKpa: number } {
  const along = (index + 0.5) / design.branches.length
  const fall = (design.mainLossKpa / 2) * (loop.flowM3h / design.designFlowM3h) ** 2 * along
  const dip = loop.breaks.reduce((sum, { building, m3h }) => {
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

/** Where the pump's curve meets the resistance of the main and of all buildings side by side. */
function circulation(design: LoopDesign): Pick<LoopState, 'flowM3h' | 'dpKpa' | 'branchFlowM3h'> {
  const conductance = design.branches.reduce((sum, branch) => sum + 1 / Math.sqrt(branch), 0)
  const inner = pumpInnerLossKpa / design.designFlowM3h ** 2
  const main = design.mainLossKpa / design.designFlowM3h ** 2
  const flowM3h = Math.sqrt(pumpHeadKpa / (inner + main + 1 / conductance ** 2))
  return {
    flowM3h,
    dpKpa: pumpHeadKpa - inner * flowM3h ** 2,
    branchFlowM3h: design.branches.map((branch) => flowM3h / Math.sqrt(branch) / conductance),
  }
}

function clamp01(value: number): number {
  return Math.min(1, Math.max(0, value))
}
