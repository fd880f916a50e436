import { createServer, Socket, type AddressInfo, type Server } from 'node:net'
import { Aedes, type AuthenticateError, type Client, type PublishPacket, type Subscription } from 'aedes'
import mqemitter, { type MQEmitter } from 'mqemitter'
import { Counter, Gauge } from 'prom-client'
import type { Principal } from '../estate/principal.ts'
import type { Clock } from '../platform/clock.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import { cursorTopic } from '../platform/intake-message.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { OperatorError } from '../platform/operator-error.ts'
import { limitPackets, PacketTooLarge } from './packet-limit.ts'
import { mayPublish, maySubscribe } from './permissions.ts'

/** The MQTT broker: who may connect, what they may say, and a PUBACK only for what is on disk.
 *
 *  aedes sends the PUBACK of a QoS 1 message before it publishes it, but after its `authorizePublish` hook,
 *  which may take its time. So the intake log is appended to in that hook, and a device whose message cannot
 *  be kept gets no PUBACK: it keeps its data and comes again. */

/** The contract allows uploads of 8 KiB; the rest is the topic and a firmware that is a little wrong. */
export const packetLimitBytes = 16 * 1024
const defaultConnectTimeoutMs = 10_000
const authenticateLimitMs = 5_000
/** A subscriber that does not read for so long is cut off. */
const drainTimeoutMs = 5_000
/** What may wait in the socket of one subscriber. */
const subscriberLimitBytes = 1024 * 1024
/** est/1/{site}/{kind}/{dev}/{class}/{sub} has seven levels. */
const topicLevelsLimit = 8
const tcpKeepAliveMs = 60_000

export interface BrokerOptions {
  host: string
  /** 0 = a free one. */
  port: number
  verify: (username: string, password: Buffer) => Promise<Principal | undefined>
  intake: IntakeLog
  /** How long a connection may take to say who it is; 10 s unless told. */
  connectTimeoutMs?: number
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class Broker {
  readonly #options: BrokerOptions
  readonly #principals = new WeakMap<Client, Principal>()
  readonly #refused: Counter
  readonly #sockets = new Set<Socket>()
  #aedes: Aedes | undefined
  #server: Server | undefined
  #stopping = false

  constructor(options: BrokerOptions) {
    this.#options = options
    const registers = [options.metrics]
    this.#refused = new Counter({
      name: 'estate_broker_refused_total',
      help: 'connections, publishes and subscriptions refused, by reason',
      labelNames: ['reason'],
      registers,
    })
    const connections: Gauge = new Gauge({
      name: 'estate_broker_connections',
      help: 'open connections',
      registers,
      collect: () => connections.set(this.#sockets.size),
    })
  }

