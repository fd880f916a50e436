import { assertNever } from '../../platform/assert-never.ts'
import { isCovered, type Alarm, type Bare, type Watched } from './alarm-state.ts'

/** The life of one alarm: one condition of one rule at one place (ISA-18.2 states as words).
 *
 *      normal > pending > active-unacknowledged > active-acknowledged > normal
 *                                |
 *                                +> returned-unacknowledged, or latched until a person has inspected and reset
 *
 *  Over these lie five covers: `unknown` (no data: what lies beneath is frozen, and never clears), `shelved` (a
 *  person asked for quiet, for a while), `suppressed` (another alarm explains it), and two for a rule that is not
 *  watched now: `suppressed-by-design` (not in this mode of the station's year), `out-of-service` (a person took the
 *  place out, for a while). Delays are counted in sample time: a condition has held for 20 s when two breaching
 *  samples lie 20 s apart, and a clock alone never raises an alarm. */

export interface Timing {
  /** How long a breach must hold before it is an alarm, sample time. */
  onDelayMs: number
  /** How long it must be calm before it has returned, sample time. */
  offDelayMs: number
  /** Stays until a person has inspected the place. */
  latch: boolean
  /** A life or a main is at stake (P1): nobody may shelve it. */
  shelvable: boolean
  /** Why it is not watched now; absent while it is. */
  unwatched?: Unwatched | undefined
}

/** What lies over every alarm of a rule that is not watched at its place now. */
export type Unwatched =
  | { state: 'suppressed-by-design'; why: string }
  | { state: 'out-of-service'; by: string; untilMs: number; why: string }

export type Observation =
  /** A breach that is sure at once: no on-delay. */
  | { type: 'trip' }
  | { type: 'breach' }
  /** Inside the hysteresis: neither a new breach nor calm. */
  | { type: 'between' }
  | { type: 'calm' }
  | { type: 'no-data' }
  | { type: 'acknowledge'; by: string }
  | { type: 'reset'; by: string }
  | { type: 'shelve'; by: string; why: string; untilMs: number }
  | { type: 'unshelve' }
  | { type: 'time-passed' }
  | { type: 'suppress'; by: string }
  | { type: 'release' }
  /** `timing.unwatched` has changed. */
  | { type: 'watch-changed' }

/** Nobody may look away for longer. */
export const longestShelfMs = 8 * 60 * 60_000

/** The next state, with its reason; the very same object when nothing moves. */
export function transition(was: Alarm, seen: Observation, atMs: number, timing: Timing): Alarm {
  switch (seen.type) {
    case 'watch-changed':
      return timing.unwatched ? unwatch(was, timing.unwatched, atMs) : watchAgain(was, atMs, timing)
    case 'shelve':
      return shelve(was, seen, atMs, timing)
    case 'unshelve':
      return was.state === 'shelved' ? was.beneath : was
    case 'time-passed':
      return was.state === 'shelved' && atMs >= was.untilMs ? was.beneath : was
    case 'suppress':
      return suppress(was, seen.by, atMs)
    case 'release':
      return was.state === 'suppressed' ? was.beneath : was
    case 'trip':
      return beneathCover(was, { type: 'breach' }, atMs, { ...timing, onDelayMs: 0 })
    case 'breach':
    case 'between':
    case 'calm':
    case 'no-data':
    case 'acknowledge':
    case 'reset':
      return beneathCover(was, seen, atMs, timing)
    default:
      return assertNever(seen)
  }
}

type Inner = Extract<
  Observation,
  { type: 'breach' | 'between' | 'calm' | 'no-data' | 'acknowledge' | 'reset' }
>

