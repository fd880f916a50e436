import type { Client, Subscription } from 'aedes'
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
    if (this.may(client, subscription.topic)) return subscription
    this.#refusals.subscription(client.id, subscription.topic)
    return null
  }

  may(client: Client, filter: string): boolean {
    const principal = this.#door.principalOf(client)
    return principal !== undefined && maySubscribe(principal, filter)
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
