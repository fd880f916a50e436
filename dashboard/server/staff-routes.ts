import { z } from 'zod'
import { ageMs, deviceView, signalsOf } from '../view/devices.ts'
import type { Sources } from '../view/sources.ts'
import { bookRoutes } from './book-routes.ts'
import { faultRoutes } from './fault-routes.ts'
import { orderRoutes } from './order-routes.ts'
import { parameterRoutes } from './parameter-routes.ts'
import type { DashboardDeps } from './ports.ts'
import { problem } from './problem.ts'
import { qualityRoutes } from './quality-routes.ts'
import { nothing, route, type Route } from './route.ts'
import { colleaguesAnswer, deviceAnswer, devicesAnswer, sessionAnswer } from './schemas.ts'
import { webhookRoutes } from './webhook-routes.ts'
import { whatIfRoute } from './what-if-route.ts'

/** What only people who work here may ask and do. */
export function staffRoutes(deps: DashboardDeps, sources: () => Sources): readonly Route[] {
  return [
    ...sessionRoutes(deps),
    ...deviceRoutes(deps, sources),
    ...orderRoutes(deps),
    ...faultRoutes(deps),
    ...bookRoutes(deps),
    ...parameterRoutes(deps),
    ...qualityRoutes(deps),
    ...webhookRoutes(deps),
    whatIfRoute(deps),
  ]
}

const asked = { access: 'staff', params: nothing, query: nothing, body: nothing } as const

function sessionRoutes({ staff }: DashboardDeps): Route[] {
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/session',
      summary: 'Who is signed in',
      answer: sessionAnswer,
      handle: ({ session }) => (session ? { body: session } : { problem: problem(401) }),
    }),
    route({
      ...asked,
      method: 'delete',
      path: '/api/v1/session',
      summary: 'Signs out',
      status: 204,
      answer: nothing,
      async handle({ session }) {
        if (session) await staff.logout(session.token)
        return { body: {}, cookie: 'cleared' }
      },
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/staff',
      summary: 'Who works here, to give an order to',
      answer: colleaguesAnswer,
      handle: async () => ({ body: { staff: await staff.colleagues() } }),
    }),
  ]
}

function deviceRoutes({ registry, live }: DashboardDeps, sources: () => Sources): Route[] {
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/devices',
      summary: 'Every device and whether it is there',
      answer: devicesAnswer,
      handle() {
        const now = sources()
        return {
          body: { devices: now.registry.devices.map((device) => withAge(deviceView(device, now), now)) },
        }
      },
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/devices/:device',
      summary: 'One device and the last of everything it reported',
      params: z.object({ device: z.string() }),
      answer: deviceAnswer,
      refusals: [404],
      handle({ params: { device: id } }) {
        const device = registry().device(id)
        if (!device) return { problem: problem(404, `there is no device ${id}`) }
        const now = sources()
        const said = live.device(id)
        const body = {
          ...withAge(deviceView(device, now), now),
          connection: said?.connection ?? ('unknown' as const),
          firmware: said?.firmware ?? null,
          contract: said?.contract ?? null,
          signals: said ? signalsOf(said, now.nowMs) : [],
        }
        return { body }
      },
    }),
  ]
}

function withAge<View extends { lastSeen?: number }>({ lastSeen, ...view }: View, { nowMs }: Sources) {
  return { ...view, ageMs: lastSeen === undefined ? null : ageMs(lastSeen, nowMs) }
}
