import { z } from 'zod'
import type { Gap, SeenSequences } from './sequences.ts'

/** When to ask a device for what is missing: like asking a speaker to repeat a sentence.
 *
 *  Not at once, for the rest may still be on its way; again when nothing comes, with longer and longer pauses;
 *  and not for ever: what does not come after the last pause, or what the device says it no longer has, stays
 *  a gap that is known. Asked is by gap, and what is left of a gap after an incomplete answer is the same gap. */

/** A message behind a gap waits so long for it (and a scheduled upload as long as the device declared). */
export const gapWaitMs = 30_000
/** Pauses after each time a device was asked; after the last one the gap is given up. */
export const askAgainAfterMs: readonly number[] = [
  60_000,
  5 * 60_000,
  30 * 60_000,
  2 * 3_600_000,
  12 * 3_600_000,
]
/** Gaps of one device that are looked after at a time, the oldest first. */
export const asksPerDevice = 32
/** The latest gaps of one device, the ones given up among them: an older one has had its turn. */
const gapsKept = 128

const at = z.number()
export const replayAsk = z.object({
  boot: z.number(),
  from: z.number(),
  to: z.number(),
  asked: z.number(),
  /** When it is to be asked for (again); null = given up. */
  nextMs: at.nullable(),
  /** Of the latest command: when, server time, and its id. */
  askedMs: at.optional(),
  id: z.string().optional(),
})
export type ReplayAsk = z.infer<typeof replayAsk>

/** The asks for the gaps there are. One that shrank or split keeps what was tried; without `look` no new ones
 *  are begun. */
export function reconcile(
  asks: readonly ReplayAsk[],
  seen: SeenSequences,
  look?: { nowMs: number; deliveryMs: number },
): ReplayAsk[] {
  if (asks.length === 0 && (!look || seen.missing === 0)) return []
  let free = asksPerDevice - asks.filter(({ nextMs }) => nextMs !== null).length
  return seen.latestGaps(gapsKept).flatMap((gap) => {
    const known = asks.find((ask) => touches(ask, gap))
    if (known) return [{ ...known, ...gap }]
    if (!look || free-- <= 0) return []
    return [{ ...gap, asked: 0, nextMs: look.nowMs + look.deliveryMs + gapWaitMs }]
  })
}

/** The gap to ask for at `nowMs`, if it is time for one: the one that waits the longest. */
export function dueAsk(asks: readonly ReplayAsk[], nowMs: number): ReplayAsk | undefined {
  let due: ReplayAsk | undefined
  for (const ask of asks) {
    if (ask.nextMs === null || ask.nextMs > nowMs) continue
    if (due === undefined || ask.nextMs < (due.nextMs ?? 0)) due = ask
  }
  return due
}

/** What follows at `nowMs` from its being due: the command's id and the next pause, or the end of patience. */
export function ask(due: ReplayAsk, nowMs: number): ReplayAsk {
  const pauseMs = askAgainAfterMs[due.asked]
  if (pauseMs === undefined) return giveUp(due)
  const asked = due.asked + 1
  const id = `replay-${due.boot}-${due.from}-${due.to}-${asked}`
  return { ...due, asked, nextMs: nowMs + pauseMs, askedMs: nowMs, id }
}

export function giveUp(ask: ReplayAsk): ReplayAsk {
  return { ...ask, nextMs: null }
}

function touches(ask: Gap, gap: Gap): boolean {
  return ask.boot === gap.boot && ask.from <= gap.to && gap.from <= ask.to
}
