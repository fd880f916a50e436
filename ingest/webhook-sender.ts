import { createHmac } from 'node:crypto'
import { Counter, Gauge } from 'prom-client'
import type { Delivery, Outbox } from '../estate/outbox.ts'
import type { Webhook, WebhookBook } from '../estate/webhooks.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'

/** Tells listeners outside what happens to faults and orders: plans what each is owed (estate/outbox.ts) and posts it,
 *  one after the other, each signed as https://www.standardwebhooks.com says. A listener that does not answer delays
 *  nobody but itself. */

const tickMs = 1_000
const sweepMs = 3_600_000
/** A listener that takes longer is tried again. */
const answerWithinMs = 10_000
/** Deliveries to one listener in one round, so that a slow one cannot hold the round for long. */
const perRound = 20
/** Longer than that nobody is told to wait. */
const longestAskedMs = 3_600_000

export interface SenderParts {
  webhooks: WebhookBook
  outbox: Outbox
  /** Tells that an order has changed. */
  onOrder: (listener: () => void) => () => void
  flood: () => boolean
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class WebhookSender {
  readonly #parts: SenderParts
  readonly #results: Counter
  readonly #owed: Gauge
  /** Listener -> what is being done for it now. */
  readonly #busy = new Map<string, Promise<void>>()
  /** Listeners whose oldest delivery has failed. */
  readonly #failing = new Set<string>()
  readonly #stopping = new AbortController()
  #stops: (() => void)[] = []
  #sweptMs = 0
  #round: Promise<void> | undefined

  constructor(parts: SenderParts) {
    this.#parts = parts
    const registers = [parts.metrics]
    this.#results = new Counter({
      name: 'estate_webhook_deliveries_total',
      help: 'deliveries to listeners outside, by what became of them',
      labelNames: ['result'],
      registers,
    })
    this.#owed = new Gauge({
      name: 'estate_webhook_retrying',
      help: 'listeners whose oldest delivery has failed and is tried again',
      registers,
    })
  }

  start(fail: (cause: unknown) => void): void {
    const look = () => {
      this.#round ??= this.#look()
        .catch(fail)
        .finally(() => (this.#round = undefined))
    }
    this.#stops = [this.#parts.onOrder(look), this.#parts.clock.every(tickMs, look)]
  }

  /** What is under way to a listener is given up, and sent again after the next start. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop()
    this.#stopping.abort()
    await this.#round
    await Promise.all(this.#busy.values())
  }

  async #look(): Promise<void> {
    const { webhooks, outbox, clock } = this.#parts
    const nowMs = clock.now()
    if (nowMs - this.#sweptMs >= sweepMs) {
      this.#sweptMs = nowMs
      await outbox.sweep(nowMs)
    }
    const listeners = (await webhooks.list()).filter(({ stoppedMs }) => stoppedMs === null)
    for (const webhook of listeners) {
      await this.#plan(webhook)
      if (this.#busy.has(webhook.id) || this.#stopping.signal.aborted) continue
      const sent = this.#send(webhook).finally(() => this.#busy.delete(webhook.id))
      this.#busy.set(webhook.id, sent)
    }
    // One that is gone, or was removed, is tried no more.
    this.#owed.set(listeners.filter(({ id }) => this.#failing.has(id)).length)
  }

  async #plan(webhook: Webhook): Promise<void> {
    const { outbox, flood, clock } = this.#parts
    while (await outbox.plan(webhook, { nowMs: clock.now(), flood: flood() }));
    await outbox.digest(webhook, clock.now())
  }

  /** Never rejects: a database that is away is noticed by the next round. */
  async #send(webhook: Webhook): Promise<void> {
    const { outbox, clock, logger } = this.#parts
    try {
      for (let nth = 0; nth < perRound && !this.#stopping.signal.aborted; nth++) {
        const delivery = await outbox.next(webhook.id, clock.now())
        if (!delivery || !(await this.#deliver(webhook, delivery))) return
      }
    } catch (cause) {
      logger.error({ err: cause, webhook: webhook.id }, 'what became of a delivery could not be written down')
    }
  }

  /** True when the next one may follow at once. */
  async #deliver(webhook: Webhook, delivery: Delivery): Promise<boolean> {
    const { outbox, clock, logger } = this.#parts
    const answer = await this.#post(webhook, delivery)
    if (this.#stopping.signal.aborted && !answer.ok) return false
    if (answer.ok) {
      this.#failing.delete(webhook.id)
      this.#results.inc({ result: 'delivered' })
      await outbox.delivered(delivery.id)
      return true
    }
    if (answer.gone) {
      logger.warn(
        { webhook: webhook.id, url: webhook.url },
        'a listener is gone: nothing is sent to it any more',
      )
      this.#failing.delete(webhook.id)
      await outbox.stop(webhook.id, answer.error, clock.now())
      return false
    }
    const state = await outbox.failed(delivery, answer.error, clock.now(), answer.retryAfterMs)
    if (state === 'dead') this.#failing.delete(webhook.id)
    else this.#failing.add(webhook.id)
    this.#results.inc({ result: state === 'dead' ? 'dead' : 'failed' })
    if (state === 'dead') logger.error({ webhook: webhook.id, delivery: delivery.id }, 'given up after a day')
    return state === 'dead'
  }

  async #post(webhook: Webhook, delivery: Delivery): Promise<Answer> {
    const { webhooks, clock } = this.#parts
    const timestamp = Math.floor(clock.now() / 1_000)
    const id = `${webhook.id}.${delivery.id}`
    const signature = sign({ id, timestamp, body: delivery.body }, webhooks.secretOf(webhook.id))
    try {
      const response = await fetch(webhook.url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/cloudevents+json; charset=utf-8',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signature,
        },
        body: delivery.body,
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(answerWithinMs)]),
      })
      await response.body?.cancel()
      if (response.ok) return { ok: true }
      const retryAfterMs = askedWait(response.headers.get('retry-after'))
      return { ok: false, gone: response.status === 410, error: `HTTP ${response.status}`, retryAfterMs }
    } catch (cause) {
      return { ok: false, gone: false, error: reasonOf(cause), retryAfterMs: 0 }
    }
  }
}

type Answer = { ok: true } | { ok: false; gone: boolean; error: string; retryAfterMs: number }

/** `v1,` and the HMAC-SHA-256 of `id.timestamp.body`, base64. `secret`: as it was given out, `whsec_` and base64. */
export function sign(
  { id, timestamp, body }: { id: string; timestamp: number; body: string },
  secret: string,
): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

/** Seconds; a date is not waited for. */
function askedWait(header: string | null): number {
  const seconds = Number(header ?? 0)
  return Number.isFinite(seconds) ? Math.min(longestAskedMs, Math.max(0, seconds * 1_000)) : 0
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message
}
