import type { Client, Subscription } from 'aedes'
import mqemitter, { type MQEmitter } from 'mqemitter'
import type { Door } from './door.ts'
import { maySubscribe } from './permissions.ts'
import type { Refusals } from './refusals.ts'

/** Who listens, and that one who does not read holds up nobody. */

/** What may wait in the socket of one subscriber. */
const subscriberLimitBytes = 1024 * 1024

export class Subscribers {
  readonly #door: Door
  readonly #refusals: Refusals

  constructor({ door, refusals }: { door: Door; refusals: Refusals }) {
    this.#door = door
    this.#refusals = refusals
  }

  /** aedes' hook: the subscription, or null for a refusal in the SUBACK. */
  authorize(client: Client, subscription: Subscription): Subscription | null {
    const principal = this.#door.principalOf(client)
    if (principal && maySubscribe(principal, subscription.topic)) return subscription
    this.#refusals.subscription(client.id, subscription.topic)
    return null
  }

  /** True when this subscriber reads too slowly; it is cut off before it holds up the others. */
  cutLaggard({ id, conn }: Client): boolean {
    if (conn.destroyed) return true
    if (conn.writableLength <= subscriberLimitBytes) return false
    this.#refusals.subscriber(id, conn.writableLength)
    conn.destroy()
    return true
  }
}

/** aedes lets a publisher wait until every subscriber has taken its message: one that hangs would hold up all
 *  devices for as long as the drain timeout. What piles up instead is bounded by `subscriberLimitBytes`. */
export function handingOn(): MQEmitter {
  const emitter = mqemitter({ matchEmptyLevels: true })
  const emit = emitter.emit.bind(emitter)
  emitter.emit = (packet, done) => {
    emit(packet)
    done?.()
    return emitter
  }
  return emitter
}
