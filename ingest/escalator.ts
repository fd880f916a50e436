import { Counter } from 'prom-client'
import { dueEscalations, nextEscalationMs } from '../estate/escalation.ts'
import type { OrderBook } from '../estate/order-book.ts'
import type { CountedLevels } from '../estate/service-levels.ts'
import type { WorkOrder } from '../estate/work-order.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'

/** Watches the clocks of the open orders and writes into an order, level by level, who has to hear that a target
 *  is soon due, due, or long past. It knows of every order only when to look at it again; what is due then is
 *  decided from the order as it is in the book, so nobody is called for what has just been answered, and nobody
 *  twice. */

/** How late it may be. */
const tickMs = 1_000
/** Open orders taken up at the start, the newest first. */
const mostOpen = 20_000

export interface EscalatorParts {
  orders: OrderBook
  levelsFor: (order: WorkOrder) => CountedLevels
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class Escalator {
  readonly #parts: EscalatorParts
  readonly #escalations: Counter
  /** Open order -> when somebody has to hear of it if nothing happens until then, epoch ms. */
  readonly #lookAt = new Map<string, number>()
  #stopListening: (() => void) | undefined
  #stopTicking: (() => void) | undefined
  #isStale = false
  /** The round in hand; undefined between two. */
  #round: Promise<void> | undefined

  constructor(parts: EscalatorParts) {
    this.#parts = parts
    this.#escalations = new Counter({
      name: 'estate_order_escalations_total',
      help: 'service levels that somebody had to be told of',
      labelNames: ['clock', 'level'],
      registers: [parts.metrics],
    })
  }

  /** `fail` is called when the book cannot be written. */
  async start(fail: (cause: unknown) => void): Promise<void> {
    const { orders, clock } = this.#parts
    this.#stopListening = orders.onChange((order) => this.#plan(order))
    await this.#planAll()
    this.#stopTicking = clock.every(tickMs, () => {
      const nowMs = clock.now()
      if (this.#dueAt(nowMs).length === 0 && !this.#isStale) return
      this.#round ??= this.#look(nowMs)
        .catch(fail)
        .finally(() => (this.#round = undefined))
    })
  }

  /** Somebody has changed what is promised, or the calendar. */
  planAnew(): void {
    this.#isStale = true
  }

  /** Finishes what it has begun to write. */
  async stop(): Promise<void> {
    this.#stopTicking?.()
    this.#stopListening?.()
    await this.#round
  }

  async #planAll(): Promise<void> {
    const { orders, logger } = this.#parts
    this.#isStale = false
    const open = await orders.list({ openOnly: true, limit: mostOpen })
    if (open.length === mostOpen) logger.error({ mostOpen }, 'too many open orders: the oldest call nobody')
    for (const order of open) this.#plan(order)
  }

  #plan(order: WorkOrder): void {
    const { levelsFor, clock } = this.#parts
    const nextMs = nextEscalationMs(order, levelsFor(order), clock.now())
    if (nextMs === undefined) this.#lookAt.delete(order.id)
    else this.#lookAt.set(order.id, nextMs)
  }

  #dueAt(nowMs: number): readonly string[] {
    return [...this.#lookAt].filter(([, atMs]) => atMs <= nowMs).map(([id]) => id)
  }

  async #look(nowMs: number): Promise<void> {
    if (this.#isStale) await this.#planAll()
    for (const id of this.#dueAt(nowMs)) await this.#escalate(id, nowMs)
  }

  async #escalate(id: string, nowMs: number): Promise<void> {
    const { orders, levelsFor, logger } = this.#parts
    const told = await orders.escalate(id, (order) => dueEscalations(order, levelsFor(order), nowMs), nowMs)
    for (const { clock, level, reason } of told) {
      this.#escalations.inc({ clock, level })
      logger.warn({ order: id, clock, tell: level }, reason.en)
    }
    const order = await orders.get(id)
    if (order) this.#plan(order)
  }
}
