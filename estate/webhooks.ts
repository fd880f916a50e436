import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { fullBudget, noticeBudget } from './notice-budget.ts'
import type { Records } from './records.ts'
import { digest } from './server-key.ts'
import { severities } from './work-order.ts'

/** Who outside is told of faults and orders: a resident-service platform, a chat robot. A listener begins with what
 *  happens after it was added, and remembers how far it has been told (`told`, the number of an order event). */

/** Listeners of an installation. */
const listenersLimit = 50

export const webhookWish = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http or https address' })
    .max(2_000)
    .refine((url) => !/^[^/?#]*\/\/[^/?#]*@/.test(url), {
      error: 'expected an address without a login; deliveries are signed instead',
    }),
  /** The least grave that it hears of. */
  least: z.enum(severities).default('P4'),
  /** One estate, or all. */
  site: z.string().max(64).exactOptional(),
  /** Also what only grows: more alarms, more houses. */
  updates: z.boolean().default(false),
})
export type WebhookWish = z.infer<typeof webhookWish>

/** What is allowed today was not always: an address is read as it was taken. */
const stored = webhookWish.extend({
  url: z.string(),
  by: z.string(),
  createdMs: z.number(),
  budget: noticeBudget,
})

export interface Webhook extends z.infer<typeof stored> {
  id: string
  told: number
  /** Since when nothing is sent any more, because the listener said that it is gone (HTTP 410). */
  stoppedMs: number | null
}

export type Added = { ok: true; webhook: Webhook; secret: string } | { ok: false; reason: string }

export class WebhookBook {
  readonly #records: Records
  readonly #key: Buffer

  constructor({ records, key }: { records: Records; key: Buffer }) {
    this.#records = records
    this.#key = key
  }

  /** What deliveries to a listener are signed with, as https://www.standardwebhooks.com writes it. Derived from the
   *  installation's key, so that none is stored. */
  secretOf(id: string): string {
    return `whsec_${Buffer.from(digest(this.#key, `webhook:${id}`), 'hex').toString('base64')}`
  }

  async add(wish: WebhookWish, { by, atMs }: { by: string; atMs: number }): Promise<Added> {
    const known = await this.list()
    if (known.length >= listenersLimit)
      return { ok: false, reason: `${listenersLimit} listeners are the most` }
    if (known.some(({ url, site }) => url === wish.url && site === wish.site))
      return { ok: false, reason: `${wish.url} listens already` }
    if (wish.site !== undefined && !(await this.#isSite(wish.site)))
      return { ok: false, reason: `there is no site ${wish.site}` }
    const id = randomBytes(6).toString('hex')
    const body = stored.parse({ ...wish, by, createdMs: atMs, budget: fullBudget(atMs) })
    const told = await this.#lastEvent()
    await this.#records
      .insertInto('webhook')
      .values({ id, told, stopped_ms: null, body: JSON.stringify(body) })
      .execute()
    return { ok: true, webhook: { ...body, id, told, stoppedMs: null }, secret: this.secretOf(id) }
  }

  async list(): Promise<Webhook[]> {
    const rows = await this.#records.selectFrom('webhook').selectAll().orderBy('id').execute()
    return rows.map(({ id, told, stopped_ms, body }) => ({
      ...stored.parse(JSON.parse(body)),
      id,
      told,
      stoppedMs: stopped_ms,
    }))
  }

  /** With everything that it was still to be told. False where there is none. */
  async remove(id: string): Promise<boolean> {
    return this.#records.transaction().execute(async (trx) => {
      await trx.deleteFrom('webhook_delivery').where('webhook', '=', id).execute()
      const { numDeletedRows } = await trx.deleteFrom('webhook').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    })
  }

  async #isSite(id: string): Promise<boolean> {
    const found = await this.#records.selectFrom('site').select('id').where('id', '=', id).executeTakeFirst()
    return found !== undefined
  }

  async #lastEvent(): Promise<number> {
    const row = await this.#records
      .selectFrom('order_event')
      .select(({ fn }) => fn.max('id').as('last'))
      .executeTakeFirst()
    return row?.last ?? 0
  }
}

/** How a listener is stored. */
export function webhookBody({ id: _id, told: _told, stoppedMs: _stopped, ...body }: Webhook): string {
  return JSON.stringify(stored.parse(body))
}
