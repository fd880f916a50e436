import type { Client, Subscription } from 'aedes'
import type { Door } from './door.ts'
import { maySubscribe } from './permissions.ts'
import type { Refusals } from './refusals.ts'
import { subscriptionsLimit } from './sessions.ts'

/** Who listens, to how much, and that one who does not read holds up nobody. */

/** What may wait in the socket of one subscriber. */
const subscriberLimitBytes = 1024 * 1024

export class Subscribers {
  readonly #door: Door
  readonly #refusals: Refusals
  readonly #held = new WeakMap<Client, Set<string>>()

  constructor({ door, refusals }: { door: Door; refusals: Refusals }) {
    this.#door = door
    this.#refusals = refusals
  }

  /** aedes' hook: the subscription, or null for a refusal in the SUBACK. */
  authorize(client: Client, subscription: Subscription): Subscription | null {
    const { topic } = subscription
    const principal = this.#door.principalOf(client)
    const held = this.#held.get(client) ?? new Set()
    if (!principal || !maySubscribe(principal, topic)) return this.#refuse(client, topic, 'subscription')
    if (held.size >= subscriptionsLimit && !held.has(topic))
      return this.#refuse(client, topic, 'too-many-subscriptions')
    this.#held.set(client, held.add(topic))
    return subscription
  }

  /** Whether a subscription was granted on this connection. */
  holds(client: Client, filter: string): boolean {
    return this.#held.get(client)?.has(filter) ?? false
  }

  left(client: Client, filters: readonly string[]): void {
    for (const filter of filters) this.#held.get(client)?.delete(filter)
  }

  #refuse(client: Client, filter: string, reason: string): null {
    this.#refusals.subscription(client.id, { filter, reason })
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
