import { Outbox, type Delivery, type DeliveryState } from '../estate/outbox.ts'
import type { OrderBook } from '../estate/order-book.ts'
import type { Records } from '../estate/records.ts'
import { serverKey } from '../estate/server-key.ts'
import { WebhookBook, type Added, type Webhook, type WebhookWish } from '../estate/webhooks.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { WebhookSender } from './webhook-sender.ts'

/** Listeners outside: who they are, what each is owed, and the one who tells them. */
export interface WebhookDeskParts {
  records: Records
  orders: OrderBook
  config: { dataDir: string }
  flood: () => boolean
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class WebhookDesk {
  readonly #clock: Clock
  readonly #book: WebhookBook
  readonly #outbox: Outbox
  readonly #sender: WebhookSender

  constructor(parts: WebhookDeskParts) {
    const { records, orders, config } = parts
    this.#clock = parts.clock
    this.#book = new WebhookBook({ records, key: serverKey(config.dataDir) })
    this.#outbox = new Outbox({ records })
    this.#sender = new WebhookSender({
      ...parts,
      webhooks: this.#book,
      outbox: this.#outbox,
      onOrder: (listener) => orders.onChange(listener),
    })
  }

  start(fail: (cause: unknown) => void): void {
    this.#sender.start(fail)
  }

  stop(): Promise<void> {
    return this.#sender.stop()
  }

  list(): Promise<Webhook[]> {
    return this.#book.list()
  }

  /** The secret is told this once. */
  add(wish: WebhookWish, by: string): Promise<Added> {
    return this.#book.add(wish, { by, atMs: this.#clock.now() })
  }

  remove(id: string): Promise<boolean> {
    return this.#book.remove(id)
  }

  deliveries(id: string, page: { state?: DeliveryState; limit: number }): Promise<Delivery[]> {
    return this.#outbox.list(id, page)
  }

  /** Has the dead deliveries tried again; how many there were. */
  revive(id: string): Promise<number> {
    return this.#outbox.revive(id, this.#clock.now())
  }
}
