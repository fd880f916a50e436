import mqtt, { type MqttClient } from 'mqtt'
import { Counter } from 'prom-client'
import {
  encodeFaultNotice,
  encodeOrderNotice,
  encodeReject,
  encodeStatus,
} from '../firmware-contracts/encode.ts'
import type { Address, Refusal } from '../firmware-contracts/message.ts'
import type { FaultNotice, OrderNotice } from '../firmware-contracts/server-messages.ts'
import { deviceTopic, serverTopics } from '../firmware-contracts/topics.ts'
import type { Clock } from '../platform/clock.ts'
import type { MqttAccess } from '../platform/config.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'

/** What ingest says over MQTT: to a device what was refused of it, to everyone whether ingest is there
 *  (`srv/1/status`), to automations which faults and orders there are. Everything said here is also kept
 *  elsewhere: a notice that cannot be delivered is counted and dropped. */
/** Notices that wait for the broker's PUBACK or for the connection. */
const waitingLimit = 10_000

export interface NoticesOptions extends MqttAccess {
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

  /** The connection comes up, and is kept up, by itself: ingest goes on without the broker. */
  start(): void {
    const { url, login, clock, logger } = this.#options
    const client = mqtt.connect(url, {
      ...login,
      clientId: `${login?.username ?? 'estate-pulse'}-ingest-${process.pid}`,
      protocolVersion: 4,
      reconnectPeriod: 500,
      connectTimeout: 5_000,
      will: {
        topic: serverTopics.status,
        payload: Buffer.from(encodeStatus({ online: 0, t: clock.now() })),
        qos: 1,
        retain: true,
      },
    })
    this.#client = client
    client.on('connect', () =>
      this.#publish(serverTopics.status, encodeStatus({ online: 1, t: clock.now() }), true),
    )
    client.on('error', (cause) => logger.warn({ err: cause }, 'the broker refused or dropped ingest'))
  }

  async stop(): Promise<void> {
    const client = this.#client
    if (!client) return
    if (client.connected) {
      const offline = Buffer.from(encodeStatus({ online: 0, t: this.#options.clock.now() }))
      await client.publishAsync(serverTopics.status, offline, { qos: 1, retain: true })
    }
    await client.endAsync(!client.connected)
  }

  connected(): boolean {
    return this.#client?.connected ?? false
  }

  /** Tells a device which of its messages was refused, and why. */
  reject(address: Pick<Address, 'site' | 'kind' | 'device'>, refusal: Refusal): void {
    this.#publish(deviceTopic(address, 'reject'), encodeReject(refusal))
  }

  /** Tells a device to do something; its answer comes on `ack/{name}`. Never retained. */
  command(address: Pick<Address, 'site' | 'kind' | 'device'>, name: string, payload: Uint8Array): void {
    this.#publish(deviceTopic(address, 'cmd', name), payload)
  }

  /** Tells automations of a fault as it now is. */
  fault(notice: FaultNotice): void {
    this.#publish(serverTopics.fault(notice.site, notice.key), encodeFaultNotice(notice))
  }

  /** Tells automations of a work order as it now is. */
  order(notice: OrderNotice): void {
    this.#publish(serverTopics.order(notice.site, notice.order), encodeOrderNotice(notice))
  }

  #publish(topic: string, payload: Uint8Array, retain = false): void {
    const client = this.#client
    if (!client || this.#waiting >= waitingLimit) return this.#dropped.inc()
    this.#waiting++
    client.publish(topic, Buffer.from(payload), { qos: 1, retain }, (cause) => {
      this.#waiting--
      if (cause) this.#dropped.inc()
    })
  }
}
