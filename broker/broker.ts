import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Aedes, type Client, type PublishPacket } from 'aedes'
import { Gauge } from 'prom-client'
import type { Principal } from '../estate/principal.ts'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { OperatorError } from '../platform/operator-error.ts'
import { Audience } from './audience.ts'
import { Courier } from './courier.ts'
import { Door } from './door.ts'
import type { BrokerMemory } from './memory.ts'
import { limitPackets, PacketTooLarge } from './packet-limit.ts'
import { aedesPersistence, aheadOfAedes } from './persistence.ts'
import { PublishLane } from './publish-lane.ts'
import { Publishing } from './publishing.ts'
import { Refusals } from './refusals.ts'
import { Subscribers } from './subscribers.ts'

/** The MQTT broker: who may connect (`door.ts`), what they may say (`publishing.ts`: a PUBACK only for what is
 *  on disk), and who hears it (`subscribers.ts`). aedes speaks the protocol. */

/** The contract allows uploads of 8 KiB; the rest is the topic and a firmware that is a little wrong. */
export const packetLimitBytes = 16 * 1024
const defaultConnectTimeoutMs = 10_000
/** A subscriber that does not read for so long is cut off. */
const drainTimeoutMs = 5_000
/** est/1/{site}/{kind}/{dev}/{class}/{sub} has seven levels. */
const topicLevelsLimit = 8

const defaultWillGraceMs = 60_000
/** How often sessions are looked through for those that nobody uses. */
const sweepMs = 3_600_000

export interface BrokerOptions {
  host: string
  /** 0 = a free one. */
  port: number
  verify: (username: string, password: Buffer) => Promise<Principal | undefined>
  intake: IntakeLog
  /** Started, and stopped after the broker. */
  memory: BrokerMemory
  /** How long a connection may take to say who it is; 10 s unless told. */
  connectTimeoutMs?: number
  /** After a crash of the broker, how long a client has to come back before its will is spoken; 60 s unless told. */
  willGraceMs?: number
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class Broker {
  readonly #options: BrokerOptions
  readonly #refusals: Refusals
  readonly #door: Door
  readonly #audience = new Audience()
  readonly #publishing: Publishing
  readonly #subscribers: Subscribers
  readonly #courier: Courier
  readonly #sockets = new Set<Socket>()
  #sweep: Cancel = () => {}
  #aedes: Aedes | undefined
  #server: Server | undefined

  constructor(options: BrokerOptions) {
    this.#options = options
    this.#refusals = new Refusals(options)
    const refusals = this.#refusals
    this.#door = new Door({ ...options, takesMessages: () => options.intake.health().ok, refusals })
    const [door, audience] = [this.#door, this.#audience]
    const handOn = (packet: PublishPacket) => this.#aedes?.publish(packet, () => {})
    this.#publishing = new Publishing({ ...options, door, audience, handOn, refusals })
    this.#subscribers = new Subscribers({ door, refusals })
    this.#courier = new Courier(options.memory)
    const connections: Gauge = new Gauge({
      name: 'estate_broker_connections',
      help: 'open connections',
      registers: [options.metrics],
      collect: () => connections.set(this.#sockets.size),
    })
  }

  /** Resolves with the address it listens on. Throws an `OperatorError` when the port is taken. */
  async start(): Promise<{ host: string; port: number }> {
    const [door, publishing, subscribers] = [this.#door, this.#publishing, this.#subscribers]
    const { memory, clock, connectTimeoutMs, willGraceMs = defaultWillGraceMs } = this.#options
    const aedes = await Aedes.createBroker({
      mq: this.#audience.emitter,
      persistence: aheadOfAedes(aedesPersistence(memory, clock), {
        memory,
        granted: (client, filter) => subscribers.holds(client, filter),
        door,
      }),
      // aedes looks for wills of broker runs that are gone every four heartbeats.
      heartbeatInterval: willGraceMs / 4,
      connectTimeout: connectTimeoutMs ?? defaultConnectTimeoutMs,
      drainTimeout: drainTimeoutMs,
      maxTopicLevels: topicLevelsLimit,
      preConnect: (client, packet, done) => {
        door.greet(client, packet)
        done(null, true)
      },
      authenticate: (client, username, password, done) =>
        void door.authenticate(client, { username, password }, done),
      authorizePublish: (client, packet, done) => publishing.authorize(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => {
        const granted = subscribers.authorize(client, subscription)
        // A session may hold it from a time when it was allowed.
        if (!granted) memory.sessions.unsubscribe(client.id, [subscription.topic])
        done(null, granted)
      },
      authorizeForward: (client, packet) =>
        subscribers.cutLaggard(client) ? null : this.#courier.forward(client, packet),
    })
    this.#aedes = aedes
    this.#attend(aedes)
    this.#sweep = clock.every(sweepMs, () => memory.expire())
    this.#server = createServer((socket) => this.#accept(aedes, socket))
    return listen(this.#server, this.#options)
  }

  /** Ends all connections. The wills of devices that we cut off ourselves are not spoken: nobody is lost. */
  async stop(): Promise<void> {
    this.#sweep()
    this.#publishing.stop()
    const [aedes, server] = [this.#aedes, this.#server]
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
    await new Promise<void>((resolve) => (aedes ? aedes.close(() => resolve()) : resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #attend(aedes: Aedes): void {
    aedes.on('clientError', (client, error) => this.#clientFailed(client, error))
    aedes.on('connectionError', (client, error) => this.#clientFailed(client, error))
    aedes.on('client', (client) => this.#door.came(client))
    aedes.on('clientReady', (client) => this.#courier.begin(client))
    aedes.on('subscribe', (_, client) => this.#courier.begin(client))
    aedes.on('unsubscribe', (filters, client) => this.#subscribers.left(client, filters))
    aedes.on('clientDisconnect', (client) => {
      this.#door.left(client)
      this.#courier.end(client)
    })
    aedes.addListener('error', (cause) => this.#options.logger.error({ err: cause }, 'aedes failed'))
  }

  #accept(aedes: Aedes, socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const client = aedes.handle(socket)
    limitPackets(client, packetLimitBytes)
    PublishLane.open(client, this.#publishing, packetLimitBytes)
  }

  #clientFailed(client: Client, error: Error): void {
    const reason = error instanceof PacketTooLarge ? 'packet-too-large' : refusedBy.get(error.message)
    if (reason !== undefined) this.#refusals.packet(this.#door.principalOf(client), reason)
    // Of ten thousand that say nothing, the counter says enough.
    if (reason === 'silent') return
    this.#options.logger.info({ client: client.id, reason: error.message }, 'a connection was closed')
  }
}

/** What aedes says when it ends a connection, and the reason for which we count it. */
const refusedBy = new Map([
  ['topic has too many levels', 'topic-too-deep'],
  ['connect did not arrive in time', 'silent'],
])

function listen(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const taken = 'code' in cause && cause.code === 'EADDRINUSE'
      reject(taken ? new OperatorError(`MQTT_PORT: ${host}:${port} is already in use.`) : cause)
    })
    server.listen(port, host, () => resolve({ host, port: portOf(server.address()) ?? port }))
  })
}

function portOf(address: AddressInfo | string | null): number | undefined {
  return typeof address === 'object' ? address?.port : undefined
}
