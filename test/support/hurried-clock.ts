import { systemClock, type Clock } from '../../platform/clock.ts'

/** A clock that runs `times` as fast as the machine's, so that a test does not wait where people do. */
export function hurriedClock(times: number): Clock {
  const beganMs = systemClock.now()
  return {
    now: () => Math.round(beganMs + (systemClock.now() - beganMs) * times),
    after: (delayMs, task) => systemClock.after(delayMs / times, task),
    every: (periodMs, task) => systemClock.every(Math.max(1, periodMs / times), task),
  }
}