/** The condition is watched under a cover too; when it has returned there, nothing is left to suppress. */
function beneathCover(was: Alarm, seen: Inner, atMs: number, timing: Timing): Alarm {
  if (!isCovered(was)) {
    const next = watch(was, seen, atMs, timing)
    return next !== was && timing.unwatched ? unwatch(next, timing.unwatched, atMs) : next
  }
  const beneath = watch(was.beneath, seen, atMs, timing)
  if (beneath === was.beneath) return was
  const over = beneath.state === 'normal' || beneath.state === 'returned-unacknowledged'
  if (was.state === 'suppressed' && over) return normal(atMs, `returned while explained by ${was.by}`)
  if (was.state === 'suppressed-by-design' && over) return normal(atMs, `returned while ${was.why}`)
  if (was.state === 'out-of-service' && over) return normal(atMs, 'returned while out of service')
  return { ...was, beneath }
}

/** Whatever lay over it, this does now; what is not breached needs no cover until it is. */
function unwatch(was: Alarm, unwatched: Unwatched, atMs: number): Alarm {
  if (was.state === unwatched.state && was.why === unwatched.why) return was
  const beneath = isCovered(was) ? was.beneath : was
  if (beneath.state === 'normal' || beneath.state === 'returned-unacknowledged') return beneath
  return { ...unwatched, sinceMs: atMs, beneath }
}

function watchAgain(was: Alarm, atMs: number, timing: Timing): Alarm {
  if (was.state !== 'suppressed-by-design' && was.state !== 'out-of-service') return was
  const { beneath } = was
  if (beneath.state !== 'unknown') return beginAnew(beneath, atMs, timing)
  return { ...beneath, beneath: beginAnew(beneath.beneath, atMs, timing) }
}

/** Delays begin anew when a rule is watched again: what happened meanwhile was meant to be nobody's alarm. A latch
 *  stays, for it asks for an inspection. */
function beginAnew(was: Bare, atMs: number, timing: Timing): Bare {
  switch (was.state) {
    case 'normal':
      return was
    case 'pending':
      return normal(atMs, 'watched again')
    case 'active-unacknowledged':
    case 'active-acknowledged': {
      if (!timing.latch) return suspect(atMs, timing)
      const acknowledged = was.state === 'active-acknowledged'
      return { state: 'latched', sinceMs: atMs, breachSinceMs: null, acknowledged, why: 'watched again' }
    }
    case 'returned-unacknowledged':
    case 'latched':
      return { ...was, breachSinceMs: null }
    default:
      return assertNever(was)
  }
}

/** No data freezes; the first sample after it starts the delays anew, since nobody saw what was between. */
function watch(was: Watched, seen: Inner, atMs: number, timing: Timing): Watched {
  if (was.state !== 'unknown') {
    if (seen.type !== 'no-data') return move(was, seen, atMs, timing)
    return { state: 'unknown', sinceMs: atMs, beneath: was, why: 'no data' }
  }
  if (seen.type === 'no-data') return was
  if (seen.type === 'acknowledge' || seen.type === 'reset') {
    const beneath = move(was.beneath, seen, atMs, timing)
    return beneath === was.beneath ? was : { ...was, beneath }
  }
  return move(thaw(was.beneath, atMs), seen, atMs, timing)
}

function thaw(frozen: Bare, atMs: number): Bare {
  switch (frozen.state) {
    case 'normal':
      return frozen
    case 'pending':
      return normal(atMs, 'data was lost before the breach was sure')
    case 'active-unacknowledged':
    case 'active-acknowledged':
      return { ...frozen, calmSinceMs: null }
    case 'returned-unacknowledged':
    case 'latched':
      return { ...frozen, breachSinceMs: null }
    default:
      return assertNever(frozen)
  }
}

function move(was: Bare, seen: Exclude<Inner, { type: 'no-data' }>, atMs: number, timing: Timing): Bare {
  switch (was.state) {
    case 'normal':
      return seen.type === 'breach' ? suspect(atMs, timing) : was
    case 'pending':
      if (seen.type === 'breach') return held(was.sinceMs, atMs, timing) ? raise(was.sinceMs, timing) : was
      return isVerdict(seen) ? normal(atMs, 'the breach did not last') : was
    case 'active-unacknowledged':
      if (seen.type !== 'acknowledge') return settle(was, seen, atMs, timing)
      return { ...was, state: 'active-acknowledged', by: seen.by, why: `acknowledged by ${seen.by}` }
    case 'active-acknowledged':
      return settle(was, seen, atMs, timing)
    case 'returned-unacknowledged':
      if (seen.type === 'acknowledge') return normal(atMs, `acknowledged by ${seen.by}`)
      return relapse(was, seen, atMs, timing)
    case 'latched':
      if (seen.type === 'reset') return normal(atMs, `inspected and reset by ${seen.by}`)
      if (seen.type === 'acknowledge') return was.acknowledged ? was : { ...was, acknowledged: true }
      return relapse(was, seen, atMs, timing)
    default:
      return assertNever(was)
  }
}

