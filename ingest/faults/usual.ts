import { z } from 'zod'

/** What a signal usually is: the median of a week. A week, so that no single day counts for much; the median, so
 *  that a fault of some days is not learnt as usual.
 *
 *  Each three hours leave one number, their mean; so a signal costs at most 56 numbers whatever its sampling rate.
 *  A plant that was installed this morning has to be watched too: half an hour is enough for a first opinion. */
const slotMs = 3 * 60 * 60_000
const slotsKept = 56
const firstOpinionMs = 30 * 60_000
/** Fewer samples than this are no opinion, however long they took. */
const samplesNeeded = 3

export const usual = z.object({
  /** Means of the slots that are over, oldest first. */
  kept: z.array(z.number()).max(slotsKept),
  /** The running slot: which one, when its first sample was, how many, and their sum. */
  slot: z.int(),
  sinceMs: z.number(),
  count: z.int().min(0),
  sum: z.number(),
  /** The median; null = not known yet. */
  level: z.number().nullable(),
})
export type Usual = z.infer<typeof usual>

export function nothingUsual(): Usual {
  return { kept: [], slot: -1, sinceMs: 0, count: 0, sum: 0, level: null }
}

/** Takes in a value of which nobody suspects that it is part of a fault. */
export function learnUsual(of: Usual, value: number, atMs: number): void {
  const slot = Math.floor(atMs / slotMs)
  if (slot !== of.slot) {
    if (of.count >= samplesNeeded) keep(of)
    of.slot = slot
    of.sinceMs = atMs
    of.count = 0
    of.sum = 0
  }
  of.count++
  of.sum += value
  if (of.level === null && of.count >= samplesNeeded && atMs - of.sinceMs >= firstOpinionMs)
    of.level = of.sum / of.count
}

function keep(of: Usual): void {
  of.kept.push(Math.round(of.sum / of.count))
  if (of.kept.length > slotsKept) of.kept.shift()
  const ascending = of.kept.toSorted((a, b) => a - b)
  of.level = ascending[Math.floor((ascending.length - 1) / 2)] ?? null
}
