import { z } from 'zod'
import {
  cloudEventOf,
  digestCloudEvent,
  happening,
  type DigestCloudEvent,
  type OrderCloudEvent,
} from './cloud-event.ts'
import { digestAfterMs, plannedDigestAfterMs, spend } from './notice-budget.ts'
import type { Records, RecordsTransaction } from './records.ts'
import { webhookBody, type Webhook } from './webhooks.ts'
import {
  foldOrder,
  orderEvent,
  severities,
  type OrderEvent,
  type Severity,
  type WorkOrder,
} from './work-order.ts'

/** What listeners are still to be told. The events of the orders are the outbox; here is only who has been told how
 *  much of it. One transaction moves a listener on and writes down what it is owed (`waiting`, to be sent now; `held`,
 *  for the digest), so a crash neither forgets nor repeats; a delivery that failed for a day is `dead`, and stays to be
 *  seen and sent again. Bodies are written down once: every attempt sends the same bytes. */

export const deliveryStates = ['waiting', 'held', 'delivered', 'dead'] as const
export type DeliveryState = (typeof deliveryStates)[number]

export interface Delivery {
  id: number
  webhook: string
  type: string
  body: string
  state: DeliveryState
  attempts: number
  /** Of a waiting one: when it is tried next. Epoch ms. */
  nextMs: number
  createdMs: number
  error: string | null
}

/** Events looked at in one transaction. */
const portion = 200
/** Orders named in a digest. */
const digestLists = 100
/** After the n-th failure, ms: eleven attempts within a day. */
const retryAfterMs = [10, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800].map((s) => s * 1_000)
const deliveredKeptMs = 7 * 24 * 3_600_000
const deadKeptMs = 30 * 24 * 3_600_000

const heldBody = z.object({ data: z.object({ id: z.string() }).loose() })

export class Outbox {
  readonly #records: Records

  constructor({ records }: { records: Records }) {
    this.#records = records
  }

  /** Writes down what the listener is owed of what has happened since it was last told; nothing when it has been
   *  removed meanwhile. True when there may be more. */
  async plan(webhook: Webhook, now: { nowMs: number; flood: boolean }): Promise<boolean> {
    return this.#records.transaction().execute(async (trx) => {
      const rows = await trx
        .selectFrom('order_event')
        .select(['id', 'work_order', 'body'])
        .where('id', '>', webhook.told)
        .orderBy('id')
        .limit(portion)
        .execute()
      const last = rows.at(-1)
      if (!last || !(await isThere(trx, webhook))) return false
      for (const row of rows) {
        const event = orderEvent.parse(JSON.parse(row.body))
        const order = await orderAsOf(trx, row.work_order, row.id)
        if (concerns(webhook, order, event))
          await this.#owe(trx, webhook, { order, event, row: row.id, ...now })
      }
      webhook.told = last.id
      await trx
        .updateTable('webhook')
        .set({ told: webhook.told, body: webhookBody(webhook) })
        .where('id', '=', webhook.id)
        .execute()
      return rows.length === portion
    })
  }

  async #owe(
    trx: RecordsTransaction,
    webhook: Webhook,
    {
      order,
      event,
      row,
      nowMs,
      flood,
    }: { order: WorkOrder; event: OrderEvent; row: number; nowMs: number; flood: boolean },
  ): Promise<void> {
    const { tell, left } = spend(
      webhook.budget,
      { severity: order.severity, what: happening(event) },
      { nowMs, flood },
    )
    webhook.budget = left
    const body = cloudEventOf(order, event, row)
    const state = tell === 'now' ? 'waiting' : 'held'
    await owe(trx, { webhook: webhook.id, body, state, severity: order.severity, nowMs })
  }

  /** Makes one delivery of all that is held for a listener, when the first of it has waited long enough. */
  async digest(webhook: Webhook, nowMs: number): Promise<void> {
    await this.#records.transaction().execute(async (trx) => {
      const held = await trx
        .selectFrom('webhook_delivery')
        .selectAll()
        .where('webhook', '=', webhook.id)
        .where('state', '=', 'held')
        .orderBy('id')
        .execute()
      const dueMs = Math.min(
        ...held.map(
          ({ severity, created_ms }) =>
            created_ms + (severity === 'P4' ? plannedDigestAfterMs : digestAfterMs),
        ),
      )
      if (held.length === 0 || nowMs < dueMs) return
      const body = digestOf(webhook, held, nowMs)
      await trx
        .deleteFrom('webhook_delivery')
        .where('webhook', '=', webhook.id)
        .where('state', '=', 'held')
        .execute()
      const severity = severities.find((each) => body.data.bySeverity[each]) ?? 'P4'
      await owe(trx, { webhook: webhook.id, body, state: 'waiting', severity, nowMs })
    })
  }

  /** The oldest that the listener has not got: it gets everything in order. Undefined while that has to wait. */
  async next(webhook: string, nowMs: number): Promise<Delivery | undefined> {
    const row = await this.#records
      .selectFrom('webhook_delivery')
      .selectAll()
      .where('webhook', '=', webhook)
      .where('state', '=', 'waiting')
      .orderBy('id')
      .executeTakeFirst()
    return row && row.next_ms <= nowMs ? deliveryOf(row) : undefined
  }

  async delivered(id: number): Promise<void> {
    await this.#set(id, { state: 'delivered', error: null })
  }

  /** `retryAfterMs`: what the listener asked for. Returns the state it is in now. */
  async failed(delivery: Delivery, error: string, nowMs: number, askedMs = 0): Promise<DeliveryState> {
    const waitMs = retryAfterMs[delivery.attempts]
    const state = waitMs === undefined ? 'dead' : 'waiting'
    await this.#set(delivery.id, {
      state,
      attempts: delivery.attempts + 1,
      next_ms: nowMs + Math.max(waitMs ?? 0, askedMs),
      error,
    })
    return state
  }

  /** The listener is gone: what it was owed is dead. */
  async stop(webhook: string, error: string, nowMs: number): Promise<void> {
    await this.#records.updateTable('webhook').set({ stopped_ms: nowMs }).where('id', '=', webhook).execute()
    await this.#records
      .updateTable('webhook_delivery')
      .set({ state: 'dead', error })
      .where('webhook', '=', webhook)
      .where('state', 'in', ['waiting', 'held'])
      .execute()
  }

  /** Dead ones are tried again from now on, and a listener that was gone hears again. How many there were. */
  async revive(webhook: string, nowMs: number): Promise<number> {
    await this.#records.updateTable('webhook').set({ stopped_ms: null }).where('id', '=', webhook).execute()
    const { numUpdatedRows } = await this.#records
      .updateTable('webhook_delivery')
      .set({ state: 'waiting', attempts: 0, next_ms: nowMs })
      .where('webhook', '=', webhook)
      .where('state', '=', 'dead')
      .executeTakeFirst()
    return Number(numUpdatedRows)
  }

  /** The newest first. */
  async list(
    webhook: string,
    { state, limit }: { state?: DeliveryState; limit: number },
  ): Promise<Delivery[]> {
    const rows = await this.#records
      .selectFrom('webhook_delivery')
      .selectAll()
      .where('webhook', '=', webhook)
      .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'waiting'))
      .orderBy('id', 'desc')
      .limit(limit)
      .execute()
    return rows.map(deliveryOf)
  }

  async sweep(nowMs: number): Promise<void> {
    const kept = { delivered: deliveredKeptMs, dead: deadKeptMs } as const
    for (const state of ['delivered', 'dead'] as const)
      await this.#records
        .deleteFrom('webhook_delivery')
        .where('state', '=', state)
        .where('created_ms', '<', nowMs - kept[state])
        .execute()
  }

  async #set(
    id: number,
    change: { state: DeliveryState; error: string | null; attempts?: number; next_ms?: number },
  ): Promise<void> {
    await this.#records.updateTable('webhook_delivery').set(change).where('id', '=', id).execute()
  }
}

