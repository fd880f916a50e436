import { z } from 'zod'
import { orderActions, orderStates, type WorkOrder } from '../../estate/work-order.ts'
import { ageMs, deviceView, signalsOf } from '../view/devices.ts'
import { orderView } from '../view/orders.ts'
import type { Sources } from '../view/sources.ts'
import { bookRoutes } from './book-routes.ts'
import type { DashboardDeps } from './ports.ts'
import { problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'
import {
  deviceAnswer,
  devicesAnswer,
  faultsAnswer,
  orderAnswer,
  ordersAnswer,
  sessionAnswer,
} from './schemas.ts'

/** What only people who work here may ask and do. */
export function staffRoutes(deps: DashboardDeps, sources: () => Sources): readonly Route[] {
  return [
    ...sessionRoutes(deps),
    ...deviceRoutes(deps, sources),
    ...orderRoutes(deps),
    faultRoute(deps),
    ...bookRoutes(deps),
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

function orderRoutes(deps: DashboardDeps): Route[] {
  const { orders, registry, clock } = deps
  const view = (order: WorkOrder) => orderView(order, registry())
  const params = z.object({ order: z.string() })
  const unknown = (id: string) => ({ problem: problem(404, `there is no work order ${id}`) })
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/work-orders',
      summary: 'Work orders, the newest first',
      query: z.object({
        state: z.enum(orderStates).exactOptional(),
        site: z.string().max(64).exactOptional(),
      }),
      answer: ordersAnswer,
      handle: async ({ query }) => ({ body: { orders: (await orders.list(query)).map(view) } }),
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/work-orders/:order',
      summary: 'One work order with its evidence and its history',
      params,
      answer: orderAnswer,
      refusals: [404],
      async handle({ params: { order: id } }) {
        const order = await orders.get(id)
        if (!order) return unknown(id)
        return { body: { ...view(order), evidence: order.evidence, history: order.history } }
      },
    }),
    route({
      ...asked,
      method: 'post',
      path: '/api/v1/work-orders/:order/:action',
      summary: 'Moves a work order on; 409 tells what would be possible',
      params: params.extend({ action: z.enum(orderActions) }),
      body: z.object({
        why: z.string().trim().min(1).max(1000).exactOptional(),
        assignee: z.string().trim().min(1).max(64).exactOptional(),
      }),
      answer: orderAnswer,
      refusals: [404, 409],
      async handle({ params: { order: id, action }, body, session }) {
        if (!session) return { problem: problem(401) }
        const result = await orders.act(id, action, { ...body, who: session.name, atMs: clock.now() })
        if (!result) return unknown(id)
        if (!result.ok) return { problem: problem(409, result.reason, { allowed: result.allowed }) }
        const { order } = result
        return { body: { ...view(order), evidence: order.evidence, history: order.history } }
      },
    }),
  ]
}

function faultRoute({ faults }: DashboardDeps): Route {
  return route({
    ...asked,
    method: 'get',
    path: '/api/v1/faults',
    summary: 'Every alarm that is not normal',
    answer: faultsAnswer,
    handle: () => ({ body: { faults: faults().map(({ why, ...fault }) => ({ ...fault, reason: why })) } }),
  })
}
