import { Counter } from 'prom-client'
import type { Principal } from '../estate/principal.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'

/** What the broker turns away, and why: counted by reason, said in the log, and a device's publish is also
 *  counted in its books. */
export class Refusals {
  readonly #intake: IntakeLog
  readonly #logger: Log
  readonly #counter: Counter

  constructor({ intake, logger, metrics }: { intake: IntakeLog; logger: Log; metrics: Metrics }) {
    this.#intake = intake
    this.#logger = logger
    this.#counter = new Counter({
      name: 'estate_broker_refused_total',
      help: 'connections, publishes and subscriptions refused, by reason',
      labelNames: ['reason'],
      registers: [metrics],
    })
  }

  /** Counts alone, where the log would only repeat itself. */
  count(reason: string, times = 1): void {
    this.#counter.inc({ reason }, times)
  }

  connection(reason: string, details: Record<string, unknown>): void {
    this.#counter.inc({ reason })
    this.#logger.warn({ reason, ...details }, 'a connection was refused')
  }

  /** The connection is to end with the error that comes back. */
  publish(principal: Principal, topic: string, reason: string): Error {
    const publisher = nameOf(principal)
    const shown = shortened(topic)
    this.#counter.inc({ reason })
    this.#intake.countRefused(publisher)
    this.#logger.warn({ publisher, topic: shown, reason }, 'a publish was refused')
    return new Error(`${reason}: ${shown}`)
  }

  /** Refused before its topic was read. */
  packet(principal: Principal | undefined, reason: string): void {
    this.#counter.inc({ reason })
    if (principal?.type === 'device') this.#intake.countRefused(principal.id)
  }

  subscription(client: string, { filter, reason }: { filter: string; reason: string }): void {
    this.#counter.inc({ reason })
    this.#logger.warn({ client, filter: shortened(filter), reason }, 'a subscription was refused')
  }

  subscriber(client: string, waitingBytes: number): void {
    this.#counter.inc({ reason: 'slow-consumer' })
    this.#logger.warn({ client, waitingBytes }, 'a slow subscriber was cut off')
  }
}

export function nameOf(principal: Principal): string {
  return principal.type === 'device' ? principal.id : principal.name
}

function shortened(topic: string): string {
  return topic.slice(0, 200)
}
