import type { PortAvailability, PortPhase, StopReason } from '../../firmware-contracts/words.ts'
import { assertNever } from '../../platform/assert-never.ts'

/** What a port's controller does about what it sees: one port, one step. The phases and their limits are
 *  those of domain.md A1: a word for the engineer, from which follows what the resident is shown. */
export interface Control {
  phase: PortPhase
  sincePhaseMs: number
  /** Begin of the session, while there is one. */
  sessionMs: number
  stopReason: StopReason | undefined
}

/** What the controller can know of its port. */
export interface Seen {
  /** The socket's clip feels a plug. */
  plug: boolean
  /** A resident has paid for this port, and has not stopped it. */
  order: boolean
  powerW: number
}

export const fullBelowW = 20
export const emptyBelowW = 3
export const toppingMs = 45 * 60_000
export const unplugCheckMs = 5 * 60_000
export const sessionLimitMs = 10 * 3_600_000
const precheckMs = 3_000
/** Power where the relay is open: welded. */
const weldedAboveW = 5

export const idle: Control = { phase: 'idle', sincePhaseMs: 0, sessionMs: 0, stopReason: undefined }

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
export function controlPort(was: Control, seen: Seen, nowMs: number): Control {
  const forMs = nowMs - was.sincePhaseMs
  const to = (phase: PortPhase): Control => ({ ...was, phase, sincePhaseMs: nowMs })
  const finish = (stopReason: StopReason): Control => ({ ...to('finishing'), stopReason })
  if (!relayClosed(was.phase) && was.phase !== 'faulted' && seen.powerW > weldedAboveW)
    return { ...to('faulted'), stopReason: 'internal_error' }
  switch (was.phase) {
    case 'idle':
      return seen.plug ? to('plugged') : was
    case 'plugged':
      if (!seen.plug) return to('idle')
      return seen.order ? to('precheck') : was
    case 'precheck':
      return forMs < precheckMs ? was : { ...to('charging'), sessionMs: nowMs, stopReason: undefined }
    case 'charging':
    case 'topping':
    case 'unplug_check':
      if (nowMs - was.sessionMs >= sessionLimitMs) return finish('time_limit')
      if (seen.plug && !seen.order) return finish('user')
      return controlSession(was, seen.powerW, { forMs, to, finish })
    case 'finishing':
      return seen.plug ? was : to('idle')
    case 'reserved':
    case 'disabled':
    case 'faulted':
      return was
    default:
      return assertNever(was.phase)
  }
}

interface Moves {
  forMs: number
  to: (phase: PortPhase) => Control
  finish: (reason: StopReason) => Control
}

/** While the relay is closed only the power tells what the battery, and its owner, are doing. */
function controlSession(was: Control, powerW: number, { forMs, to, finish }: Moves): Control {
  if (was.phase === 'unplug_check') {
    if (powerW >= emptyBelowW) return to('charging')
    return forMs >= unplugCheckMs ? finish('unplugged') : was
  }
  if (powerW < emptyBelowW) return to('unplug_check')
  if (was.phase === 'charging') return powerW < fullBelowW ? to('topping') : was
  return forMs >= toppingMs ? finish('full') : was
}
