import { z } from 'zod'
import { ageMs } from '../view/devices.ts'
import { portsOf } from '../view/ports.ts'
import type { Sources } from '../view/sources.ts'
import type { DashboardDeps } from './ports.ts'
import { problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'
import { chargersAnswer, sessionAnswer, sitesAnswer } from './schemas.ts'
import { serviceRoute } from './service-route.ts'

/** What anyone may ask, residents above all, and how staff gets in. */
export function publicRoutes(deps: DashboardDeps, sources: () => Sources): readonly Route[] {
  const { registry, staff } = deps
  return [
    serviceRoute(deps),
    route({
      method: 'get',
      path: '/api/v1/sites',
      access: 'public',
      summary: 'All sites',
      params: nothing,
      query: nothing,
      body: nothing,
      answer: sitesAnswer,
      handle: () => ({ body: { sites: registry().sites.map(({ id, name }) => ({ id, name })) } }),
    }),
    route({
      method: 'get',
      path: '/api/v1/sites/:site/chargers',
      access: 'public',
      summary: 'Charging ports of a site, each with the age of what is known of it',
      params: z.object({ site: z.string() }),
      query: nothing,
      body: nothing,
      answer: chargersAnswer,
      refusals: [404],
      handle({ params: { site } }) {
        if (!registry().site(site)) return { problem: problem(404, `there is no site ${site}`) }
        const now = sources()
        const ports = portsOf(site, now).map(({ t, label: _label, ...port }) => ({
          ...port,
          ageMs: t === undefined ? null : ageMs(t, now.nowMs),
        }))
        return { body: { ports } }
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/session',
      access: 'public',
      summary: 'Signs a member of staff in; the answer sets a cookie',
      params: nothing,
      query: nothing,
      body: z.object({ name: z.string().min(1).max(64), password: z.string().min(1).max(200) }),
      answer: sessionAnswer,
      refusals: [401, 429],
      async handle({ body: { name, password } }) {
        const session = await staff.login(name, password)
        return session
          ? { body: session, cookie: session }
          : { problem: problem(401, 'name or password is wrong') }
      },
    }),
  ]
}
