import type { Client, PublishPacket } from 'aedes'
import type { Clock } from '../platform/clock.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import type { Door } from './door.ts'
import { mayPublish } from './permissions.ts'
import { nameOf, type Refusals } from './refusals.ts'

/** What a client says: allowed, kept, and only then acknowledged.
 *
 *  aedes sends the PUBACK of a QoS 1 message before it publishes it, but after its `authorizePublish` hook,
 *  which may take its time. So the intake log is appended to in that hook, and a device whose message cannot
 *  be kept gets no PUBACK: it keeps its data and comes again. */

export interface PublishingOptions {
  door: Door
  intake: IntakeLog
  refusals: Refusals
  clock: Clock
}

export class Publishing {
  readonly #options: PublishingOptions
  #stopping = false

  constructor(options: PublishingOptions) {
    this.#options = options
  }

  /** From here on nothing is accepted. */
  stop(): void {
    this.#stopping = true
  }

  /** aedes' hook: `done` without an error lets the message be acknowledged and handed on. */
  authorize(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
    const { door, intake, refusals, clock } = this.#options
    const principal = client ? door.principalOf(client) : undefined
    if (!client || !principal) return done(new Error('a message without a sender'))
    if (this.#stopping) return done(new Error('the broker is stopping'))
    const { topic, retain, qos } = packet
    const verdict = mayPublish(principal, topic)
    if (!verdict.allowed) return done(refusals.publish(principal, topic, verdict.reason))
    const { device } = verdict
    if (device === undefined) return done(null)
    const payload = Buffer.from(packet.payload)
    // aedes publishes the will of a client that is gone, and nothing else.
    const will = client.closed
    const message = {
      device,
      publisher: nameOf(principal),
      topic,
      payload,
      receivedMs: clock.now(),
      will,
      retain,
      qos,
    }
    intake.append(message, (error) => {
      if (error) refusals.count('not-kept')
      done(error ?? null)
    })
  }
}
