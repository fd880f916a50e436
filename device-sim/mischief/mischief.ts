import { z } from 'zod'

/** What lines and boards do to a fleet that works (domain.md E4). Nothing happens unless it is named; what is
 *  named without figures behaves as in the field. */

const share = z.number().min(0).max(1)
const count = z.number().min(0).max(1_000)
const minutes = z.number().positive().max(100_000)

/** Good and bad times of a line, after Gilbert and Elliott: a reading is lost by chance, and the chance depends
 *  on which it is. */
const loss = z.strictObject({
  good: share.default(0.002),
  bad: share.default(0.3),
  /** How long each lasts on average. */
  goodMinutes: minutes.default(60),
  badMinutes: minutes.default(3),
})

/** Readings that come twice, the second time up to half a minute later. */
const duplicates = z.strictObject({ share: share.default(0.005) })

/** How long a reading travels: log-normal. What was said later may come earlier. */
const delay = z.strictObject({
  medianS: z.number().positive().max(600).default(0.3),
  p99S: z.number().positive().max(3_600).default(5),
})

/** Lines that are dead for a while: each on its own, and all of an estate at once. */
const outages = z.strictObject({
  perWeek: count.default(1),
  minutes: minutes.default(40),
  estatePerMonth: count.default(1),
  estateMinutes: minutes.default(40),
})

/** Boards that start again by themselves; some have lost the time then. */
const reboots = z.strictObject({ perMonth: count.default(1), clockLost: share.default(0.02) })

/** Readings that arrive as other bytes. */
const garbage = z.strictObject({ share: share.default(0.0005) })

export const mischiefSchema = z.strictObject({
  loss: loss.optional(),
  duplicates: duplicates.optional(),
  delay: delay.optional(),
  outages: outages.optional(),
  reboots: reboots.optional(),
  garbage: garbage.optional(),
})

export type Mischief = z.infer<typeof mischiefSchema>
export type Loss = z.infer<typeof loss>
export type Delay = z.infer<typeof delay>
