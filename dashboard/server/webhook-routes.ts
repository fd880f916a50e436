import { z } from 'zod'
import { deliveryStates } from '../../estate/outbox.ts'
import { webhookWish } from '../../estate/webhooks.ts'
import type { DashboardDeps, WebhookDesk } from './ports.ts'
import { problem } from './problem.ts'
import { nothing, route, type Route } from './route.ts'

/** Who outside is told of faults and orders (estate/webhooks.ts), and what could not be told. For admins: an address
 *  outside is where news of the estates goes. */
const deliveriesAPage = 200

const webhook = z.object({
  ...webhookWish.shape,
  url: z.string(),
  id: z.string(),
  by: z.string(),
  createdMs: z.number(),
  stoppedMs: z.number().nullable().describe('since when it is gone (HTTP 410)'),
})
const delivery = z.object({
  id: z.int(),
  type: z.string(),
  state: z.enum(deliveryStates),
  attempts: z.int(),
  nextMs: z.number(),
  createdMs: z.number(),
  error: z.string().nullable(),
})

const asked = { access: 'staff', params: nothing, query: nothing, body: nothing } as const
const one = z.object({ webhook: z.string().max(64) })
const forAdmins = { problem: problem(403, 'for admins') }

export function webhookRoutes({ webhooks }: DashboardDeps): Route[] {
  return [...listeners(webhooks), ...deliveries(webhooks)]
}

function listeners(desk: WebhookDesk): Route[] {
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/webhooks',
      summary: 'Who outside is told of faults and work orders. Admins',
      answer: z.object({ webhooks: z.array(webhook) }),
      refusals: [403],
      handle: async ({ session }) =>
        session?.role === 'admin' ? { body: { webhooks: await desk.list() } } : forAdmins,
    }),
    route({
      ...asked,
      method: 'post',
      path: '/api/v1/webhooks',
      summary: 'One more listener; the secret its deliveries are signed with is told this once. Admins',
      body: webhookWish,
      status: 201,
      answer: webhook.extend({ secret: z.string() }),
      refusals: [403, 409],
      async handle({ body, session }) {
        if (session?.role !== 'admin') return forAdmins
        const added = await desk.add(body, session.name)
        if (!added.ok) return { problem: problem(409, added.reason) }
        return { body: { ...added.webhook, secret: added.secret } }
      },
    }),
    route({
      ...asked,
      method: 'delete',
      path: '/api/v1/webhooks/:webhook',
      summary: 'A listener less, with all it was still to be told. Admins',
      params: one,
      status: 204,
      answer: nothing,
      refusals: [403, 404],
      async handle({ params, session }) {
        if (session?.role !== 'admin') return forAdmins
        return (await desk.remove(params.webhook)) ? { body: {} } : unknown(params.webhook)
      },
    }),
  ]
}

function deliveries(desk: WebhookDesk): Route[] {
  const isKnown = async (id: string) => (await desk.list()).some((known) => known.id === id)
  return [
    route({
      ...asked,
      method: 'get',
      path: '/api/v1/webhooks/:webhook/deliveries',
      summary: 'What a listener has been, is and could not be told, the newest first. Admins',
      params: one,
      query: z.object({ state: z.enum(deliveryStates).exactOptional() }),
      answer: z.object({ deliveries: z.array(delivery) }),
      refusals: [403, 404],
      async handle({ params, query, session }) {
        if (session?.role !== 'admin') return forAdmins
        if (!(await isKnown(params.webhook))) return unknown(params.webhook)
        return {
          body: { deliveries: await desk.deliveries(params.webhook, { ...query, limit: deliveriesAPage }) },
        }
      },
    }),
    route({
      ...asked,
      method: 'post',
      path: '/api/v1/webhooks/:webhook/revive',
      summary: 'Tries the dead deliveries again. Admins',
      params: one,
      answer: z.object({ revived: z.int() }),
      refusals: [403, 404],
      async handle({ params, session }) {
        if (session?.role !== 'admin') return forAdmins
        if (!(await isKnown(params.webhook))) return unknown(params.webhook)
        return { body: { revived: await desk.revive(params.webhook) } }
      },
    }),
  ]
}

function unknown(id: string) {
  return { problem: problem(404, `there is no webhook ${id}`) }
}
