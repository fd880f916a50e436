import { Readable } from 'node:stream'
import type { Client } from 'aedes'
import type { Clock } from '../platform/clock.ts'
import type { Door } from './door.ts'
import type { BrokerMemory, Taken } from './memory.ts'
import type { Queued, Subscription } from './sessions.ts'

/** The broker's memory as aedes asks for it: the interface of aedes-persistence 11, proved by its published
 *  conformance suite. Every promise resolves when its change is on disk, where MQTT requires that (`memory.ts`
 *  says where). */

interface ClientId {
  id: string
}
interface ClientOf {
  clientId: string
  qos?: Subscription['qos']
}
interface Publish extends Taken {
  brokerId?: string
  brokerCounter?: number
}
interface Update {
  cmd?: string
  messageId?: number
  brokerId?: string
  brokerCounter?: number
}
interface Numbered {
  messageId: number
}
interface WillPacket extends Taken {
  clientId?: string
  brokerId?: string
}

export type Persistence = ReturnType<typeof aedesPersistence>

export function aedesPersistence(memory: BrokerMemory, clock: Clock) {
  const { retained } = memory
  let broker = { id: '' }
  return {
    get broker() {
      return broker
    },
    async setup(itsBroker: { id: string }): Promise<void> {
      broker = itsBroker
      await memory.durable()
    },

    async storeRetained(packet: Taken): Promise<void> {
      memory.retain({ ...packet })
      await memory.durable()
    },
    createRetainedStream: (filter: string) => Readable.from(retained.matching(filter)),
    createRetainedStreamCombi: (filters: readonly string[]) =>
      Readable.from(filters.flatMap((filter) => [...retained.matching(filter)])),

    ...subscribing(memory, clock),
    ...outgoing(memory),
    ...incomingOf(memory),
    ...willsOf(memory, () => broker.id),

    async destroy(): Promise<void> {
      await memory.stop()
    },
  }
}

/** The same for our broker, which is ahead of aedes: what a message does has been done before its PUBACK
 *  (`publishing.ts`), and queues are brought to their clients in order (`courier.ts`). To aedes nothing is
 *  retained or queued. */
export function aheadOfAedes(persistence: Persistence, { memory, granted, door }: AheadOptions) {
  return {
    ...persistence,
    storeRetained: () => Promise.resolve(),
    subscriptionsByTopic: () => Promise.resolve([]),
    outgoingEnqueueCombi: () => Promise.resolve(),
    outgoingStream: () => Readable.from([]),
    /** aedes stores all subscriptions of a packet when one of them is granted. */
    addSubscriptions: (client: Client, subscriptions: readonly Subscription[]) =>
      persistence.addSubscriptions(
        client,
        subscriptions.filter(({ topic }) => granted(client, topic)),
      ),
    /** Wills of who was connected when the broker died. Who has come back, under whatever client id, is not lost. */
    streamWill: (brokers: Readonly<Record<string, unknown>> = {}) => {
      const left = [...memory.wills()].filter(({ brokerId }) => brokers[brokerId] === undefined)
      for (const { clientId } of left) if (door.isUserHere(clientId)) memory.deleteWill(clientId)
      return Readable.from(left.filter(({ clientId }) => !door.isUserHere(clientId)))
    },
    /** A device is let in also when its will cannot be kept: it has readings to bring. */
    putWill: (client: ClientId, packet: WillPacket) =>
      persistence.putWill(client, packet).catch(() => undefined),
    /** Of a connection that another one has taken over: the will that is kept is the other one's. */
    delWill: (client: ClientId & { brokerId?: string }) =>
      client.brokerId !== undefined && door.isHere(client.id)
        ? Promise.resolve(undefined)
        : persistence.delWill(client),
  }
}

export interface AheadOptions {
  memory: BrokerMemory
  /** Whether the SUBACK is going to say so; of a packet, subscription after subscription is decided. */
  granted: (client: Client, filter: string) => boolean
  door: Door
}

