import { offsetsOf } from '../../platform/time-zone.ts'

/** How a stretch of time is cut into buckets. Both stores can do one thing, cut a window into slots of equal
 *  width; so a chart is one window, and local days are a few: in most zones a year is one window of 24 h
 *  slots, and where clocks change, the days of 23 and 25 hours are windows of their own. */
export interface Window {
  /** Epoch ms, inclusive; where the first slot begins. */
  fromMs: number
  /** Epoch ms, exclusive. */
  toMs: number
  slotMs: number
}

interface Stretch {
  fromMs: number
  toMs: number
}

export const pointsLimit = 10_000
export const daysLimit = 4_000
const dayMs = 86_400_000
/** What both engines and their clients can still express exactly. */
const latestMs = Date.UTC(2200, 0, 1)

/** At most `points` slots (1 … 10,000), of whole milliseconds. */
export function decimated({ fromMs, toMs, points }: Stretch & { points: number }): Window {
  inBounds({ fromMs, toMs })
  if (!Number.isInteger(points) || points < 1 || points > pointsLimit)
    throw new RangeError(`points: expected 1 to ${pointsLimit}, got ${points}`)
  return { fromMs, toMs, slotMs: Math.ceil((toMs - fromMs) / points) }
}

/** The whole local days that the stretch touches, as windows whose slots are the days. */
export function localDays(stretch: Stretch, timeZone: string): Window[] {
  inBounds(stretch)
  if (stretch.toMs - stretch.fromMs > daysLimit * dayMs)
    throw new RangeError(`days: expected at most ${daysLimit} days`)
  const windows: Window[] = []
  const midnights = midnightsAround(stretch, timeZone)
  for (const [index, toMs] of midnights.entries()) {
    const fromMs = midnights[index - 1]
    if (fromMs === undefined) continue
    const before = windows.at(-1)
    if (before?.slotMs === toMs - fromMs) before.toMs = toMs
    else windows.push({ fromMs, toMs, slotMs: toMs - fromMs })
  }
  return windows
}

function inBounds({ fromMs, toMs }: Stretch): void {
  const whole = Number.isInteger(fromMs) && Number.isInteger(toMs)
  if (!whole || fromMs < 0 || fromMs >= toMs || toMs > latestMs)
    throw new RangeError(`expected epoch milliseconds with from < to, got from ${fromMs} to ${toMs}`)
}

/** First instants of the local days, from the one that holds `fromMs` to the first at or after `toMs`.
 *  A calendar date is written as the UTC midnight of the same date. */
function midnightsAround({ fromMs, toMs }: Stretch, timeZone: string): number[] {
  const offsetMs = offsetsOf(timeZone)
  const midnights: number[] = []
  for (let date = dateOf(fromMs + offsetMs(fromMs)); ; date += dayMs) {
    const midnight = firstInstant(date, offsetMs)
    if (midnight === undefined) continue
    midnights.push(midnight)
    if (midnight >= toMs) return midnights
  }
}

/** Clocks may change within the day before or after, so the offset is one of two. Where midnight happens
 *  twice the day begins with the first; where it is jumped over, with the instant after; a date that a zone
 *  left out (Samoa had no 30 December 2011) has no first instant. */
function firstInstant(date: number, offsetMs: (t: number) => number): number | undefined {
  const candidates = [date - offsetMs(date - dayMs), date - offsetMs(date + dayMs)]
  return candidates.sort((a, b) => a - b).find((t) => dateOf(t + offsetMs(t)) === date)
}

function dateOf(localMs: number): number {
  return Math.floor(localMs / dayMs) * dayMs
}
