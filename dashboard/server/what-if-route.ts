import { z } from 'zod'
import { parameterVersion } from '../../estate/parameter-book.ts'
import { forbidden, isEngineer } from './engineers.ts'
import { whatIfAnswer } from './fault-schemas.ts'
import type { DashboardDeps } from './ports.ts'
import { problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'

/** Changed parameters, tried on the past before anybody saves them. */
export function whatIfRoute({ whatIf }: DashboardDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/what-if',
    access: 'staff',
    summary:
      'Replays a stretch of stored history through changed parameters: which orders would have been gained, lost, raised earlier or later. A day of an estate of twenty houses takes about six seconds of processor time, and so does each day only listened to. Engineers and admins',
    params: nothing,
    query: nothing,
    body: z.object({
      site: z.string().max(64),
      fromMs: z.int().min(0),
      toMs: z.int().min(0),
      warmUpDays: z.number().min(0).max(31).default(7).describe('only listened to before, for baselines'),
      set: parameterVersion.shape.overrides
        .default({})
        .describe("a JSON merge patch of the site's parameters"),
    }),
    answer: whatIfAnswer,
    refusals: [403, 409],
    async handle({ body, session }) {
      if (!session || !isEngineer(session)) return forbidden
      const result = await whatIf(body)
      if (result.ok) return { body: result.answer }
      if ('conflict' in result) return { problem: problem(409, result.conflict) }
      const errors = result.mistakes.map(({ field, detail }) => ({ field: `body.${field}`, detail }))
      return { problem: problem(400, errors.map(({ field }) => field).join(', '), { errors }) }
    },
  })
}
