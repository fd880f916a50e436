import { z } from 'zod'
import type { Quality } from '../../firmware-contracts/message.ts'
import type { SiteParameters } from './parameters.ts'
import type { Place } from './places.ts'
import { sensorsOf, type SensorFacts } from './rules/sensor-table.ts'
import { numberIn, type Values } from './sample.ts'

/** Can a sensor be believed? Each is compared with physics and with its sister, sample by sample, before any rule of
 *  the plant hears of it: one wild sample is nobody's burst. Three in a row are a fault of the sensor (D04), and so is
 *  a value that stands still while its sister moves (D03); while one of them stands, the rules hear nothing of it. */

const window = z.object({
  /** Within one step of the sensor since `sinceMs`, sampling time. */
  low: z.number(),
  high: z.number(),
  sinceMs: z.number(),
  samples: z.int(),
  /** Where its reference was meanwhile. */
  sisterLow: z.number(),
  sisterHigh: z.number(),
  aboveLow: z.number(),
  aboveHigh: z.number(),
})

const sensor = z.object({
  /** The latest value that was believed. */
  believed: z.number(),
  /** The latest value, where it jumped and was not confirmed yet. */
  suspect: z.number().exactOptional(),
  /** In a row: no value although there should be one, the end of the range, jumps up and down in turn. */
  missing: z.int(),
  railed: z.int(),
  jumps: z.int(),
  /** The latest jump was upwards. */
  up: z.boolean(),
  standing: window.exactOptional(),
})
export type Sensor = z.infer<typeof sensor>

/** By wire name; of a sensor that has not spoken nothing is kept. */
export const sensorSenses = { sensors: z.record(z.string(), sensor).exactOptional() }
const shape = z.object(sensorSenses)
type SensorSenses = z.infer<typeof shape>

interface Sampled {
  values: Values
  quality: Readonly<Record<string, Quality>>
  atMs: number
  /** What the station above has just measured. */
  above: SensorSenses['sensors']
}

const nobody: readonly string[] = []
const wellBehaved = { doubted: nobody, odd: false }

/** Takes in a sample, and answers whom of it not to believe; and whether a sensor is odd: has nothing, or something
 *  impossible, or has stood still for so many samples that it may be stuck. */
export function feelSensors(
  of: SensorSenses,
  place: Place,
  sampled: Sampled,
): { doubted: readonly string[]; odd: boolean } {
  let doubted: string[] | undefined
  const facts = sensorsOf(place)
  if (facts.length === 0) return wellBehaved
  const sensors = (of.sensors ??= {})
  let odd = false
  for (const each of facts) {
    if (!feel(sensors, each, sampled)) (doubted ??= []).push(each.signal)
    odd ||= isOdd(sensors[each.signal], place.limits)
  }
  const askew = oddPressures(sampled, place)
  if (askew !== undefined) (doubted ??= []).push(...askew)
  return doubted || odd ? { doubted: doubted ?? nobody, odd } : wellBehaved
}

function isOdd(known: Sensor | undefined, { D03 }: SiteParameters): boolean {
  if (!known) return false
  return timesImpossible(known) > 0 || (known.standing?.samples ?? 0) >= D03.samples
}

/** False when its value is not to be believed now. */
function feel(
  sensors: NonNullable<SensorSenses['sensors']>,
  facts: SensorFacts,
  { values, quality, atMs, above }: Sampled,
): boolean {
  const { signal, sister, rail, lowRail } = facts
  const value = numberIn(values, signal)
  const was = sensors[signal]
  const isBroken = quality[signal] === 'F' || (quality[signal] !== undefined && value === undefined)
  if (value === undefined || isBroken) {
    const isMissing = isBroken || (was !== undefined && sister !== undefined && sister in values)
    if (!isMissing) return true
    const known = (sensors[signal] ??= fresh(value ?? 0))
    known.missing++
    return false
  }
  const isRailed = (rail !== undefined && value >= rail) || (lowRail !== undefined && value <= lowRail)
  if (!was && !isRailed && !isFollowed(facts)) return true
  const known = was ?? (sensors[signal] = fresh(value))
  known.missing = 0
  known.railed = isRailed ? known.railed + 1 : 0
  if (facts.movesBy !== undefined)
    stand(known, facts, {
      value,
      atMs,
      sister: numberIn(values, sister ?? ''),
      above: above?.[signal]?.believed,
    })
  const believed = jump(known, facts, value)
  return believed && !isRailed
}

/** Of the others, eight times ten thousand of them in flats, nothing is kept while they are well. */
function isFollowed({ sister, movesBy, jump: limit }: SensorFacts): boolean {
  return sister !== undefined || movesBy !== undefined || limit !== undefined
}

function fresh(value: number): Sensor {
  return { believed: value, missing: 0, railed: 0, jumps: 0, up: false }
}

