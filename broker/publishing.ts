import type { Client, PublishPacket } from 'aedes'
import type { Principal } from '../estate/principal.ts'
import type { Clock } from '../platform/clock.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import type { Audience } from './audience.ts'
import type { Door } from './door.ts'
import { mayPublish } from './permissions.ts'
import type { PublishFrame } from './publish-frame.ts'
import type { LaneOwner, Settle, Speaker } from './publish-lane.ts'
import { nameOf, type Refusals } from './refusals.ts'

/** What a client says: allowed, kept, and only then acknowledged.
 *
 *  Two ways lead here: the lane (`publish-lane.ts`) for what devices say all day, and aedes for all the rest.
 *  aedes sends the PUBACK of a QoS 1 message before it publishes it, but after its `authorizePublish` hook,
 *  which may take its time. So the intake log is appended to in that hook, and a device whose message cannot
 *  be kept gets no PUBACK: it keeps its data and comes again. */

export interface PublishingOptions {
  door: Door
  intake: IntakeLog
  refusals: Refusals
  audience: Audience
  /** Passes a message on to its audience. */
  handOn: (packet: PublishPacket) => void
  clock: Clock
}

/** Topics remembered per connection: a gateway with 300 meters has three of each. */
const topicsKept = 1_024

export class Publishing implements LaneOwner {
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

  /** A service's messages are not logged, so the lane is not for them. */
  speaker(client: Client): Speaker | undefined {
    const principal = this.#options.door.principalOf(client)
    return principal?.type === 'device' ? { principal, topics: new Map() } : undefined
  }

  /** What is not taken, aedes brings to `authorize`, to be refused there. */
  take({ principal, topics }: Speaker, { topic, payload }: PublishFrame, settle: Settle): boolean {
    const device = topics.get(topic) ?? allow(principal, topics, topic)
    if (device === undefined || this.#stopping) return false
    const { intake, clock } = this.#options
    const message = {
      device,
      publisher: principal.id,
      topic,
      payload,
      receivedMs: clock.now(),
      will: false,
      retain: false,
      qos: 1,
    } as const
    intake.append(message, settle)
    return true
  }

  handOn({ topic, payload }: PublishFrame): void {
    const { audience, handOn } = this.#options
    if (!audience.wants(topic)) return
    handOn({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false })
  }

  notKept(count: number): void {
    this.#options.refusals.count('not-kept', count)
  }
}

/** The device that a topic names, remembered; nothing for a topic that this device may not publish. */
function allow(principal: Principal, topics: Map<string, string>, topic: string): string | undefined {
  const verdict = mayPublish(principal, topic)
  if (!verdict.allowed || verdict.device === undefined) return undefined
  if (topics.size < topicsKept) topics.set(topic, verdict.device)
  return verdict.device
}
