import { decimated, localDays, pointsLimit, type Window } from './windows.ts'
import type { RangeQuery } from './store.ts'

/** History is kept four times over, each coarser than the one before and kept longer: what came, and its minutes,
 *  hours and local days, each with minimum, maximum, sum, count and last. A chart is drawn from the coarsest
 *  that still gives the points it asks for, because a year of minutes is half a million rows and a year of hours
 *  nine thousand; and from no finer one than is still kept where it begins. */
export const resolutions = ['raw', 'minute', 'hour', 'day'] as const
export type Resolution = (typeof resolutions)[number]
export type Rollup = Exclude<Resolution, 'raw'>

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

/** How long each is kept, ms; days for ever. */
export interface Keep {
  rawMs: number
  minuteMs: number
  hourMs: number
}

export const forever: Keep = { rawMs: Infinity, minuteMs: Infinity, hourMs: Infinity }

export function keepOf(days: { raw: number; minute: number; hour: number }): Keep {
  return { rawMs: days.raw * dayMs, minuteMs: days.minute * dayMs, hourMs: days.hour * dayMs }
}

export interface Plan {
  resolution: Resolution
  window: Window
}

/** From rollups the buckets are whole minutes, hours or days: the first begins at or before `fromMs`, the last ends
 *  at or after `toMs`. From raw the first begins at `fromMs`. */
export function planned(
  query: Pick<RangeQuery, 'fromMs' | 'toMs' | 'points'>,
  { nowMs, keep, timeZone }: { nowMs: number; keep: Keep; timeZone: string },
): Plan {
  const asked = decimated(query)
  const ageMs = nowMs - query.fromMs
  if (ageMs > keep.hourMs) return { resolution: 'day', window: wholeDays(query, timeZone) }
  if (asked.slotMs >= hourMs || ageMs > keep.minuteMs)
    return { resolution: 'hour', window: widened(query, hourMs) }
  if (asked.slotMs >= minuteMs || ageMs > keep.rawMs)
    return { resolution: 'minute', window: widened(query, minuteMs) }
  return { resolution: 'raw', window: asked }
}

type Asked = Pick<RangeQuery, 'fromMs' | 'toMs' | 'points'>

function widened({ fromMs, toMs, points }: Asked, widthMs: number): Window {
  const from = Math.floor(fromMs / widthMs) * widthMs
  const to = Math.ceil(toMs / widthMs) * widthMs
  return { fromMs: from, toMs: to, slotMs: Math.ceil((to - from) / widthMs / points) * widthMs }
}

/** In a zone whose clocks change a day next to the change may count to the bucket before it. */
function wholeDays({ fromMs, toMs, points }: Asked, timeZone: string): Window {
  const [first] = localDays({ fromMs, toMs: fromMs + 1 }, timeZone)
  const from = first?.fromMs ?? fromMs
  const days = Math.ceil((toMs - from) / dayMs)
  return {
    fromMs: from,
    toMs: from + days * dayMs,
    slotMs: Math.ceil(days / Math.min(points, pointsLimit)) * dayMs,
  }
}
