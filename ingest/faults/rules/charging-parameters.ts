import { z } from 'zod'
import { duration, minute, positive, second } from '../numbers.ts'

/** The numbers of the charging rules (domain.md B): a part of every site's parameters. */
export const chargingParameters = {
  /** Relay welded: current although the relay was told to open. */
  C04: z
    .object({
      settleMs: duration(5 * second),
      currentMa: positive(100),
      powerW10: positive(50),
      onDelayMs: duration(10 * second),
      offDelayMs: duration(minute),
    })
    .prefault({}),
}
