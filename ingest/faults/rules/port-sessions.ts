import { z } from 'zod'
import type { PortError, StopReason } from '../../../firmware-contracts/words.ts'
import type { Place } from '../places.ts'
import { numberIn, type Values } from '../sample.ts'

/** What a port's sessions tell of the port. Residents come and go, each session has a number, and any message of it may
 *  be lost: so whatever names the session is put together, from event, state and measurement alike, and each session
 *  is counted once.
 *
 *  Without power is a session that never drew a watt and ended for want of it. One that its resident ended, or pulled
 *  out early, says nothing of the port. Over time is one whose relay was closed for ten hours; a full battery that
 *  stays plugged is none. */

/** Of the past so many are remembered at most; no parameter asks for more. */
const remembered = 20

export const portSessions = z.object({
  /** The session in hand, or the latest; null before the first. */
  sid: z.number().nullable(),
  /** When it was first heard of, sample time. */
  sinceMs: z.number(),
  /** A watt has flowed. */
  fed: z.boolean(),
  /** How long it had lasted when its relay was last seen closed, s. */
  ranS: z.number(),
  /** What it has been counted as. */
  wasEmpty: z.boolean(),
  wasOverload: z.boolean(),
  wasOvertime: z.boolean(),
  /** Sessions in a row without power, and when the latest was counted, sample time. */
  empty: z.int().min(0),
  emptyMs: z.number().nullable(),
  /** When overloads and sessions over time happened, sample time, the latest last. */
  overloadsMs: z.array(z.number()),
  overtimesMs: z.array(z.number()),
})
export type PortSessions = z.infer<typeof portSessions>

export function noSessions(): PortSessions {
  return { ...begun(null, 0), empty: 0, emptyMs: null, overloadsMs: [], overtimesMs: [] }
}

type InHand = Omit<PortSessions, 'empty' | 'emptyMs' | 'overloadsMs' | 'overtimesMs'>

function begun(sid: number | null, sinceMs: number): InHand {
  return { sid, sinceMs, fed: false, ranS: 0, wasEmpty: false, wasOverload: false, wasOvertime: false }
}

/** Takes in a port's sample of `atMs`, whatever class it is. */
export function followSessions(of: PortSessions, { limits }: Place, values: Values, atMs: number): void {
  const sid = numberIn(values, 'sid')
  if (sid !== undefined && sid !== of.sid) Object.assign(of, begun(sid, atMs))
  if ((numberIn(values, 'p_w10') ?? 0) >= limits.C07.powerW10 || (numberIn(values, 'se_wh') ?? 0) > 0) {
    of.fed = true
    of.empty = 0
  }
  const lastedS = numberIn(values, 'sdur_s')
  if (lastedS !== undefined && values['relay_cmd'] === 1) of.ranS = lastedS
  countEmpty(of, limits.C07.sessionMs, values, atMs)
  if (!of.wasOverload && isOverload(values)) {
    of.wasOverload = true
    note(of.overloadsMs, atMs)
  }
  if (!of.wasOvertime && isOvertime(of, limits.C08.sessionMs, values)) {
    of.wasOvertime = true
    note(of.overtimesMs, atMs)
  }
}

/** How many of them lie in the last `withinMs`. */
export function countWithin(timesMs: readonly number[], atMs: number, withinMs: number): number {
  return timesMs.filter((each) => each > atMs - withinMs).length
}

function note(timesMs: number[], atMs: number): void {
  timesMs.push(atMs)
  if (timesMs.length > remembered) timesMs.shift()
}

/** Ends for which a port without power may be the reason. */
const starved: readonly StopReason[] = ['no_power', 'low_power', 'full', 'time_limit']

function countEmpty(of: PortSessions, sureMs: number, values: Values, atMs: number): void {
  if (of.fed || of.wasEmpty || of.sid === null) return
  const ended = starved.some((reason) => reason === values['stop_reason']) && atMs - of.sinceMs >= sureMs
  if (!ended && values['error'] !== ('no_output' satisfies PortError)) return
  of.wasEmpty = true
  of.empty++
  of.emptyMs = atMs
}

const overCurrent = 'over_current' satisfies PortError & StopReason
const loadShort = 'load_short' satisfies PortError

/** `overload` as a stop reason is the shed's: too much in all, and this session was the latest (C10). */
function isOverload({ error, stop_reason: reason }: Values): boolean {
  return error === overCurrent || error === loadShort || reason === overCurrent
}

/** Where the end itself was lost, the duration still says it, if the relay was closed shortly before. */
const endMissedS = 3_600

function isOvertime({ ranS }: PortSessions, limitMs: number, values: Values): boolean {
  const limitS = limitMs / 1_000
  if (ranS < limitS - endMissedS) return false
  const lastedS = numberIn(values, 'sdur_s') ?? 0
  return lastedS >= limitS || values['stop_reason'] === ('time_limit' satisfies StopReason)
}
