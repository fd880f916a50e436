import { z } from 'zod'
import type { Reading } from '../../firmware-contracts/message.ts'

/** Does a device count as it should (D06)? A small look back, over the latest numbers of each, is enough to tell apart
 *
 *  - a *repetition*: the same number for the same sample. Now and then that is the network's doing, and right after a
 *    reconnect it is MQTT's (QoS 1 delivers again what was not acknowledged); only a firmware does it all day;
 *  - a *clone*: the same number for a sample of another instant, that is, two boards with one name;
 *  - a *regress*: later samples under earlier numbers, without a boot. A straggler is older, so it is none.
 *
 *  (device-memory.ts knows all numbers there ever were, for history; the watch has a bounded memory of its own.) */

/** Numbers that are looked back: of a busy charger the latest half minute, which is as late as a repetition comes. */
const lookBack = 32
/** Later samples under earlier numbers, one after the other, until it is believed. */
const strayLimit = 3
const turnOver = 2 ** 32

export const numbers = z.object({
  /** The latest life and number, and the sampling time under it, as the device says. */
  boot: z.number(),
  top: z.number(),
  topMs: z.number(),
  /** By number modulo `lookBack`: the low bits of the sampling time; -1 where none was heard. Empty for one that only
   *  uploads. */
  marks: z.array(z.number()),
  /** Earlier numbers with later samples: perhaps a new count. */
  stray: z.object({ boot: z.number(), seq: z.number(), t: z.number(), times: z.int() }).exactOptional(),
  /** When it last began to count anew without a boot, server time. */
  regressedMs: z.number().exactOptional(),
  /** Until then a repetition is MQTT's, server time. */
  reconnectingUntilMs: z.number(),
  /** What was counted since `sinceMs`: an hour, and a hundred messages at least. */
  sinceMs: z.number(),
  messages: z.int(),
  repeats: z.int(),
  clones: z.int(),
})
export type Numbers = z.infer<typeof numbers>

type Numbered = Pick<Reading, 'boot' | 'seq' | 't' | 'clock' | 'class'>

export function firstNumber({ boot, seq, t }: Numbered, receivedMs: number): Numbers {
  const counts = { sinceMs: receivedMs, messages: 0, repeats: 0, clones: 0 }
  return { boot, top: seq, topMs: t, marks: [], reconnectingUntilMs: 0, ...counts }
}

/** Looks at one number. Changes what it is given: it is called for every sample. */
export function heardNumber(of: Numbers, sample: Numbered, receivedMs: number): void {
  const { boot, seq, t } = sample
  const ahead = (seq - of.top) | 0
  if (boot > of.boot) begin(of, sample)
  else if (boot === of.boot && ahead > 0) advance(of, sample, ahead)
  else if (boot === of.boot && ahead > -lookBack && sample.class !== 'batch') compare(of, sample, receivedMs)
  else if (t > of.topMs && sample.clock !== 'u') stray(of, sample, receivedMs)
}

/** A new window, once the old one has lasted long enough and held enough. */
export function turnWindow(of: Numbers, nowMs: number, least: { windowMs: number; messages: number }): void {
  of.messages++
  if (nowMs - of.sinceMs < least.windowMs || of.messages <= least.messages) return
  Object.assign(of, { sinceMs: nowMs, messages: 1, repeats: 0, clones: 0 })
}

function begin(of: Numbers, { boot, seq, t, class: kind }: Numbered): void {
  of.boot = boot
  of.top = seq
  of.topMs = t
  of.marks.fill(-1)
  delete of.stray
  if (kind !== 'batch') mark(of, seq, t)
}

function advance(of: Numbers, { seq, t, class: kind }: Numbered, ahead: number): void {
  if (of.marks.length > 0)
    for (let skipped = Math.min(ahead, lookBack) - 1; skipped > 0; skipped--)
      of.marks[(seq - skipped + turnOver) % lookBack] = -1
  of.top = seq
  of.topMs = t
  if (of.stray) delete of.stray
  if (kind !== 'batch') mark(of, seq, t)
  else if (of.marks.length > 0) of.marks[seq % lookBack] = -1
}

function compare(of: Numbers, { seq, t }: Numbered, receivedMs: number): void {
  const was = of.marks[seq % lookBack] ?? -1
  if (was < 0) mark(of, seq, t)
  else if (was !== markOf(t)) of.clones++
  else if (receivedMs >= of.reconnectingUntilMs) of.repeats++
}

function mark(of: Numbers, seq: number, t: number): void {
  if (of.marks.length === 0) of.marks = Array.from({ length: lookBack }, () => -1)
  of.marks[seq % lookBack] = markOf(t)
}

function markOf(t: number): number {
  return t % 65_536
}

function stray(of: Numbers, sample: Numbered, receivedMs: number): void {
  const { boot, seq, t } = sample
  const was = of.stray
  const step = was ? (seq - was.seq) | 0 : 0
  const goesOn = was?.boot === boot && step > 0 && step < lookBack && t >= was.t
  const times = goesOn ? was.times + 1 : 1
  of.stray = { boot, seq, t, times }
  if (times < strayLimit) return
  of.regressedMs = receivedMs
  begin(of, sample)
}