/** What is on its way to clients. */
function outgoing(memory: BrokerMemory) {
  const { sessions } = memory
  const enqueue = async (receivers: readonly ClientOf[], packet: Publish) => {
    const { brokerId, brokerCounter } = packet
    const matches = receivers.map(({ clientId, qos = packet.qos }) => ({
      clientId,
      qos,
      topic: packet.topic,
    }))
    sessions.queueFor(matches, packet, { brokerId, brokerCounter })
    await memory.durable()
  }
  return {
    outgoingEnqueue: (receiver: ClientOf, packet: Publish) => enqueue([receiver], packet),
    outgoingEnqueueCombi: enqueue,
    /** A message gets its identifier; or a PUBREL takes its place. One for a message that we do not know is owed
     *  all the same. */
    async outgoingUpdate({ id }: ClientId, packet: Update): Promise<void> {
      const { messageId, brokerId, brokerCounter } = packet
      const session = sessions.get(id)
      if (!session || messageId === undefined) return
      if (packet.cmd === 'pubrel') sessions.release(id, messageId)
      else {
        const queued = [...session.inFlight, ...session.waiting.values()].find(
          ({ origin }) => origin?.brokerId === brokerId && origin?.brokerCounter === brokerCounter,
        )
        if (queued) sessions.sent(session, queued, messageId)
      }
      await memory.durable()
    },
    outgoingClearMessageId: ({ id }: ClientId, { messageId }: Update) => {
      const queued = messageId === undefined ? undefined : sessions.acknowledge(id, messageId)
      return Promise.resolve(queued && packetOf(queued))
    },
    outgoingStream: ({ id }: ClientId) => {
      const session = sessions.get(id)
      const queued = session ? [...session.inFlight, ...session.waiting.values()] : []
      return Readable.from(queued.map(packetOf))
    },
  }
}

function packetOf({ topic, payload, qos, retain, messageId, released, dup, origin }: Queued) {
  if (released) return { cmd: 'pubrel', messageId }
  return { cmd: 'publish', ...origin, topic, payload, qos, retain, dup, messageId }
}

function subscribing(memory: BrokerMemory, clock: Clock) {
  const { sessions } = memory
  return {
    async addSubscriptions({ id }: ClientId, subscriptions: readonly Subscription[]): Promise<void> {
      sessions.subscribe(id, subscriptions, clock.now())
      await memory.durable()
    },
    async removeSubscriptions({ id }: ClientId, filters: readonly string[]): Promise<void> {
      sessions.unsubscribe(id, filters)
      await memory.durable()
    },
    subscriptionsByClient: ({ id }: ClientId) =>
      Promise.resolve([...(sessions.get(id)?.subscriptions.values() ?? [])]),
    subscriptionsByTopic: (topic: string) => Promise.resolve(sessions.subscribed(topic)),
    /** A client that begins a clean session: nothing of an earlier one may come back [MQTT-3.1.2-6]. */
    async cleanSubscriptions({ id }: ClientId): Promise<void> {
      if (sessions.forget(id)) await memory.durable()
    },
    countOffline() {
      const clientsCount = [...sessions.all()].filter(({ subscriptions }) => subscriptions.size > 0).length
      return Promise.resolve({ subsCount: sessions.subscriptionCount, clientsCount })
    },
    getClientList: (filter: string) =>
      Readable.from(
        [...sessions.all()]
          .filter(({ subscriptions }) => subscriptions.has(filter))
          .map(({ client }) => client),
      ),
  }
}

/** QoS 2 from clients. */
function incomingOf(memory: BrokerMemory) {
  const { incoming } = memory
  return {
    async incomingStorePacket({ id }: ClientId, packet: Numbered & { length?: number }): Promise<void> {
      const { length: _, ...kept } = packet
      incoming.put(id, kept)
      await memory.durable()
    },
    async incomingGetPacket({ id }: ClientId, { messageId }: Numbered) {
      const packet = incoming.get(id, messageId)
      if (!packet) throw new Error('no such packet')
      return packet
    },
    async incomingDelPacket({ id }: ClientId, { messageId }: Numbered): Promise<void> {
      if (!incoming.remove(id, messageId)) throw new Error('no such packet')
    },
    async cleanIncoming({ id }: ClientId): Promise<void> {
      incoming.forget(id)
    },
  }
}

function willsOf(memory: BrokerMemory, brokerId: () => string) {
  return {
    async putWill({ id }: ClientId, packet: WillPacket): Promise<void> {
      memory.putWill(Object.assign(packet, { clientId: id, brokerId: brokerId() }))
      await memory.durable()
    },
    getWill: ({ id }: ClientId) => Promise.resolve(memory.will(id)),
    /** Of this run of the broker, if one is named: the will of a new connection is not deleted with an old one's. */
    async delWill({ id, brokerId: run }: ClientId & { brokerId?: string }) {
      const will = memory.will(id)
      if (run !== undefined && will?.brokerId !== run) return undefined
      memory.deleteWill(id)
      return will
    },
    streamWill: (brokers: Readonly<Record<string, unknown>> = {}) =>
      Readable.from([...memory.wills()].filter(({ brokerId }) => brokers[brokerId] === undefined)),
  }
}
