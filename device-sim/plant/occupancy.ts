import { z } from 'zod'

/** Who is at home. A scenario may send part of the households away (Spring Festival empties whole stairs): from
 *  `t` to `until` seconds after the start that share of them draws no water. */
const seconds = z
  .number()
  .min(0)
  .max(366 * 86_400)

export const absencesSchema = z
  .array(
    z.strictObject({
      t: seconds.describe('when they leave'),
      until: seconds.describe('when they are back'),
      away: z.number().min(0).max(1).describe('share of the households that draws no water'),
    }),
  )
  .max(100)

export interface Occupancy {
  /** When the scenario began, epoch ms. */
  beganMs: number
  absences: z.infer<typeof absencesSchema>
}

/** Share of the households that are away at `atMs`, 0 to 1. */
export function awayShare({ beganMs, absences }: Occupancy, atMs: number): number {
  let share = 0
  for (const { t, until, away } of absences)
    if (atMs >= beganMs + t * 1000 && atMs < beganMs + until * 1000) share = Math.max(share, away)
  return share
}