function suspect(atMs: number, timing: Timing): Bare {
  if (timing.onDelayMs === 0) return raise(atMs, timing)
  return { state: 'pending', sinceMs: atMs, why: `breached; not yet for ${seconds(timing.onDelayMs)}` }
}

function raise(sinceMs: number, timing: Timing): Bare {
  const why = timing.onDelayMs === 0 ? 'breached' : `breached for ${seconds(timing.onDelayMs)}`
  return { state: 'active-unacknowledged', sinceMs, calmSinceMs: null, why }
}

type Active = Extract<Bare, { calmSinceMs: number | null }>

/** An active alarm ends after a calm that lasted; a value between the limits is not calm yet. */
function settle(was: Active, seen: Inner, atMs: number, timing: Timing): Bare {
  if (!isVerdict(seen)) return was
  if (seen.type !== 'calm') return was.calmSinceMs === null ? was : { ...was, calmSinceMs: null }
  const calmSinceMs = was.calmSinceMs ?? atMs
  if (atMs - calmSinceMs < timing.offDelayMs) return was.calmSinceMs === null ? { ...was, calmSinceMs } : was
  const why = timing.offDelayMs === 0 ? 'calm again' : `calm for ${seconds(timing.offDelayMs)}`
  const acknowledged = was.state === 'active-acknowledged'
  if (timing.latch) return { state: 'latched', sinceMs: atMs, breachSinceMs: null, acknowledged, why }
  if (acknowledged) return normal(atMs, why)
  return { state: 'returned-unacknowledged', sinceMs: atMs, breachSinceMs: null, why }
}

type Returned = Extract<Bare, { breachSinceMs: number | null }>

/** A relapse has to hold as long as the first breach had. */
function relapse(was: Returned, seen: Inner, atMs: number, timing: Timing): Bare {
  if (!isVerdict(seen)) return was
  if (seen.type !== 'breach') return was.breachSinceMs === null ? was : { ...was, breachSinceMs: null }
  const breachSinceMs = was.breachSinceMs ?? atMs
  if (held(breachSinceMs, atMs, timing)) return raise(breachSinceMs, timing)
  return was.breachSinceMs === null ? { ...was, breachSinceMs } : was
}

function shelve(
  was: Alarm,
  seen: Extract<Observation, { type: 'shelve' }>,
  atMs: number,
  timing: Timing,
): Alarm {
  if (isCovered(was)) return was
  if (!timing.shelvable || seen.untilMs <= atMs || seen.untilMs - atMs > longestShelfMs) return was
  const { by, untilMs, why } = seen
  return { state: 'shelved', sinceMs: atMs, beneath: was, by, untilMs, why }
}

function suppress(was: Alarm, by: string, atMs: number): Alarm {
  if (was.state === 'suppressed') return was.by === by ? was : { ...was, by }
  if (isCovered(was)) return was
  return { state: 'suppressed', sinceMs: atMs, beneath: was, by, why: `explained by ${by}` }
}

function normal(sinceMs: number, why: string): Bare {
  return { state: 'normal', sinceMs, why }
}

function held(sinceMs: number, atMs: number, timing: Timing): boolean {
  return atMs - sinceMs >= timing.onDelayMs
}

function isVerdict(seen: Inner): boolean {
  return seen.type === 'breach' || seen.type === 'between' || seen.type === 'calm'
}

function seconds(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1_000} s`
}
