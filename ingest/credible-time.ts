import type { ClockSource } from '../firmware-contracts/message.ts'

/** A device that lost its clock says 2000-01-01, or tomorrow. Its samples are kept under the time the broker
 *  received them (stored in the intake row, so a replay gives the same), and flagged. */
const earliestMs = Date.UTC(2024, 0, 1)
const futureLimitMs = 5 * 60_000

export interface CredibleTime {
  t: number
  /** True where the server's time stands in for the device's. */
  stamped: boolean
}

export function credibleTime(sample: { t: number; clock: ClockSource }, receivedMs: number): CredibleTime {
  const credible = sample.clock !== 'u' && sample.t >= earliestMs && sample.t <= receivedMs + futureLimitMs
  return credible ? { t: sample.t, stamped: false } : { t: receivedMs, stamped: true }
}
