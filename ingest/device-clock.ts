import { z } from 'zod'
import type { DeviceClock } from '../estate/live.ts'
import type { Reading } from '../firmware-contracts/message.ts'
import { clockSources } from '../firmware-contracts/words.ts'
import { credibleTime } from './credible-time.ts'

/** How far a device's clock is off ours (D05): the median over its last five live messages of sampling time minus
 *  receive time, so that one message that was held up says nothing. Scheduled uploads and back-fill are late by
 *  nature, and are not looked at. A clock is shown as it is, never corrected: only a time that cannot be true is
 *  replaced by ours (credible-time.ts). */
const watched = 5
/** Off by more than this is worth telling. */
const toleranceMs = 60_000

export const clockWatch = z.object({
  source: z.enum(clockSources),
  /** Device minus server, ms, the latest last. */
  offsets: z.array(z.number()),
  /** The latest time could not be true, and ours stood in for it. */
  stamped: z.boolean(),
})
export type ClockWatch = z.infer<typeof clockWatch>

/** Looks at one live message. Changes what it is given: it is called for every message. */
export function watchClock(was: ClockWatch | undefined, reading: Reading, receivedMs: number): ClockWatch {
  const next = was ?? { source: reading.clock, offsets: [], stamped: false }
  next.source = reading.clock
  next.stamped = credibleTime(reading, receivedMs).stamped
  next.offsets.push(reading.t - receivedMs)
  if (next.offsets.length > watched) next.offsets.shift()
  return next
}

/** The median, ms; 0 before the first message. */
export function clockOffsetMs({ offsets }: ClockWatch): number {
  return offsets.toSorted((a, b) => a - b)[Math.floor(offsets.length / 2)] ?? 0
}

export function shownClock(watched: ClockWatch): DeviceClock {
  const { source, stamped } = watched
  const offsetMs = clockOffsetMs(watched)
  const off = stamped || Math.abs(offsetMs) > toleranceMs
  return { source, offsetMs, state: source === 'u' ? 'unset' : off ? 'off' : 'right' }
}
