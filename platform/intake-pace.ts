/** How fast messages may go into the intake log, and so how fast devices get their PUBACKs.
 *
 *  A broker that takes more than history can store only makes a queue: nothing comes out faster, and every
 *  reading is older when it does. So while history moves but falls behind, the log takes what history can deal
 *  with, and the devices, which keep what is not acknowledged, are slowed down instead. While history stands
 *  still (InfluxDB is down), there is no pace to keep: the log is there for exactly that, and takes everything,
 *  up to its soft limit.
 *
 *  Above the soft limit batches are written ever more rarely, and at the hard limit none is: a device gets its
 *  PUBACK late, then not at all, and keeps its data. */

/** Share of the size limit above which PUBACKs are held back. */
export const softShare = 0.75
/** A full log takes messages again below this share. */
const againShare = 0.95
const shortestHoldMs = 100
const longestHoldMs = 5_000

export type Fill = 'roomy' | 'holding' | 'full'

/** A log becomes full where a message does not fit; this says how it goes on from there. */
export function fillOf(was: Fill, bytes: number, maxBytes: number): Fill {
  if (was === 'full' && bytes > againShare * maxBytes) return 'full'
  return bytes > softShare * maxBytes ? 'holding' : 'roomy'
}

/** How long to wait after each batch, ms: nothing up to the soft limit, 5 s at the hard limit. */
export function holdMs(bytes: number, maxBytes: number): number {
  const over = (bytes / maxBytes - softShare) / (1 - softShare)
  return over <= 0 ? 0 : shortestHoldMs + Math.min(over, 1) * (longestHoldMs - shortestHoldMs)
}

/** How a consumer gets on with the log. */
export interface Progress {
  position: number
  movedMs: number
  /** The fastest it has been lately. */
  perS: number
  sample: { position: number; atMs: number }
}

/** Speed is taken over at least so long: reports come in jerks. */
const sampleMs = 250
/** What is left of an old speed with each sample that is slower. */
const remembered = 0.95

/** After a report of the position up to which the consumer has dealt with everything. */
export function progressed(was: Progress | undefined, position: number, atMs: number): Progress {
  if (!was) return { position, movedMs: atMs, perS: 0, sample: { position, atMs } }
  if (position <= was.position) return was
  const now = { ...was, position, movedMs: atMs }
  const { sample } = was
  const elapsedMs = atMs - sample.atMs
  if (elapsedMs < sampleMs) return now
  const perS = ((position - sample.position) / elapsedMs) * 1_000
  return { ...now, perS: Math.max(perS, was.perS * remembered), sample: { position, atMs } }
}

/** A consumer that has not moved for so long stands still. */
const standstillMs = 2_000
/** What may wait for a consumer: what it deals with in this time, */
const backlogS = 0.2
/** but so many messages in any case: it takes them in batches. */
const backlogLeast = 5_000
const slowestPerS = 1_000

/** Messages per second that the log may take; infinite while nobody has to be waited for. With a little too much
 *  waiting the log takes a little more than the consumer does, with twice as much less: so the backlog shrinks
 *  after a standstill, and no device ever waits for all of it. */
export function pacePerS(
  progress: Progress | undefined,
  { end, nowMs }: { end: number; nowMs: number },
): number {
  if (!progress || nowMs - progress.movedMs > standstillMs) return Number.POSITIVE_INFINITY
  const allowed = Math.max(backlogLeast, progress.perS * backlogS)
  const over = (end - progress.position) / allowed - 1
  if (over <= 0) return Number.POSITIVE_INFINITY
  return Math.max(progress.perS, slowestPerS) * (1.2 - 0.4 * Math.min(over, 1))
}