  /** Resolves with the address it listens on. Throws an `OperatorError` when the port is taken. */
  async start(): Promise<{ host: string; port: number }> {
    const aedes = await Aedes.createBroker({
      mq: handingOn(),
      connectTimeout: this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs,
      drainTimeout: drainTimeoutMs,
      maxTopicLevels: topicLevelsLimit,
      preConnect: (client, packet, done) => {
        // The client id is free, and a session belongs to a user: nobody takes over another one's by its name.
        packet.clientId = `${packet.username ?? ''}:${packet.clientId}`
        if (client.conn instanceof Socket) client.conn.setKeepAlive(true, tcpKeepAliveMs)
        done(null, true)
      },
      authenticate: (client, username, password, done) =>
        void this.#authenticate(client, username, password, done),
      authorizePublish: (client, packet, done) => this.#authorizePublish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) =>
        done(null, this.#authorizeSubscribe(client, subscription)),
      authorizeForward: (client, packet) => (this.#cutLaggard(client) ? null : packet),
    })
    this.#aedes = aedes
    aedes.on('clientError', (client, error) => this.#clientFailed(client, error))
    aedes.on('connectionError', (client, error) => this.#clientFailed(client, error))
    this.#server = createServer((socket) => this.#accept(aedes, socket))
    return listen(this.#server, this.#options)
  }

  /** Ends all connections. The wills of devices that we cut off ourselves are not spoken: nobody is lost. */
  async stop(): Promise<void> {
    this.#stopping = true
    const [aedes, server] = [this.#aedes, this.#server]
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
    await new Promise<void>((resolve) => (aedes ? aedes.close(() => resolve()) : resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(aedes: Aedes, socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    limitPackets(aedes.handle(socket), packetLimitBytes)
  }

  async #authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): Promise<void> {
    const { verify, clock, logger } = this.#options
    const late = Promise.withResolvers<never>()
    const cancel = clock.after(authenticateLimitMs, () =>
      late.reject(new Error('credentials could not be read in time')),
    )
    try {
      const principal = await Promise.race([
        verify(username ?? '', password ?? Buffer.alloc(0)),
        late.promise,
      ])
      if (!principal) return done(this.#refuseConnection('bad-credentials', { username }), false)
      this.#principals.set(client, principal)
      done(null, true)
    } catch (cause) {
      logger.error({ err: cause }, 'a device could not be authenticated')
      done(Object.assign(new Error('server unavailable'), { returnCode: 3 }), false)
    } finally {
      cancel()
    }
  }

  #refuseConnection(reason: string, details: Record<string, unknown>): AuthenticateError {
    this.#refused.inc({ reason })
    this.#options.logger.warn({ reason, ...details }, 'a connection was refused')
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- aedes declares the codes but does not export them
    return Object.assign(new Error('bad user name or password'), { returnCode: 4 })
  }

  #authorizePublish(
    client: Client | null,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): void {
    const principal = client ? this.#principals.get(client) : undefined
    if (!client || !principal) return done(new Error('a message without a sender'))
    if (this.#stopping) return done(new Error('the broker is stopping'))
    const { topic, retain, qos } = packet
    const verdict = mayPublish(principal, topic)
    if (!verdict.allowed) return done(this.#refusePublish(principal, topic, verdict.reason))
    if (verdict.device === undefined) return done(this.#fromService(topic, packet))
    const { intake, clock } = this.#options
    const { device } = verdict
    const publisher = principal.type === 'device' ? principal.id : principal.name
    const payload = Buffer.from(packet.payload)
    // aedes publishes the will of a client that is gone, and nothing else.
    const receivedMs = clock.now()
    const message = { device, publisher, topic, payload, receivedMs, will: client.closed, retain, qos }
    intake.append(message, (error) => {
      if (error) this.#refused.inc({ reason: 'not-kept' })
      done(error ?? null)
    })
  }

  #fromService(topic: string, packet: PublishPacket): null {
    if (topic.startsWith(`${cursorTopic}/`)) {
      const position = Number(packet.payload.toString())
      if (Number.isSafeInteger(position))
        this.#options.intake.reportCursor(topic.slice(cursorTopic.length + 1), position)
    }
    return null
  }

  #refusePublish(principal: Principal, topic: string, reason: string): Error {
    const publisher = principal.type === 'device' ? principal.id : principal.name
    this.#refused.inc({ reason })
    this.#options.intake.countRefused(publisher)
    this.#options.logger.warn({ publisher, topic: topic.slice(0, 200), reason }, 'a publish was refused')
    return new Error(`${reason}: ${topic.slice(0, 200)}`)
  }

  #authorizeSubscribe(client: Client, subscription: Subscription): Subscription | null {
    const principal = this.#principals.get(client)
    if (principal && maySubscribe(principal, subscription.topic)) return subscription
    this.#refused.inc({ reason: 'subscription' })
    this.#options.logger.warn(
      { client: client.id, filter: subscription.topic.slice(0, 200) },
      'a subscription was refused',
    )
    return null
  }

  /** True when this subscriber reads too slowly; it is cut off before it holds up the others. */
  #cutLaggard(client: Client): boolean {
    if (client.conn.destroyed) return true
    if (client.conn.writableLength <= subscriberLimitBytes) return false
    this.#refused.inc({ reason: 'slow-consumer' })
    this.#options.logger.warn(
      { client: client.id, waitingBytes: client.conn.writableLength },
      'a slow subscriber was cut off',
    )
    client.conn.destroy()
    return true
  }

  #clientFailed(client: Client, error: Error): void {
    const principal = this.#principals.get(client)
    if (error instanceof PacketTooLarge) {
      this.#refused.inc({ reason: 'packet-too-large' })
      if (principal?.type === 'device') this.#options.intake.countRefused(principal.id)
    }
    this.#options.logger.info({ client: client.id, reason: error.message }, 'a connection was closed')
  }
}

/** aedes lets a publisher wait until every subscriber has taken its message: one that hangs would hold up all
 *  devices for as long as the drain timeout. What piles up instead is bounded by `subscriberLimitBytes`. */
function handingOn(): MQEmitter {
  const emitter = mqemitter({ matchEmptyLevels: true })
  const emit = emitter.emit.bind(emitter)
  emitter.emit = (packet, done) => {
    emit(packet)
    done?.()
    return emitter
  }
  return emitter
}

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
