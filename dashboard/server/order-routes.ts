import { z } from 'zod'
import {
  evidenceBucketMs,
  evidenceReachMs,
  momentsLimit,
  seriesLimit,
  type KeptMoment,
} from '../../estate/kept-evidence.ts'
import { noteLimits, photoMedia } from '../../estate/order-notes.ts'
import { photoBytesLimit } from '../../estate/photos/picture.ts'
import { pauseReasons } from '../../estate/service-words.ts'
import { orderActions, orderStates, type WorkOrder } from '../../estate/work-order.ts'
import { unitOf } from '../../firmware-contracts/units.ts'
import { orderView } from '../view/orders.ts'
import type { DashboardDeps } from './ports.ts'
import { problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'
import { evidenceAnswer, orderAnswer, ordersAnswer } from './schemas.ts'

/** Work orders: looking at them, moving them on, and what people add to them. */
export function orderRoutes(deps: DashboardDeps): Route[] {
  return [...looking(deps), ...adding(deps), photo(deps), acting(deps)]
}

const asked = { access: 'staff', params: nothing, query: nothing, body: nothing } as const
const params = z.object({ order: z.string().max(64) })
/** What one person may add. */
const notePace = { windowMs: 60_000, limit: 60 }

function looking(deps: DashboardDeps): Route[] {
  const { orders, evidence } = deps
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/work-orders',
      summary: 'Work orders, the newest first, 1,000 at most',
      query: z.object({
        state: z.enum(orderStates).exactOptional(),
        site: z.string().max(64).exactOptional(),
        /** Only open orders with something that was promised for an earlier moment and is still to do. */
        overdue: z.literal('true').exactOptional(),
      }),
      answer: ordersAnswer,
      async handle({ query: { overdue, ...filter } }) {
        const listed = await orders.list({ ...filter, ...(overdue && { openOnly: true }) })
        const views = listed.map((order) => viewOf(order, deps))
        return { body: { orders: overdue ? views.filter(isOverdue) : views } }
      },
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/work-orders/:order',
      summary: 'One work order with its evidence, its comments and photos, and its history',
      params,
      answer: orderAnswer,
      refusals: [404],
      async handle({ params: { order: id } }) {
        const order = await orders.get(id)
        return order ? { body: await detail(order, deps) } : unknown(id)
      },
    }),
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/work-orders/:order/evidence',
      summary: `Readings half an hour around each beginning of the fault: ${seriesLimit} series of ${evidenceBucketMs / 1_000} s buckets, ${momentsLimit} beginnings at most`,
      params,
      answer: evidenceAnswer,
      refusals: [404],
      async handle({ params: { order: id } }) {
        if (!(await orders.get(id))) return unknown(id)
        return { body: { moments: (await evidence(id)).map(momentView) } }
      },
    }),
  ]
}

function acting(deps: DashboardDeps): Route {
  const { orders, staff, clock } = deps
  return route({
    ...asked,
    method: 'post',
    path: '/api/v1/work-orders/:order/:action',
    summary: 'Moves a work order on; 409 tells what would be possible',
    params: params.extend({ action: z.enum(orderActions) }),
    body: z.object({
      why: z.string().trim().min(1).max(1000).exactOptional(),
      /** A name of `/api/v1/staff`. */
      assignee: z.string().trim().min(1).max(64).exactOptional(),
      /** With the action pause: what it waits for. */
      pause: z.enum(pauseReasons).exactOptional(),
    }),
    answer: orderAnswer,
    refusals: [404, 409],
    async handle({ params: { order: id, action }, body, session }) {
      if (!session) return { problem: problem(401) }
      const { assignee } = body
      const colleagues = assignee === undefined ? [] : await staff.colleagues()
      if (assignee !== undefined && !colleagues.some(({ name }) => name === assignee))
        return wrong('body.assignee', `nobody called ${assignee} works here`)
      const result = await orders.act(id, action, { ...body, who: session.name, atMs: clock.now() })
      if (!result) return unknown(id)
      if (!result.ok) return { problem: problem(409, result.reason, { allowed: result.allowed }) }
      return { body: await detail(result.order, deps) }
    },
  })
}

