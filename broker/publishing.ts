import type { Client, PublishPacket } from 'aedes'
import { z } from 'zod'
import type { Principal } from '../estate/principal.ts'
import { parseTopic } from '../firmware-contracts/topics.ts'
import type { Clock } from '../platform/clock.ts'
import type { Appended } from '../platform/intake-batch.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import type { Audience } from './audience.ts'
import { userOf, type Door } from './door.ts'
import type { BrokerMemory } from './memory.ts'
import { mayPublish } from './permissions.ts'
import type { PublishFrame } from './publish-frame.ts'
import type { LaneOwner, Settle, Speaker } from './publish-lane.ts'
import { nameOf, type Refusals } from './refusals.ts'

/** What a client says: allowed, kept, and only then acknowledged.
 *
 *  Two ways lead here: the lane (`publish-lane.ts`) for what devices say all day, and aedes for all the rest.
 *  aedes sends the PUBACK of a QoS 1 message before it publishes it, but after its `authorizePublish` hook,
 *  which may take its time. So the intake log is appended to in that hook, and a device whose message cannot
 *  be kept gets no PUBACK: it keeps its data and comes again.
 *
 *  What a message does (retained, queued for sessions) is done here too, before its PUBACK and in the order of
 *  the log; `memory.ts` says what is on disk when. */

export interface PublishingOptions {
  door: Door
  intake: IntakeLog
  memory: BrokerMemory
  refusals: Refusals
  audience: Audience
  /** Passes a message on to its audience. */
  handOn: (packet: PublishPacket) => void
  clock: Clock
}

type Done = (error?: Error | null) => void

interface Sender {
  device: string
  publisher: string
  will: boolean
}

/** Topics remembered per connection: a gateway with 300 meters has three of each. */
const topicsKept = 1_024

export class Publishing implements LaneOwner {
  readonly #options: PublishingOptions
  #stopping = false
  /** Set while PUBACKs wait for the disk of sessions. */
  #behind: Promise<void> | undefined
  /** Of each connection, when the last of what aedes brought is settled. */
  readonly #last = new WeakMap<Client, Promise<void>>()

  constructor(options: PublishingOptions) {
    this.#options = options
  }

  /** From here on nothing is accepted. */
  stop(): void {
    this.#stopping = true
  }

  /** aedes' hook: `done` without an error lets the message be acknowledged and handed on. */
  authorize(client: Client | null, packet: PublishPacket, done: Done): void {
    if (this.#stopping) return done(new Error('the broker is stopping'))
    if (!client) return this.#speakForTheLost(packet, done)
    this.#decide(client, packet, this.#inOrder(client, done))
  }

  /** aedes ends a connection at an error: not before what came earlier on it has its PUBACK. */
  #inOrder(client: Client, done: Done): Done {
    const earlier = this.#last.get(client)
    const settled = Promise.withResolvers<void>()
    this.#last.set(client, settled.promise)
    return (error) => {
      const settle = () => {
        done(error)
        settled.resolve()
      }
      // aedes writes what it has to say at the end of its turn.
      if (error && earlier) void earlier.then(() => setImmediate(settle))
      else settle()
    }
  }

  #decide(client: Client, packet: PublishPacket, done: Done): void {
    const { door, memory, refusals } = this.#options
    const principal = door.principalOf(client)
    if (!principal) return done(new Error('a message without a sender'))
    const { topic } = packet
    const verdict = mayPublish(principal, topic)
    if (!verdict.allowed) return done(refusals.publish(principal, topic, verdict.reason))
    // QoS 2, sent again because its PUBREC was lost: aedes only repeats that.
    if (packet.qos === 2 && memory.incoming.get(client.id, packet.messageId ?? 0)) return done(null)
    // aedes publishes the will of a client that is gone, and nothing else.
    const will = client.closed
    const settle: Done = (error) => {
      if (error && will) this.#leaveWill(client)
      done(error)
    }
    if (verdict.device === undefined) return this.#fromService(packet, settle)
    this.#fromDevice({ device: verdict.device, publisher: nameOf(principal), will }, packet, settle)
  }

  /** Last words that nobody can keep now. They are no longer this connection's: aedes brings them again with those
   *  of the lost, every minute, until they are kept or their user is back. */
  #leaveWill(client: Client): void {
    const { door, memory, refusals } = this.#options
    if (door.isHere(client.id)) return
    refusals.count(memory.leaveWill(client.id) ? 'will-put-off' : 'will-dropped')
  }

  #fromDevice(sender: Sender, { topic, retain, qos, payload }: PublishPacket, done: Done): void {
    const message = { ...sender, topic, payload: Buffer.from(payload), retain, qos }
    this.#keep(message, (error) => {
      if (error) this.#options.refusals.count('not-kept')
      done(error ?? null)
    })
  }

  /** Messages of services are in no log: what they do is on disk before they are acknowledged. */
  #fromService(packet: PublishPacket, done: Done): void {
    const { memory } = this.#options
    if (!memory.take(packet)) return done(null)
    memory.durable().then(() => done(null), done)
  }

  /** aedes brings the wills of clients that were connected when the broker died, and have not come back. What
   *  they may say was decided when they came. */
  #speakForTheLost(will: PublishPacket, done: Done): void {
    const { success, data } = z.object({ clientId: z.string() }).safeParse(will)
    if (!success) return done(new Error('a message without a sender'))
    const parsed = parseTopic(will.topic)
    if (!parsed.ok) return this.#fromService(will, done)
    const sender = { device: parsed.address.device, publisher: userOf(data.clientId), will: true }
    this.#fromDevice(sender, will, done)
  }

  /** Into the log, then into memory; `settle` is called when both are done, in the order of the messages. */
  #keep(message: Omit<Appended, 'receivedMs'>, settle: Settle): void {
    const { intake, memory, clock } = this.#options
    intake.append({ ...message, receivedMs: clock.now() }, (error, position) => {
      if (!error) memory.take(message, position)
      if (!error && memory.crowded) this.#waitForMemory()
      // Behind one that waits all do: no PUBACK overtakes another [MQTT-4.6.0-2].
      if (this.#behind) void this.#behind.then(() => settle(error))
      else settle(error)
    })
  }

  /** What the disk of sessions does not take, the log still has. */
  #waitForMemory(): void {
    const behind = this.#options.memory.durable().catch(() => {})
    this.#behind = behind
    void behind.then(() => {
      if (this.#behind === behind) this.#behind = undefined
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
    const publisher = principal.id
    this.#keep({ device, publisher, topic, payload, will: false, retain: false, qos: 1 }, settle)
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
