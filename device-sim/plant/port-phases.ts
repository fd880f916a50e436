import type { PortAvailability, PortError, PortPhase, StopReason } from '../../firmware-contracts/words.ts'
import { assertNever } from '../../platform/assert-never.ts'

/** What a port's controller does about what it sees: one port, one step. The phases and their limits are
 *  those of domain.md A1: a word for the engineer, from which follows what the resident is shown. What could
 *  burn or kill opens the relay without asking anybody: heat, current to earth, too much current, and
 *  whatever locks the shed. */
export interface Control {
  phase: PortPhase
  sincePhaseMs: number
  /** Begin of the session, while there is one. */
  sessionMs: number
  stopReason: StopReason | undefined
  error: PortError
  /** Since when the port is too hot. */
  hotSinceMs: number | undefined
}

/** What the controller can know of its port. */
export interface Seen {
  /** The socket's clip feels a plug. */
  plug: boolean
  /** A resident has paid for this port, and nobody has stopped it. */
  order: boolean
  /** Who stopped it, if not the resident. */
  stopBy?: StopReason | undefined
  powerW: number
  amps: number
  /** Of this session so far. */
  sessionWh: number
  portC: number
  /** To earth. */
  residualMa: number
  fuseBlown: boolean
  /** Why nothing may charge in this shed now. */
  lock?: StopReason | undefined
  /** The shed has no power left for another session. */
  refusing: boolean
}

const fullBelowW = 20
const emptyBelowW = 3
export const toppingMs = 45 * 60_000
export const unplugCheckMs = 5 * 60_000
export const noPowerMs = 60_000
export const sessionLimitMs = 10 * 3_600_000
export const hotC = 65
const hotHoldMs = 10_000
const currentLimitA = 5.5
export const residualLimitMa = 30
const precheckMs = 3_000
/** Power where the relay is open: welded. */
const weldedAboveW = 5
/** A session that has drawn less has drawn nothing. */
const nothingWh = 0.02

export const idle: Control = {
  phase: 'idle',
  sincePhaseMs: 0,
  sessionMs: 0,
  stopReason: undefined,
  error: 'none',
  hotSinceMs: undefined,
}

/** Phases in which the relay is closed. */
export function relayClosed(phase: PortPhase): boolean {
  return phase === 'charging' || phase === 'topping' || phase === 'unplug_check'
}

export function availabilityOf(phase: PortPhase): PortAvailability {
  switch (phase) {
    case 'idle':
      return 'available'
    case 'reserved':
      return 'reserved'
    case 'disabled':
      return 'unavailable'
    case 'faulted':
      return 'faulted'
    case 'plugged':
    case 'precheck':
    case 'charging':
    case 'topping':
    case 'unplug_check':
    case 'finishing':
      return 'occupied'
    default:
      return assertNever(phase)
  }
}

/** The controller's next phase; `was` itself when nothing changes. */
export function controlPort(before: Control, seen: Seen, nowMs: number): Control {
  const hotSinceMs = seen.portC >= hotC ? (before.hotSinceMs ?? nowMs) : undefined
  const was = hotSinceMs === before.hotSinceMs ? before : { ...before, hotSinceMs }
  const trip = tripOf(was, seen, nowMs)
  if (trip) return { ...was, phase: 'faulted', sincePhaseMs: nowMs, ...trip }
  if (seen.lock === undefined || was.phase === 'faulted') return moveOn(was, seen, nowMs)
  if (was.phase === 'disabled') return was
  const stopReason = relayClosed(was.phase) ? seen.lock : was.stopReason
  return { ...was, phase: 'disabled', sincePhaseMs: nowMs, stopReason }
}

/** What puts a port out of order until somebody has looked at it. */
function tripOf(
  was: Control,
  seen: Seen,
  nowMs: number,
): { stopReason: StopReason; error: PortError } | undefined {
  if (was.phase === 'faulted') return undefined
  if (was.phase === 'precheck' && seen.fuseBlown) return { stopReason: 'precheck_failed', error: 'no_output' }
  if (!relayClosed(was.phase))
    return seen.powerW > weldedAboveW
      ? { stopReason: 'internal_error', error: 'power_switch_failure' }
      : undefined
  if (seen.residualMa > residualLimitMa) return { stopReason: 'ground_failure', error: 'ground_failure' }
  if (was.hotSinceMs !== undefined && nowMs - was.hotSinceMs >= hotHoldMs)
    return { stopReason: 'over_temperature', error: 'high_temperature' }
  return undefined
}

function moveOn(was: Control, seen: Seen, nowMs: number): Control {
  const forMs = nowMs - was.sincePhaseMs
  const to = (phase: PortPhase): Control => ({ ...was, phase, sincePhaseMs: nowMs })
  switch (was.phase) {
    case 'idle':
      return seen.plug ? to('plugged') : was
    case 'plugged':
      if (!seen.plug) return to('idle')
      return seen.order && !seen.refusing ? to('precheck') : was
    case 'precheck':
      if (forMs < precheckMs) return was
      return { ...to('charging'), sessionMs: nowMs, stopReason: undefined, error: 'none' }
    case 'charging':
    case 'topping':
    case 'unplug_check':
      return controlSession(was, seen, nowMs)
    case 'finishing':
      return seen.plug ? was : to('idle')
    case 'disabled':
      return to(seen.plug ? 'plugged' : 'idle')
    case 'reserved':
    case 'faulted':
      return was
    default:
      return assertNever(was.phase)
  }
}

/** While the relay is closed only the power tells what the battery, and its owner, are doing. */
function controlSession(was: Control, seen: Seen, nowMs: number): Control {
  const { powerW } = seen
  const forMs = nowMs - was.sincePhaseMs
  const to = (phase: PortPhase): Control => ({ ...was, phase, sincePhaseMs: nowMs })
  const finish = (stopReason: StopReason, error: PortError = 'none') => ({
    ...to('finishing'),
    stopReason,
    error,
  })
  if (seen.amps > currentLimitA) return finish('over_current', 'over_current')
  if (nowMs - was.sessionMs >= sessionLimitMs) return finish('time_limit')
  if (seen.plug && !seen.order) return finish(seen.stopBy ?? 'user')
  if (was.phase === 'unplug_check') {
    if (powerW >= emptyBelowW) return to('charging')
    if (seen.plug && seen.sessionWh < nothingWh && forMs >= noPowerMs) return finish('no_power', 'no_output')
    return forMs >= unplugCheckMs ? finish('unplugged') : was
  }
  if (powerW < emptyBelowW) return to('unplug_check')
  if (was.phase === 'charging') return powerW < fullBelowW ? to('topping') : was
  return forMs >= toppingMs ? finish('full') : was
}