function adding(deps: DashboardDeps): Route[] {
  const { orders, photos, clock } = deps
  return [
    route({
      ...asked,
      method: 'post',
      path: '/api/v1/work-orders/:order/comments',
      summary: `Adds a comment; ${noteLimits.comments} an order, ${notePace.limit} a minute`,
      pace: notePace,
      params,
      body: z.object({ text: z.string().trim().min(1).max(noteLimits.commentLength) }),
      status: 201,
      answer: orderAnswer,
      refusals: [404, 409, 429],
      async handle({ params: { order: id }, body: { text }, session }) {
        if (!session) return { problem: problem(401) }
        const note = { type: 'commented', atMs: clock.now(), who: session.name, text } as const
        const result = await orders.note(id, note)
        if (!result) return unknown(id)
        return result.ok
          ? { body: await detail(result.order, deps) }
          : { problem: problem(409, result.reason) }
      },
    }),
    route({
      ...asked,
      method: 'post',
      path: '/api/v1/work-orders/:order/photos',
      summary: `Adds a photo, 8 MiB at most; ${noteLimits.photos} an order, ${notePace.limit} a minute. Where it was taken is left out`,
      pace: notePace,
      upload: { types: photoMedia, limitBytes: photoBytesLimit },
      params,
      status: 201,
      answer: orderAnswer,
      refusals: [404, 409, 413, 429, 503],
      async handle({ params: { order: id }, bytes, session }) {
        if (!session) return { problem: problem(401) }
        const result = await photos.add(id, bytes, session.name)
        if (!result) return unknown(id)
        if (result.ok) return { body: await detail(result.order, deps) }
        return 'wrong' in result ? wrong('body', result.wrong) : { problem: problem(409, result.reason) }
      },
    }),
  ]
}

function photo({ orders, photos }: DashboardDeps): Route {
  return route({
    ...asked,
    method: 'get',
    path: '/api/v1/work-orders/:order/photos/:photo',
    summary: 'One photo of a work order',
    sends: photoMedia,
    params: params.extend({ photo: z.string().max(64) }),
    answer: nothing,
    refusals: [404],
    async handle({ params: { order: id, photo: wanted } }) {
      const order = await orders.get(id)
      if (!order) return unknown(id)
      const at = order.photos.findIndex((one) => one.id === wanted)
      const found = order.photos[at]
      if (!found) return { problem: problem(404, `order ${id} has no photo ${wanted}`) }
      const { media } = found
      const name = `${id}-${at + 1}.${media.split('/')[1]}`
      return { file: { path: photos.fileOf(found), media, name } }
    },
  })
}

function viewOf(order: WorkOrder, { registry, levelsFor, clock }: DashboardDeps) {
  return orderView(order, { registry: registry(), levels: levelsFor(order), nowMs: clock.now() })
}

function isOverdue({ clocks }: ReturnType<typeof viewOf>): boolean {
  return clocks.some(({ state }) => state === 'breached')
}

async function detail(order: WorkOrder, deps: DashboardDeps) {
  const { evidence, history, comments, photos } = order
  const parts = await deps.orders.partsOf(order.id)
  return {
    ...viewOf(order, deps),
    ...{ evidence, history, comments, photos },
    parts: parts.map(({ id, title, openedAtMs, ...part }) => ({ ...part, id, title, openedAt: openedAtMs })),
  }
}

function momentView({ series, ...moment }: KeptMoment) {
  return {
    ...moment,
    fromMs: moment.atMs - evidenceReachMs,
    toMs: moment.atMs + evidenceReachMs,
    series: series.map((one) => ({ ...one, unit: unitOf(one.signal)?.wire ?? '' })),
  }
}

function unknown(id: string) {
  return { problem: problem(404, `there is no work order ${id}`) }
}

function wrong(field: string, detail: string) {
  return { problem: problem(400, field, { errors: [{ field, detail }] }) }
}
