import { z } from 'zod'
import { emptyFall, fallWindow, follow } from '../fall-window.ts'
import type { SiteParameters } from '../parameters.ts'
import type { Place } from '../places.ts'
import { average, noMean, notYet, recentMean, smooth, smoothed } from '../recent-mean.ts'
import { numberIn, type Values } from '../sample.ts'
import { learnUsual, nothingUsual, usual } from '../usual.ts'
import { supplyCurveC } from './heating-curve.ts'
import { fairFlowLph } from './heating-flow.ts'
import type { Seen } from './rule.ts'

/** What is remembered of a heat station, of an entrance, or of a room. Only what nobody suspects is learnt as usual:
 *  a fault that lasts for a week must not become the measure of itself. */

/** What the station said last, and what it usually says. Null = never said. */
const station = z.object({
  /** When it last said how its water moves, sample time. */
  toldMs: z.number(),
  flowLph: z.number().nullable(),
  returnKpa: z.number().nullable(),
  supplyC10: z.number().nullable(),
  returnC10: z.number().nullable(),
  outdoorC10: z.number().nullable(),
  outdoorMs: z.number(),
  /** Since when its pump has been running, sample time; 0 = longer than we know, null = it stands. */
  pumpSinceMs: z.number().nullable(),
  /** Pressure difference, kPa, and circulation, L/h, while the pump runs. */
  head: usual,
  circulation: usual,
  /** Make-up, L/h: of the last hour, and usually. */
  makeUp: recentMean,
  usualMakeUp: usual,
  /** Pressure lost in the strainer, kPa. */
  strainerKpa: smoothed,
  /** Of the lift over room temperature that the curve asks for, how much the station really gives, ‰. */
  liftShare: usual,
})
export type StationSense = z.infer<typeof station>

/** A building's entrance: its flow, L/h, and how much of its fair part of the station's flow that is, ‰. */
const house = z.object({ flow: usual, part: usual })

export const heatingSenses = {
  /** Return pressure of a heat station or entrance. */
  returnFall: fallWindow.exactOptional(),
  station: station.exactOptional(),
  house: house.exactOptional(),
  /** When the device came back from a time without power, sample time; 0 = never. */
  poweredMs: z.number().exactOptional(),
}
const shape = z.object(heatingSenses)
type HeatingSenses = z.infer<typeof shape>

export function freshHeating({ kind }: Place): HeatingSenses {
  if (kind === 'heat-station') return { returnFall: emptyFall(), station: freshStation(), poweredMs: 0 }
  if (kind !== 'heat-entrance') return {}
  return { returnFall: emptyFall(), house: { flow: nothingUsual(), part: nothingUsual() }, poweredMs: 0 }
}

function freshStation(): StationSense {
  return {
    toldMs: 0,
    flowLph: null,
    returnKpa: null,
    supplyC10: null,
    returnC10: null,
    outdoorC10: null,
    outdoorMs: 0,
    pumpSinceMs: 0,
    head: nothingUsual(),
    circulation: nothingUsual(),
    makeUp: noMean(),
    usualMakeUp: nothingUsual(),
    strainerKpa: notYet(),
    liftShare: nothingUsual(),
  }
}

/** Takes in the sample of `atMs`, newer than all before it; `seen` still stands at the sample before. */
export function senseHeating(
  seen: Seen,
  values: Values,
  { atMs, boot }: { atMs: number; boot: number },
): void {
  const { returnFall, station, house } = seen.senses
  const wasDark = seen.t >= 0 && boot > seen.boot && atMs - seen.t >= darkMs
  if (wasDark && seen.senses.poweredMs !== undefined) seen.senses.poweredMs = atMs
  const kpa = numberIn(values, 'p_ret_kpa')
  if (returnFall && kpa !== undefined) follow(returnFall, atMs, kpa)
  if (station) {
    if (wasDark && station.pumpSinceMs !== null) station.pumpSinceMs = atMs
    senseStation(station, values, { atMs, limits: seen.place.limits })
  }
  if (house) senseHouse(house, values, { atMs, seen })
}

/** Who was away for so long and then boots had no power, and neither had what hangs on the same fuse. A board that
 *  starts again by itself is away for seconds; one whose line was dead does not boot. */
const darkMs = 3 * 60_000

