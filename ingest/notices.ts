import mqtt, { type MqttClient } from 'mqtt'
import { Counter } from 'prom-client'
import type { Refusal } from '../firmware-contracts/message.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'

/** What ingest says over MQTT: to a device what was refused of it, to everyone whether ingest is there
 *  (`srv/1/status`), to automations which faults and orders there are, to the broker how far the log is used.
 *  Everything said here is also kept elsewhere: a notice that cannot be delivered is counted and dropped. */
const statusTopic = 'srv/1/status'
/** Notices that wait for the broker's PUBACK or for the connection. */
const waitingLimit = 10_000

export interface NoticesOptions {
  url: string
  username: string
  password: string
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class Notices {
  readonly #options: NoticesOptions
  readonly #dropped: Counter
  #client: MqttClient | undefined
  #waiting = 0

  constructor(options: NoticesOptions) {
    this.#options = options
    this.#dropped = new Counter({
      name: 'estate_notices_dropped_total',
      help: 'notices that found no room while the broker was away',
      registers: [options.metrics],
    })
  }

  /** Resolves once connected; the connection is then kept up by itself. */
  async start(): Promise<void> {
    const { url, username, password, clock, logger } = this.#options
    const client = mqtt.connect(url, {
      username,
      password,
      clientId: `${username}-${process.pid}`,
      protocolVersion: 4,
      reconnectPeriod: 500,
      connectTimeout: 5_000,
      will: {
        topic: statusTopic,
        payload: Buffer.from(JSON.stringify({ online: 0, t: clock.now() })),
        qos: 1,
        retain: true,
      },
    })
    this.#client = client
    client.on('connect', () => this.#publish(statusTopic, { online: 1, t: clock.now() }, true))
    client.on('error', (cause) => logger.warn({ err: cause }, 'the broker refused or dropped ingest'))
    if (client.connected) return
    await new Promise<void>((resolve) => client.once('connect', () => resolve()))
  }

  async stop(): Promise<void> {
    const client = this.#client
    if (!client) return
    if (client.connected) {
      await client.publishAsync(statusTopic, JSON.stringify({ online: 0, t: this.#options.clock.now() }), {
        qos: 1,
        retain: true,
      })
    }
    await client.endAsync(!client.connected)
  }

  connected(): boolean {
    return this.#client?.connected ?? false
  }

  /** `topic` is that of the refused message: est/1/{site}/{kind}/{device}/…; the answer goes to its `reject`. */
  reject(topic: string, refusal: Refusal): void {
    const [root, major, site, kind, device] = topic.split('/')
    this.#publish([root, major, site, kind, device, 'reject'].join('/'), refusal)
  }

  /** A fault or an order as it now is. */
  tell(topic: string, body: unknown): void {
    this.#publish(topic, body)
  }

  #publish(topic: string, body: unknown, retain = false): void {
    const client = this.#client
    if (!client || this.#waiting >= waitingLimit) return this.#dropped.inc()
    this.#waiting++
    client.publish(topic, JSON.stringify(body), { qos: 1, retain }, (cause) => {
      this.#waiting--
      if (cause) this.#dropped.inc()
    })
  }
}
