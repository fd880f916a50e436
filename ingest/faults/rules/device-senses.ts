import { z } from 'zod'
import type { Place } from '../places.ts'
import { numberIn, type Values } from '../sample.ts'

/** What is remembered of a device's battery (D08): how often in a row it was low, and its voltage every few days,
 *  from which a slope follows that one cold week does not bend. */
const everyMs = 4 * 24 * 60 * 60_000
/** Points of a slope: a month. */
const pointsKept = 8
const dayMs = 24 * 60 * 60_000

const battery = z.object({
  latestMv: z.number(),
  /** Reports in a row that were low. */
  lows: z.int().min(0),
  /** Sampling time and voltage, the oldest first. */
  points: z.array(z.tuple([z.number(), z.number()])),
})
export const deviceSenses = { battery: battery.exactOptional() }
const shape = z.object(deviceSenses)
type DeviceSenses = z.infer<typeof shape>

export function senseDevice(of: DeviceSenses, place: Place, values: Values, atMs: number): void {
  const mv = numberIn(values, 'vbat_mv')
  if (mv === undefined) return
  const known = (of.battery ??= { latestMv: mv, lows: 0, points: [] })
  const left = numberIn(values, 'bat_pct')
  known.latestMv = mv
  const isLow = mv < lowMvOf(place) || (left !== undefined && left < place.limits.D08.lowPct)
  known.lows = isLow ? known.lows + 1 : 0
  const [latest] = known.points.at(-1) ?? [-Infinity]
  if (atMs - latest < everyMs) return
  known.points.push([atMs, mv])
  if (known.points.length > pointsKept) known.points.shift()
}

/** The median of the slopes between all pairs of points (Theil and Sen), mV a day; undefined while they do not reach
 *  back `overMs`. */
export function fallMvPerDay(
  { points }: NonNullable<DeviceSenses['battery']>,
  overMs: number,
): number | undefined {
  const reachMs = (points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0)
  if (points.length < 2 || reachMs < overMs) return undefined
  const slopes = points
    .flatMap(([t, mv], at) => points.slice(at + 1).map((later) => ((mv - later[1]) * dayMs) / (later[0] - t)))
    .sort((a, b) => a - b)
  return slopes[slopes.length >> 1]
}

/** Below this a cell of the kind is near its end, mV. */
export function lowMvOf({ kind, limits: { D08 } }: Place): number {
  if (kind === 'charger') return D08.clockCellLowMv
  return kind === 'room-sensor' ? D08.roomLowMv : D08.meterLowMv
}
