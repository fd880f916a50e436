import { z } from 'zod'
import { signalOf } from '../../firmware-contracts/kinds.ts'
import { unitOf } from '../../firmware-contracts/units.ts'
import type { DashboardDeps } from './ports.ts'
import { problem, type Problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'
import { historyAnswer } from './schemas.ts'

/** Without `from` and `to`: the last day. */
const defaultSpanMs = 24 * 3_600_000
const defaultPoints = 500
const mostPoints = 10_000

const epochMs = digits('epoch milliseconds').pipe(z.int().max(8_640_000_000_000_000))

const query = z.object({
  signal: z.string().min(1).max(64),
  port: z
    .string()
    .regex(/^p(0[1-9]|1[0-2])$/, 'expected p01 to p12')
    .exactOptional(),
  from: epochMs.exactOptional(),
  to: epochMs.exactOptional(),
  points: digits('a whole number').pipe(z.int().min(1).max(mostPoints)).default(defaultPoints),
})

export function historyRoute({ registry, history, clock }: DashboardDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/devices/:device/history',
    access: 'staff',
    summary: 'One signal over time, as at most `points` buckets of equal width',
    params: z.object({ device: z.string() }),
    query,
    body: nothing,
    answer: historyAnswer,
    refusals: [404],
    async handle({ params: { device: id }, query: { signal, port, points, to = clock.now(), from } }) {
      const device = registry().device(id)
      if (!device) return { problem: problem(404, `there is no device ${id}`) }
      const { kind } = device
      if (!signalOf(kind, signal)) return { problem: wrong('query.signal', `a ${kind} has no such signal`) }
      const fromMs = from ?? Math.max(0, to - defaultSpanMs)
      if (fromMs >= to) return { problem: wrong('query.to', 'expected a time after from') }
      const series = { kind, device: id, ...(port !== undefined && { port }), signal }
      const buckets = await history.range({ ...series, fromMs, toMs: to, points })
      return { body: { signal, unit: unitOf(signal)?.wire ?? '', buckets } }
    },
  })
}

function wrong(field: string, detail: string): Problem {
  return problem(400, field, { errors: [{ field, detail }] })
}

/** A number in a query string: digits and nothing else, where `Number` would take '' for 0. In the document it
 *  is the number it stands for. */
function digits(what: string) {
  return z
    .string()
    .regex(/^\d{1,16}$/, `expected ${what}`)
    .meta({
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern
        jsonSchema.type = 'integer'
      },
    })
    .transform(Number)
}
