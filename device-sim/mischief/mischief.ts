import { z } from 'zod'

/** What lines and boards do to a fleet that works (domain.md E4). Nothing happens unless it is named; what is
 *  named without figures behaves as in the field. */

const share = z.number().min(0).max(1)
const count = z.number().min(0).max(1_000)
const minutes = z.number().positive().max(100_000)

const loss = z
  .strictObject({
    good: share.default(0.002).describe('share lost in good times'),
    bad: share.default(0.3).describe('share lost in bad times'),
    goodMinutes: minutes.default(60).describe('how long good times last, on average'),
    badMinutes: minutes.default(3).describe('how long bad times last, on average'),
  })
  .describe('good and bad times of a line (Gilbert and Elliott), in which readings get lost')

const duplicates = z
  .strictObject({ share: share.default(0.005).describe('share of the readings') })
  .describe('readings that come twice, the second time up to half a minute later')

const delay = z
  .strictObject({
    medianS: z.number().positive().max(600).default(0.3).describe('what half of them take at most, s'),
    p99S: z.number().positive().max(3_600).default(5).describe('what 99 of 100 take at most, s'),
  })
  .describe('how long a reading travels (log-normal); what was said later may come earlier')

const outages = z
  .strictObject({
    perWeek: count.default(1).describe('of each line, on average'),
    minutes: minutes.default(40).describe('how long, on average'),
    estatePerMonth: count.default(1).describe('of all lines of an estate at once'),
    estateMinutes: minutes.default(40).describe('how long, on average'),
  })
  .describe('lines that are dead for a while; what was sampled meanwhile comes afterwards')

const reboots = z
  .strictObject({
    perMonth: count.default(1).describe('of each device, on average'),
    clockLost: share.default(0.02).describe('share of them after which it is the year 2000'),
  })
  .describe('boards that start again by themselves')

const garbage = z
  .strictObject({ share: share.default(0.0005).describe('share of the readings') })
  .describe('readings that arrive as other bytes')

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
