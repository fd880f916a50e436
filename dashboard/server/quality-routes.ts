import { z } from 'zod'

import type { DashboardDeps } from './ports.ts'
import { nothing, route, type Route } from './route.ts'

/** How good the alarms are, for whoever owns the rules (EEMUA 191, ISA-18.2; estate/alarm-quality.ts). */
const dayMs = 24 * 3_600_000
const longestMs = 70 * dayMs

const count = z.int().min(0)
const share = z.number().min(0).max(1)

const ruleQuality = z.object({
  rule: z.string(),
  raised: count,
  explained: count,
  announced: count.describe('raised, and not explained by an incident elsewhere'),
  share: share.describe('of all that were announced'),
  chattering: count.describe('places at which it came up three times or more within an hour'),
  standing: count.describe('for more than a day'),
  orders: count,
  neverActedOn: count,
  cancelled: count,
})

const qualityAnswer = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  operators: count,
  raised: count,
  announced: count,
  announcedPerOperatorHour: z.number(),
  floodShare: share.describe('of the ten-minute stretches; below 0.01 is good'),
  busiest: z.number().describe('alarms of the busiest ten minutes for each operator'),
  chattering: count,
  standing: count,
  topTenShare: share.describe('0.01 to 0.05 is good'),
  topTen: z.array(z.object({ rule: z.string(), node: z.string(), announced: count })).readonly(),
  split: z.object({ high: share, medium: share, low: share }).describe('the aim is 0.05, 0.15, 0.80'),
  rules: z.array(ruleQuality).readonly(),
})

const floodAnswer = z.object({
  sinceMs: z.number().nullable().describe('null when there is none'),
  recent: count.describe('alarms of the last ten minutes'),
})

const epochMs = z.coerce.number<string>().int().min(0)
const range = z
  .object({
    site: z.string().max(64).exactOptional(),
    from: epochMs.exactOptional(),
    to: epochMs.exactOptional(),
    operators: z.coerce.number<string>().int().min(1).max(100).default(1),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    error: 'expected a time after from',
  })
  .refine(({ from, to }) => from === undefined || to === undefined || to - from <= longestMs, {
    path: ['from'],
    error: 'expected 70 days at most: alarms are not kept longer',
  })

export function qualityRoutes({ alarmQuality, flood, clock }: DashboardDeps): Route[] {
  const asked = { access: 'staff', params: nothing, body: nothing } as const
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/alarm-quality',
      summary:
        'Alarms an operator-hour, chattering, standing, never acted on, by rule; the last seven days unless told',
      query: range,
      answer: qualityAnswer,
      async handle({ query: { site, from, to = clock.now(), operators } }) {
        const fromMs = from ?? to - 7 * dayMs
        const wish = { fromMs, toMs: to, operators, ...(site !== undefined && { site }) }
        return { body: await alarmQuality(wish) }
      },
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/alarm-flood',
      summary: 'Whether more alarms come up than anybody can read',
      query: nothing,
      answer: floodAnswer,
      handle: () => {
        const { sinceMs, recentMs } = flood()
        return { body: { sinceMs, recent: recentMs.length } }
      },
    }),
  ]
}
