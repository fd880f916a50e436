import type { IPublishPacket } from 'mqtt'
import { Counter, Gauge } from 'prom-client'
import { decode } from '../firmware-contracts/decode.ts'
import { kinds } from '../firmware-contracts/message.ts'
import { isId, parseTopic } from '../firmware-contracts/topics.ts'
import type { Clock } from '../platform/clock.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { ExternalSession } from './external-intake-session.ts'
import { serverClasses } from './permissions.ts'
import type { Strangers } from './strangers.ts'

/** What stands in for our own broker when devices talk to an external one (`MQTT_URL`): a subscriber that
 *  appends to the same intake log, and acknowledges only what is on disk.
 *
 *  One session for each kind of device. So the load is shared, no message comes twice, and what one device says
 *  stays in order: a device has one kind, and its kind stands in its topic. Shared subscriptions (`$share`)
 *  would do none of this: they scatter the messages of a device over sessions; MQTT 3.1.1 does not have them,
 *  and where a broker does not either (RabbitMQ), the subscription is granted and stays silent.
 *
 *  The external broker has authenticated the device and acknowledged its message, so there is no door here at
 *  which anything could be refused: whatever names a device is kept, also what is too large or on a topic that
 *  does not exist, or comes from one stranger too many (strangers.ts). Ingest puts that into quarantine. */

/** More than the contract allows for any message: what is longer is cut, and in quarantine all the same. */
const payloadLimitBytes = 16 * 1024
/** est/1/{site}/{kind}/{device}/… */
const deviceLevel = 4

export interface ExternalIntakeOptions {
  url: string
  login?: Readonly<{ username: string; password: string }>
  intake: IntakeLog
  strangers: Strangers
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class ExternalIntake {
  readonly #options: ExternalIntakeOptions
  readonly #sessions: readonly ExternalSession[]
  readonly #messages: Counter

  constructor(options: ExternalIntakeOptions) {
    this.#options = options
    const { url, login, clock, logger, metrics } = options
    this.#sessions = kinds.map(
      (kind) =>
        new ExternalSession({
          url,
          login,
          // By its name a broker knows a session again; two systems at one broker need two user names.
          clientId: `${login?.username ?? 'estate-pulse'}-intake-${kind}`,
          filter: `est/1/+/${kind}/#`,
          receive: (packet, settle) => this.#receive(packet, settle),
          clock,
          logger,
        }),
    )
    this.#messages = this.#measure(metrics)
  }

  /** Connecting goes on by itself, for as long as it takes; `health` says how it stands. */
  start(): void {
    for (const session of this.#sessions) session.start()
  }

  /** Acknowledges what is in hand; needs the intake log to be open still. */
  async stop(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.stop()))
  }

  health(): { ok: boolean; detail: string } {
    const troubles = this.#sessions.flatMap((session) => session.trouble() ?? [])
    const [first] = troubles
    if (first === undefined) return { ok: true, detail: 'listens at the external broker' }
    return { ok: false, detail: `${troubles.length} of ${this.#sessions.length} sessions: ${first}` }
  }

  #receive(packet: IPublishPacket, settle: (error?: Error) => void): void {
    const { topic, retain, qos } = packet
    const sender = senderOf(topic)
    if (sender === 'server') return settle()
    if (sender === undefined) {
      this.#messages.inc({ outcome: 'no-device' })
      this.#options.logger.warn({ topic: topic.slice(0, 200) }, 'a message names no device')
      return settle()
    }
    const { device } = sender
    const whole = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
    const payload = whole.subarray(0, payloadLimitBytes)
    const will = sender.class === 'conn' && saysLost(topic, payload)
    const { intake, strangers, clock } = this.#options
    const publisher = strangers.publisherFor(device)
    const message = {
      device: publisher,
      publisher,
      topic,
      payload,
      receivedMs: clock.now(),
      will,
      retain,
      qos,
    }
    intake.append(message, (error) => {
      this.#messages.inc({ outcome: error ? 'not-kept' : 'kept' })
      settle(error)
    })
  }

  #measure(metrics: Metrics): Counter {
    const registers = [metrics]
    const sessions = this.#sessions
    const listening: Gauge = new Gauge({
      name: 'estate_external_sessions',
      help: `sessions that listen at the external broker, of ${sessions.length}`,
      registers,
      collect: () => listening.set(sessions.filter((session) => session.listening()).length),
    })
    const inHand: Gauge = new Gauge({
      name: 'estate_external_in_hand',
      help: 'messages that the external broker has delivered and we have not acknowledged yet',
      registers,
      collect: () => inHand.set(sessions.reduce((sum, session) => sum + session.inHand(), 0)),
    })
    return new Counter({
      name: 'estate_external_messages_total',
      help: 'messages from the external broker: kept, not-kept (given back), no-device (nobody to count them for)',
      labelNames: ['outcome'],
      registers,
    })
  }
}

/** Whose message it is; `server` for what the server itself says to a device, which comes back to us. A topic
 *  that is wrong in another place may still name a device. */
function senderOf(topic: string): { device: string; class?: string } | 'server' | undefined {
  const parsed = parseTopic(topic)
  if (parsed.ok) return serverClasses.has(parsed.address.class) ? 'server' : parsed.address
  const device = topic.split('/', deviceLevel + 1)[deviceLevel] ?? ''
  return isId(device) ? { device } : undefined
}

/** A will is a message like any other to those who hear it; only a vanished device's says `lost`. */
function saysLost(topic: string, payload: Uint8Array): boolean {
  const decoded = decode(topic, payload)
  return decoded.ok && decoded.message.type === 'connection' && decoded.message.state === 'lost'
}
