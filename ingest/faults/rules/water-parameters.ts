import { z } from 'zod'
import { duration, minute, positive, second, share } from '../numbers.ts'

/** The numbers of the water rules (domain.md B): a part of every site's parameters. */
export const waterParameters = {
  /** Building main burst: a flow the building never had at this hour, or a sudden fall of pressure. */
  W01: z
    .object({
      timesUsual: positive(3),
      shareOfQ3: share(0.3),
      clearShare: share(0.5),
      flowOnDelayMs: duration(10 * minute),
      fallKpa: positive(100),
      fallWithinMs: duration(5 * minute),
      /** One wild sample is no burst: the fall has to show twice. */
      fallOnDelayMs: duration(20 * second),
      offDelayMs: duration(30 * minute),
    })
    .prefault({}),
}
