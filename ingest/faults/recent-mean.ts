import { z } from 'zod'

/** The mean of the last hour, in twelve slots of five minutes: each counts alike, however many samples it has, so
 *  that a burst of messages after a bad line does not weigh more than the quiet before it. */
const slotMs = 5 * 60_000
const slots = 12
/** With fewer of them an hour is not known. */
const slotsNeeded = 9

export const recentMean = z.object({
  /** Start of each slot, ascending, with the number of its samples and their sum. */
  starts: z.array(z.number()),
  counts: z.array(z.int().min(1)),
  sums: z.array(z.number()),
})
export type RecentMean = z.infer<typeof recentMean>

export function noMean(): RecentMean {
  return { starts: [], counts: [], sums: [] }
}

/** Takes in the sample of `atMs`, later than all before it. */
export function average({ starts, counts, sums }: RecentMean, value: number, atMs: number): void {
  const start = Math.floor(atMs / slotMs) * slotMs
  const newest = starts.length - 1
  if (starts[newest] === start) {
    counts[newest] = (counts[newest] ?? 0) + 1
    sums[newest] = (sums[newest] ?? 0) + value
    return
  }
  starts.push(start)
  counts.push(1)
  sums.push(value)
  while ((starts[0] ?? start) <= start - slots * slotMs) {
    starts.shift()
    counts.shift()
    sums.shift()
  }
}

/** Mean of the hour that ends with the latest sample; undefined while too little of it is known. */
export function hourMean({ starts, counts, sums }: RecentMean): number | undefined {
  if (starts.length < slotsNeeded) return undefined
  let total = 0
  for (let slot = 0; slot < starts.length; slot++) total += (sums[slot] ?? 0) / (counts[slot] ?? 1)
  return total / starts.length
}

/** A value without its noise: what lies further back than `tauMs` hardly counts any more. */
export const smoothed = z.object({ value: z.number().nullable(), atMs: z.number() })
export type Smoothed = z.infer<typeof smoothed>

export function notYet(): Smoothed {
  return { value: null, atMs: 0 }
}

/** Takes in the sample of `atMs`. After a gap that is long against `tauMs` it nearly starts anew. */
export function smooth(of: Smoothed, value: number, { atMs, tauMs }: { atMs: number; tauMs: number }): void {
  const aheadMs = atMs - of.atMs
  of.value = of.value === null ? value : of.value + ((value - of.value) * aheadMs) / (tauMs + aheadMs)
  of.atMs = atMs
}