/** False while a jump is not confirmed. */
function jump(known: Sensor, facts: SensorFacts, value: number): boolean {
  const limit = facts.jump ?? Infinity
  const by = value - (known.suspect ?? known.believed)
  if (Math.abs(by) > limit) {
    const up = by > 0
    known.jumps = known.jumps > 0 && up === known.up ? 1 : known.jumps + 1
    known.up = up
  } else known.jumps = 0
  const isBelieved = !facts.confirmed || Math.abs(value - known.believed) <= limit || Math.abs(by) <= limit
  if (!isBelieved) {
    known.suspect = value
    return false
  }
  if (known.suspect !== undefined) delete known.suspect
  known.believed = value
  return true
}

interface Seen {
  value: number
  atMs: number
  sister: number | undefined
  above: number | undefined
}

/** Widens the window in which the value stands still, or begins it anew. */
function stand(
  known: Sensor,
  { resolution = 1, restsUpTo = -Infinity, byStation }: SensorFacts,
  seen: Seen,
): void {
  const { value, atMs, sister, above } = seen
  const at = (known.standing ??= emptyWindow())
  const low = Math.min(at.low, value)
  const high = Math.max(at.high, value)
  const moves = at.samples === 0 || high - low > resolution || value <= restsUpTo
  if (moves) Object.assign(at, { low: value, high: value, sinceMs: atMs, samples: 0, ...unmoved })
  else Object.assign(at, { low, high })
  at.samples++
  if (sister !== undefined) {
    const first = at.sisterLow > at.sisterHigh
    at.sisterLow = first ? sister : Math.min(at.sisterLow, sister)
    at.sisterHigh = first ? sister : Math.max(at.sisterHigh, sister)
  }
  if (above === undefined || !byStation) return
  const first = at.aboveLow > at.aboveHigh
  at.aboveLow = first ? above : Math.min(at.aboveLow, above)
  at.aboveHigh = first ? above : Math.max(at.aboveHigh, above)
}

/** A range that nothing has been seen in. */
const unmoved = { sisterLow: 1, sisterHigh: 0, aboveLow: 1, aboveHigh: 0 }

function emptyWindow(): z.infer<typeof window> {
  return { low: 0, high: 0, sinceMs: 0, samples: 0, ...unmoved }
}

/** D03: it stands still, and its reference does not. */
export function isStuck(
  { standing }: Sensor,
  facts: SensorFacts,
  atMs: number,
  { D03 }: SiteParameters,
): boolean {
  if (!standing || facts.movesBy === undefined || standing.samples < D03.samples) return false
  if (atMs - standing.sinceMs < D03.stuckMs * (facts.patience ?? 1)) return false
  const { sisterLow, sisterHigh, aboveLow, aboveHigh } = standing
  return Math.max(sisterHigh - sisterLow, aboveHigh - aboveLow) >= facts.movesBy
}

/** D04: in a row nothing, the end of the range, or up and down faster than physics. */
export function timesImpossible({ missing, railed, jumps }: Sensor): number {
  return Math.max(missing, railed, jumps)
}

/** Supply minus return is the differential pressure, by three gauges: where they disagree one is wrong, whatever may
 *  have burst. Which one, the station above or the gauge before the pump tells; where nothing tells, all of them may be. */
function oddPressures({ values, above }: Sampled, { kind, limits }: Place): readonly string[] | undefined {
  const supply = numberIn(values, 'p_sup_kpa')
  const back = numberIn(values, 'p_ret_kpa')
  const difference = numberIn(values, 'dp_kpa')
  if (supply === undefined || back === undefined || difference === undefined) return undefined
  const tooMuch = supply - back - difference
  const { disagreeKpa } = limits.D04
  // A gauge shows no vacuum: in an empty loop the return is less than its zero.
  if (Math.abs(tooMuch) <= disagreeKpa || (back === 0 && tooMuch < 0)) return undefined
  if (kind === 'heat-station') {
    const suction = numberIn(values, 'p_suct_kpa')
    if (suction === undefined) return ['p_sup_kpa', 'p_ret_kpa']
    return back < suction - disagreeKpa || back > suction + strainerKpa
      ? ['p_ret_kpa']
      : ['p_sup_kpa', 'dp_kpa']
  }
  const supplyOff = Math.abs(supply - (above?.['p_sup_kpa']?.believed ?? NaN))
  const backOff = Math.abs(back - (above?.['p_ret_kpa']?.believed ?? NaN))
  if (Number.isNaN(supplyOff + backOff)) return ['p_sup_kpa', 'p_ret_kpa']
  if (Math.max(supplyOff, backOff) <= disagreeKpa) return ['dp_kpa']
  return backOff > supplyOff ? ['p_ret_kpa'] : ['p_sup_kpa']
}

/** More is never lost before the pump, however dirty its strainer. */
const strainerKpa = 150