interface StationMoment {
  atMs: number
  limits: SiteParameters
}

function senseStation(of: StationSense, values: Values, { atMs, limits }: StationMoment): void {
  const run = numberIn(values, 'pump_run')
  if (run === 0) of.pumpSinceMs = null
  else if (run !== undefined) of.pumpSinceMs ??= atMs
  const returnKpa = numberIn(values, 'p_ret_kpa')
  const flowLph = numberIn(values, 'flow_lph')
  const supplyC10 = numberIn(values, 't_sup_c10')
  if (returnKpa === undefined && flowLph === undefined && supplyC10 === undefined) return
  of.toldMs = atMs
  of.returnKpa = returnKpa ?? null
  of.flowLph = flowLph ?? null
  of.supplyC10 = supplyC10 ?? null
  of.returnC10 = numberIn(values, 't_ret_c10') ?? null
  const outdoorC10 = numberIn(values, 't_out_c10')
  if (outdoorC10 !== undefined) {
    of.outdoorC10 = outdoorC10
    of.outdoorMs = atMs
  }
  learnMakeUp(of, numberIn(values, 'mu_lph'), atMs)
  if (of.pumpSinceMs === null) return
  learnCirculation(of, values, { atMs, limits })
  learnLift(of, { atMs, limits })
}

const strainerTauMs = 2 * 60_000

function learnCirculation(of: StationSense, values: Values, { atMs, limits }: StationMoment): void {
  const suctionKpa = numberIn(values, 'p_suct_kpa')
  if (suctionKpa !== undefined && of.returnKpa !== null)
    smooth(of.strainerKpa, of.returnKpa - suctionKpa, { atMs, tauMs: strainerTauMs })
  const headKpa = numberIn(values, 'dp_kpa')
  const { H05 } = limits
  if (headKpa === undefined || headKpa < (of.head.level ?? H05.unknownHeadKpa) * H05.clearShare) return
  learnUsual(of.head, headKpa, atMs)
  if (of.flowLph !== null) learnUsual(of.circulation, of.flowLph, atMs)
}

/** Twice as much as usual is not learnt. */
const odd = 2

function learnMakeUp(of: StationSense, lph: number | undefined, atMs: number): void {
  if (lph === undefined) return
  average(of.makeUp, lph, atMs)
  if (of.usualMakeUp.level === null || lph < odd * of.usualMakeUp.level) learnUsual(of.usualMakeUp, lph, atMs)
}

/** Below this lift a kelvin of noise would be learnt as a tenth of it. */
const leastLiftK = 15

/** Old houses are warm with less than the design asks for, because their radiators are larger than needed; each
 *  station in its own way (domain.md A2). */
function learnLift(of: StationSense, { atMs, limits: { H07 } }: StationMoment): void {
  const steadyFromMs = (of.pumpSinceMs ?? atMs) + H07.afterPumpStartMs
  if (of.supplyC10 === null || of.outdoorC10 === null || atMs < steadyFromMs) return
  const { roomC } = H07.curve
  const askedK = supplyCurveC(of.outdoorC10 / 10, H07) - roomC
  if (askedK < leastLiftK) return
  const share = (of.supplyC10 / 10 - roomC) / askedK
  const expected = (of.liftShare.level ?? 1000) / 1000
  const isOrdinary =
    of.liftShare.level === null
      ? share >= H07.liftShareMin && share <= H07.liftShareMax
      : Math.abs(share - expected) * askedK < H07.offK
  if (isOrdinary) learnUsual(of.liftShare, 1000 * share, atMs)
}

/** A house with less than half of its flow is not learnt from. */
const leastPart = 0.5

function senseHouse(
  of: NonNullable<HeatingSenses['house']>,
  values: Values,
  now: { atMs: number; seen: Seen },
) {
  const lph = numberIn(values, 'flow_lph')
  if (lph === undefined) return
  const fairLph = fairFlowLph(now.seen, now.atMs)
  const ordinaryLph = of.flow.level ?? fairLph
  if (ordinaryLph !== undefined && lph >= leastPart * ordinaryLph) learnUsual(of.flow, lph, now.atMs)
  if (fairLph !== undefined && lph >= leastPart * fairLph)
    learnUsual(of.part, (1000 * lph) / fairLph, now.atMs)
}
