import { z } from 'zod'
import { serviceFigures } from '../../estate/service-figures.ts'
import type { DashboardDeps } from './ports.ts'
import { problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'
import { serviceAnswer } from './schemas.ts'

/** The published figures of the service. Anybody may ask, and a year of orders is read for them, so they are made
 *  anew only so often; kept are as many as there are sites. */
const keptMs = 5 * 60_000
const yearMs = 366 * 24 * 3_600_000

type Figures = z.output<typeof serviceAnswer>

export function serviceRoute(deps: DashboardDeps): Route {
  const { registry, clock } = deps
  const kept = new Map<string, { atMs: number; figures: Promise<Figures> }>()
  const figuresOf = (site: string): Promise<Figures> => {
    const known = kept.get(site)
    const nowMs = clock.now()
    if (known && nowMs - known.atMs < keptMs) return known.figures
    const figures = makeFigures(site, deps)
    kept.set(site, { atMs: nowMs, figures })
    // What failed is tried again by the next who asks.
    figures.catch(() => kept.delete(site))
    return figures
  }
  return route({
    method: 'get',
    path: '/api/v1/sites/:site/service',
    access: 'public',
    summary: 'How fast faults of a site were answered, reached, made safe and restored, by month',
    params: z.object({ site: z.string() }),
    query: nothing,
    body: nothing,
    answer: serviceAnswer,
    refusals: [404],
    async handle({ params: { site } }) {
      if (!registry().site(site)) return { problem: problem(404, `there is no site ${site}`) }
      return { body: await figuresOf(site) }
    },
  })
}

async function makeFigures(
  site: string,
  { orders, levelsFor, clock, config }: DashboardDeps,
): Promise<Figures> {
  const atMs = clock.now()
  const listed = await orders.list({ site, sinceMs: atMs - yearMs })
  return { site, months: serviceFigures(listed, { levelsFor, timeZone: config.timeZone, nowMs: atMs }), atMs }
}
