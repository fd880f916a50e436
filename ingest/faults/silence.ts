import { z } from 'zod'
import type { Kind } from '../../firmware-contracts/message.ts'
import type { SiteParameters } from './parameters.ts'

/** D01: who has not been heard for too long? Silence is the one thing measured with the server's clock.
 *
 *  A device that was registered but has never spoken is being installed, not broken: it is no alarm until it
 *  has spoken once. The last will (`lost`) is silence at once; `bye` and `sleeping` are not, but whoever said
 *  them must still speak within its limit. Two messages end the silence: one may be an echo. */
export const hearing = z.object({
  /** Receive time of the latest message; null = never heard. */
  heardMs: z.number().nullable(),
  /** The device's latest life; a will of an earlier one is stale. */
  boot: z.number(),
  /** Reporting period it declared at birth, ms. */
  periodMs: z.number().nullable(),
  /** Messages since it was missed. */
  back: z.int().min(0),
})
export type Hearing = z.infer<typeof hearing>

export function neverHeard(): Hearing {
  return { heardMs: null, boot: 0, periodMs: null, back: 0 }
}

/** Until the device declares its own period: what its kind usually does. */
const usualPeriodMs: Record<Kind, number> = {
  charger: 60_000,
  'heat-station': 10_000,
  'heat-entrance': 60_000,
  'room-sensor': 60 * 60_000,
  'water-meter': 5 * 60_000,
  gateway: 15 * 60_000,
}
const dayMs = 24 * 60 * 60_000

/** A household meter behind a gateway uploads once a day. */
export function expectedPeriodMs(kind: Kind, behindGateway: boolean): number {
  return kind === 'water-meter' && behindGateway ? dayMs : usualPeriodMs[kind]
}

/** How long a device with this reporting period may be silent, ms. */
export function silenceLimitMs(periodMs: number, { D01 }: SiteParameters): number {
  if (periodMs >= D01.sleeperPeriodMs) return periodMs * D01.sleeperMissedUploads + D01.sleeperGraceMs
  return Math.max(D01.atLeastMs, periodMs * D01.missedPeriods)
}