interface Owed {
  webhook: string
  body: OrderCloudEvent | DigestCloudEvent
  state: 'waiting' | 'held'
  severity: Severity
  nowMs: number
}

async function owe(trx: RecordsTransaction, { webhook, body, state, severity, nowMs }: Owed): Promise<void> {
  await trx
    .insertInto('webhook_delivery')
    .values({
      webhook,
      type: body.type,
      body: JSON.stringify(body),
      state,
      severity,
      attempts: 0,
      next_ms: nowMs,
      created_ms: nowMs,
      error: null,
    })
    .execute()
}

async function isThere(trx: RecordsTransaction, { id }: Webhook): Promise<boolean> {
  return (await trx.selectFrom('webhook').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

async function orderAsOf(trx: RecordsTransaction, id: string, row: number): Promise<WorkOrder> {
  const rows = await trx
    .selectFrom('order_event')
    .select('body')
    .where('work_order', '=', id)
    .where('id', '<=', row)
    .orderBy('id')
    .execute()
  return foldOrder(
    id,
    rows.map(({ body }) => orderEvent.parse(JSON.parse(body))),
  )
}

/** Words and pictures stay inside. */
function concerns({ least, site, updates }: Webhook, order: WorkOrder, { type }: OrderEvent): boolean {
  if (type === 'commented' || type === 'photographed') return false
  if (type === 'updated' && !updates) return false
  return order.severity <= least && (site === undefined || order.site === site)
}

interface Row {
  id: number
  webhook: string
  type: string
  body: string
  state: DeliveryState
  severity: (typeof severities)[number]
  attempts: number
  next_ms: number
  created_ms: number
  error: string | null
}

function deliveryOf({ next_ms, created_ms, severity: _severity, ...row }: Row): Delivery {
  return { ...row, nextMs: next_ms, createdMs: created_ms }
}

/** Each order as the last of its events left it. */
function digestOf(webhook: Webhook, held: readonly Row[], nowMs: number): DigestCloudEvent {
  const latest = new Map(
    held.map(({ body }) => {
      const { data } = heldBody.parse(JSON.parse(body))
      return [data.id, data] as const
    }),
  )
  const bySeverity = severities.flatMap((severity) => {
    const count = held.filter((row) => row.severity === severity).length
    return count > 0 ? [[severity, count] as const] : []
  })
  const [first] = held
  return digestCloudEvent.parse({
    specversion: '1.0',
    id: `digest.${webhook.id}.${first?.id ?? 0}`,
    source: '/estate-pulse',
    type: 'estatepulse.digest',
    time: new Date(nowMs).toISOString(),
    datacontenttype: 'application/json',
    data: {
      events: held.length,
      fromMs: first?.created_ms ?? nowMs,
      toMs: nowMs,
      bySeverity: Object.fromEntries(bySeverity),
      orders: [...latest.values()].slice(0, digestLists),
      more: Math.max(0, latest.size - digestLists),
    },
  })
}
