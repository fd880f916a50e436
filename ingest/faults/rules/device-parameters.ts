import { z } from 'zod'
import { duration, hour, minute, positive } from '../numbers.ts'

/** The numbers of the device rules (domain.md B): a part of every site's parameters. */
export const deviceParameters = {
  /** Device offline: periods of silence, and how many messages prove that it is back. */
  D01: z
    .object({
      missedPeriods: positive(3),
      atLeastMs: duration(3 * minute),
      /** From this period on a device counts as one that uploads and sleeps. */
      sleeperPeriodMs: duration(6 * hour),
      sleeperMissedUploads: positive(2),
      sleeperGraceMs: duration(2 * hour),
      backAfterMessages: z.int().min(1).default(2),
    })
    .prefault({}),
}
