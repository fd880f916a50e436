import { Socket } from 'node:net'
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { OwedAcks } from './external-intake-acks.ts'

/** One session at an external broker: connects, subscribes, hands every message on, and acknowledges it when it
 *  is told that the message was dealt with. The session is persistent: the broker keeps what comes while we are
 *  away.
 *
 *  mqtt.js takes the next message only after the callback of `handleMessage`, so an acknowledgement by callback
 *  means one message per fsync. But a callback with an error goes on to the next message and leaves the PUBACK
 *  unsent, without a word. That trap is the way out: every callback gets an error at once, and the PUBACK is
 *  written here, later. So all that the broker's window of unacknowledged messages lets through (20 at a
 *  Mosquitto as it comes) shares one commit, in the order in which it was sent.
 *
 *  A message that cannot be kept ends the connection, once those before it are acknowledged (or a log that is
 *  nearly full would fill up with them, over and over): what is not acknowledged stays with the broker, which
 *  delivers it again after the pause. Every connection is a client of its own, so that no PUBACK of an old
 *  connection can reach a new one, where its number may mean another message. */

/** Beyond what a broker should have in flight; then it waits in the socket, not here. */
const inHandLimit = 1_024
const connectTimeoutMs = 5_000
const keepaliveS = 15
/** Before dialling again; also between giving a message back and asking for it again. */
const redialPauseMs = 1_000
const hangUpLimitMs = 1_000
/** What a broker answers in place of a QoS to a subscription that it refuses. */
const refusedQos = 128
const pubackFollows = new Error('the PUBACK follows when the message is on disk')

export interface SessionOptions {
  url: string
  login: Readonly<{ username: string; password: string }> | undefined
  clientId: string
  filter: string
  /** Deals with a message; `settle` acknowledges it, `settle(error)` gives it back. */
  receive: (packet: IPublishPacket, settle: (error?: Error) => void) => void
  clock: Clock
  logger: Log
}

/** One connection, from dialling to its end. */
interface Link {
  client: MqttClient
  acks: OwedAcks
  /** `giving-back` takes no more messages, and ends as soon as what it took before is acknowledged. */
  state: 'open' | 'giving-back' | 'ended'
  reason: string
  /** Lets mqtt.js go on when there is room again. */
  resume?: () => void
}

export class ExternalSession {
  readonly #options: SessionOptions
  #link: Link | undefined
  #state: 'away' | 'listening' | 'stopping' = 'away'
  #away = 'not connected yet'
  #notKept: string | undefined
  /** The broker has confirmed the subscription since this process began. */
  #confirmed = false
  #redial: Cancel = () => {}

  constructor(options: SessionOptions) {
    this.#options = options
  }

