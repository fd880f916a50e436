import mqtt, { type MqttClient } from 'mqtt'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock, type Cancel } from '../../platform/clock.ts'
import { saying, site } from './meters.ts'

/** Somebody with a persistent session who follows every `state` at QoS 1, and is away now and then: what the
 *  meters had acknowledged must reach him all the same, whatever happens to the broker meanwhile.
 *
 *  He subscribes once, on the first day. Whoever forgets that forgets him. */
const filter = `est/1/${site}/+/+/state`
const awayEveryMs = 4_000
const awayMs = 1_500
const redialMs = 200
const connectTimeoutMs = 2_000
const retainedLimitMs = 20_000

export interface ListenerOptions {
  brokerUrl: string
  login: { username: string; password: string }
}

export class Listener {
  readonly #options: ListenerOptions
  readonly #heard = new Set<string>()
  #client: MqttClient | undefined
  #cancel: Cancel = () => {}
  #busy: Promise<void> = Promise.resolve()

  constructor(options: ListenerOptions) {
    this.#options = options
  }

  /** Resolves when the broker has confirmed the subscription. */
  async start(): Promise<void> {
    const client = this.#dial()
    await client.subscribeAsync(filter, { qos: 1 })
    this.#cancel = systemClock.every(awayEveryMs, () => {
      this.#busy = this.#goAway()
    })
  }

  /** Stays from now on. */
  async stay(): Promise<void> {
    this.#cancel()
    await this.#busy
  }

  /** Those of `said` that have not come. */
  missing(said: ReadonlySet<string>): string[] {
    return [...said].filter((one) => !this.#heard.has(one))
  }

  async stop(): Promise<void> {
    await this.stay()
    await this.#client?.endAsync(true)
  }

  async #goAway(): Promise<void> {
    await this.#client?.endAsync(true)
    await pause(awayMs)
    this.#dial()
  }

  #dial(): MqttClient {
    const { brokerUrl, login } = this.#options
    const client = mqtt.connect(brokerUrl, {
      ...login,
      clientId: 'chaos-listener',
      clean: false,
      resubscribe: false,
      reconnectPeriod: redialMs,
      connectTimeout: connectTimeoutMs,
      keepalive: 5,
    })
    client.on('error', () => {})
    client.on('message', (topic, payload) => this.#heard.add(saying(topic, payload)))
    this.#client = client
    return client
  }
}

/** What somebody who comes late finds: topic -> retained payload. */
export async function retainedStates(
  { brokerUrl, login }: ListenerOptions,
  expected: number,
): Promise<Map<string, string>> {
  const client = mqtt.connect(brokerUrl, { ...login, clientId: 'chaos-late', reconnectPeriod: redialMs })
  const found = new Map<string, string>()
  client.on('error', () => {})
  // The broker may be on its way back just now, and go again before it has answered.
  client.on('connect', () => client.subscribe(filter, { qos: 1 }))
  client.on('message', (topic, payload, { retain }) => {
    if (retain) found.set(topic, payload.toString())
  })
  const endMs = performance.now() + retainedLimitMs
  while (found.size < expected && performance.now() < endMs) await pause(25)
  await client.endAsync(true)
  return found
}
