import { z } from 'zod'
import { duration, minute, positive, second } from '../numbers.ts'

/** The numbers of the heating rules (domain.md B): a part of every site's parameters. */
export const heatingParameters = {
  /** Secondary main burst: the top floor empties, or the pressure falls fast. */
  H01: z
    .object({
      fallKpa: positive(50),
      fallWithinMs: duration(5 * minute),
      hysteresisKpa: positive(20),
      onDelayMs: duration(20 * second),
      offDelayMs: duration(10 * minute),
    })
    .prefault({}),
  /** Return pressure below the low limit of its band. */
  H02: z
    .object({
      hysteresisKpa: positive(10),
      onDelayMs: duration(2 * minute),
      offDelayMs: duration(10 * minute),
    })
    .prefault({}),
}