  start(): void {
    const client = mqtt.connect(this.#options.url, this.#clientOptions())
    const acks = new OwedAcks({
      write: (packets) => this.#acknowledge(link, packets),
      stuck: () => this.#hangUp(link),
    })
    const link: Link = { client, acks, state: 'open', reason: '' }
    this.#link = link
    client.handleMessage = (packet, done) => this.#receive(link, packet, () => done(pubackFollows))
    client.on('connect', ({ sessionPresent }) => this.#subscribe(link, sessionPresent))
    client.on('error', (cause) => this.#end(link, cause.message))
    client.on('close', () => this.#closed(link))
  }

  /** Acknowledges what is in hand and says goodbye; the broker keeps the session. */
  async stop(): Promise<void> {
    this.#state = 'stopping'
    this.#redial()
    const link = this.#link
    if (!link) return
    const gone = new Promise<void>((resolve) => link.client.once('close', () => resolve()))
    const tooLong = this.#options.clock.after(hangUpLimitMs, () => link.client.stream.destroy())
    this.#leave(link)
    await gone
    tooLong()
  }

  /** What keeps messages from coming, in words; nothing when all is well. */
  trouble(): string | undefined {
    return this.#state === 'listening' ? this.#notKept : (this.#notKept ?? this.#away)
  }

  listening(): boolean {
    return this.#state === 'listening'
  }

  /** Messages that came and are not acknowledged yet. */
  inHand(): number {
    return this.#link?.acks.size ?? 0
  }

  #clientOptions(): IClientOptions {
    const { login, clientId } = this.#options
    return {
      ...login,
      clientId,
      clean: false,
      protocolVersion: 4,
      reconnectPeriod: 0,
      resubscribe: false,
      connectTimeout: connectTimeoutMs,
      keepalive: keepaliveS,
    }
  }

  /** A subscription that is already there is left alone: every SUBSCRIBE has all retained messages sent again
   *  [MQTT-3.8.4-3], and a Mosquitto as it comes drops what exceeds a queue of 1,000. But only if this process
   *  saw it confirmed: one that ended between CONNECT and SUBSCRIBE leaves a session behind that is present and
   *  hears nothing. */
  #subscribe(link: Link, sessionPresent: boolean): void {
    if (link.client.stream instanceof Socket) link.client.stream.setNoDelay(true)
    if (sessionPresent && this.#confirmed) return this.#listen(link)
    const { filter } = this.#options
    link.client.subscribe(filter, { qos: 1 }, (cause, granted) => {
      const qos = granted?.[0]?.qos
      if (!cause && qos === 1) return this.#listen(link)
      const why = qos === undefined || qos === refusedQos ? cause?.message : `QoS ${qos} instead of 1`
      this.#end(link, `the subscription ${filter} is refused: ${why ?? 'by the external broker'}`)
    })
  }

  #listen(link: Link): void {
    if (link.state === 'ended' || this.#state === 'stopping') return
    this.#confirmed = true
    this.#state = 'listening'
    this.#options.logger.info({ session: this.#options.clientId }, 'listens at the external broker')
  }

  #receive(link: Link, packet: IPublishPacket, next: () => void): void {
    if (link.state !== 'open' || this.#state === 'stopping') return next()
    // One of QoS 0 has no number: nobody waits for its PUBACK, and it would not come again.
    const settle = packet.messageId === undefined ? () => {} : link.acks.owe(packet.messageId)
    this.#options.receive(packet, (error) => {
      if (error && packet.messageId !== undefined) this.#giveBack(link, error)
      else if (!error) this.#notKept = undefined
      settle(error ? 'given-back' : 'kept')
    })
    if (link.acks.size < inHandLimit) next()
    else link.resume = next
  }

  #acknowledge(link: Link, packets: Buffer): void {
    if (link.client.stream.writable) link.client.stream.write(packets)
    if (link.acks.size < inHandLimit) this.#resume(link)
    if (this.#state === 'stopping') this.#leave(link)
  }

  #resume(link: Link): void {
    const { resume } = link
    delete link.resume
    resume?.()
  }

  #giveBack(link: Link, { message }: Error): void {
    this.#notKept = `messages are left with the external broker: ${message}`
    if (link.state !== 'open') return
    link.state = 'giving-back'
    link.reason = this.#notKept
    this.#resume(link)
  }

  /** Ends a connection of which nothing more is acknowledged; `close` follows. */
  #end(link: Link, reason: string): void {
    if (link.state === 'ended') return
    link.state = 'ended'
    link.reason = reason
    link.client.stream.destroy()
    this.#resume(link)
  }

  /** Hangs up once everything in hand is acknowledged. */
  #leave(link: Link): void {
    if (link.acks.size === 0) this.#hangUp(link)
  }

  /** Says goodbye; a broker that does not answer it is left all the same. */
  #hangUp(link: Link): void {
    if (link.state === 'ended') return
    link.state = 'ended'
    const { client } = link
    const tooLong = this.#options.clock.after(hangUpLimitMs, () => client.stream.destroy())
    client.once('close', tooLong)
    client.end()
  }

  #closed(link: Link): void {
    link.state = 'ended'
    if (this.#link !== link) return
    this.#link = undefined
    if (this.#state === 'stopping') return
    const away = link.reason === '' ? 'the external broker closed the connection' : link.reason
    const { clock, logger, clientId } = this.#options
    if (this.#state === 'listening' || away !== this.#away)
      logger.warn({ session: clientId, reason: away }, 'does not listen at the external broker')
    this.#state = 'away'
    this.#away = away
    this.#redial = clock.after(redialPauseMs, () => this.start())
  }
}
