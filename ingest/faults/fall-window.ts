import { z } from 'zod'

/** How far a pressure has fallen lately: the highest level of each half minute of the last quarter of an hour.
 *
 *  A level counts once two samples in a row held it (the lower of the two is kept), so one wild sample
 *  upwards does not look like a fall afterwards. Bounded whatever the sampling rate. */
const slotMs = 30_000
/** How long levels are remembered; the depth of a fall is measured from the highest of them. */
export const fallMemoryMs = 15 * 60_000

export const fallWindow = z.object({
  last: z.number().nullable(),
  /** Start of each slot, ascending, and the highest held level in it. */
  starts: z.array(z.number()),
  levels: z.array(z.number()),
})
export type FallWindow = z.infer<typeof fallWindow>

export function emptyFall(): FallWindow {
  return { last: null, starts: [], levels: [] }
}

/** Takes in the sample of `atMs`, later than all before it. */
export function follow(window: FallWindow, atMs: number, kpa: number): void {
  const { starts, levels, last } = window
  window.last = kpa
  if (last === null) return
  const held = Math.min(last, kpa)
  const start = Math.floor(atMs / slotMs) * slotMs
  const newest = starts.length - 1
  if (starts[newest] === start) {
    levels[newest] = Math.max(levels[newest] ?? held, held)
    return
  }
  starts.push(start)
  levels.push(held)
  while ((starts[0] ?? start) <= start - fallMemoryMs) {
    starts.shift()
    levels.shift()
  }
}

/** kPa from the highest held level of the last `withinMs` down to the latest sample; 0 when it rose. */
export function fallWithin(window: FallWindow, atMs: number, withinMs: number): number {
  if (window.last === null) return 0
  return Math.max(0, highest(window, atMs - withinMs) - window.last)
}

/** The highest held level of the slots that start at or after `sinceMs`; without any, the latest sample. */
export function highest(window: FallWindow, sinceMs: number): number {
  let most = window.last ?? 0
  for (let slot = window.starts.length - 1; slot >= 0; slot--) {
    if ((window.starts[slot] ?? 0) < sinceMs) break
    most = Math.max(most, window.levels[slot] ?? 0)
  }
  return most
}

/** The highest held level of all that is remembered; 0 without any. */
export function highestHeld({ levels }: FallWindow): number {
  return Math.max(...levels, 0)
}
