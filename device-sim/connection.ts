import { connect, type MqttClient } from 'mqtt'
import { deviceTopic } from '../firmware-contracts/topics.ts'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Outgoing } from './firmware/message.ts'
import { bye, ready, will, type Identity } from './firmware/voice.ts'
import { uniform, type Random } from './random.ts'

/** One device's line to the broker. What it has to say stays in its memory until the broker has acknowledged
 *  it; after every reconnect it says again, in order and with the same numbers, all that was not. So neither
 *  a killed broker nor a cut line loses anything, and the server tells repetitions by their numbers. (What is
 *  sampled in a long outage does not come this way: the device keeps it, and back-fills it.)
 *
 *  The session is clean: the memory that counts is the device's own, and mqtt.js' (which would repeat, too)
 *  is thrown away with each connection. */
export interface ConnectionOptions {
  brokerUrl: string
  identity: Identity
  /** Whom it also listens for: a gateway for its children. */
  children?: readonly Identity[]
  /** Its boot counter when it dials: the will it leaves with the broker names it. */
  boot: () => number
  /** As whom the broker knows it; itself unless told. */
  username?: string
  password: string
  /** Simulated time, for what is said about the connection itself. */
  nowMs: () => number
  /** Chance for the wait before reconnecting. */
  random: Random
  clock: Clock
  log: Log
  /** Longest wait before trying again. */
  maxWaitMs?: number
  /** Messages kept while nobody acknowledges; beyond it the oldest is forgotten, and counted. */
  memory?: number
  /** Told of every message that the broker has acknowledged. */
  onAcknowledged?: (message: Outgoing) => void
  /** Told of every command to the device or one of its children. */
  onCommand?: (topic: string, payload: Uint8Array) => void
}

export interface ConnectionCounts {
  connected: number
  acknowledged: number
  /** In memory, not yet acknowledged. */
  waiting: number
  /** Forgotten because the memory was full. */
  forgotten: number
  /** What the server said it could not read. */
  rejected: number
  /** Why the broker could not be reached, as long as it cannot; of several lines, one's. */
  failure: string | undefined
}

/** Of nobody. */
export const noCounts: ConnectionCounts = {
  connected: 0,
  acknowledged: 0,
  waiting: 0,
  forgotten: 0,
  rejected: 0,
  failure: undefined,
}

/** A station, the most talkative after a shed, fills it in two days. */
const defaultMemory = 20_000
const defaultMaxWaitMs = 10_000
const firstWaitMs = 500
const inFlightMax = 64
/** Filters in one SUBSCRIBE: those of a gateway's children would not all fit into one packet. */
const filtersAtOnce = 64
const keepaliveS = 30
const connectTimeoutMs = 10_000
const byeLimitMs = 1_000
const rejectsLogged = 3

export class DeviceConnection {
  readonly #options: ConnectionOptions
  /** In order of saying; a Set keeps it, and forgets in any order. */
  readonly #memory = new Set<Outgoing>()
  readonly #inFlight = new Set<Outgoing>()
  #client: MqttClient | undefined
  #online = false
  /** Its line is dead, because the simulation says so. */
  #cut = false
  #wasOnline = false
  #lostSinceMs: number | undefined
  #failures = 0
  #stopped = false
  #cancelRetry: Cancel = () => {}
  #acknowledged = 0
  #forgotten = 0
  #rejected = 0
  #failure: string | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  start(): void {
    this.#dial()
  }

  say(message: Outgoing): void {
    const { memory = defaultMemory, log, identity } = this.#options
    if (this.#memory.size >= memory) {
      const oldest = this.#memory.values().next().value
      if (oldest) this.#memory.delete(oldest)
      if (this.#forgotten++ === 0) log.warn({ device: identity.device, memory }, 'a device forgets readings')
    }
    this.#memory.add(message)
    if (this.#cut && !this.#stopped) this.#dial()
    else this.#pump()
  }

  /** The line goes dead without a goodbye, so that the broker publishes the will. What is not acknowledged stays
   *  in memory; it dials with the next message, and says itself that it is there. */
  cut(): void {
    const client = this.#client
    this.#cut = true
    this.#online = false
    this.#wasOnline = false
    this.#lostSinceMs = undefined
    this.#client = undefined
    this.#inFlight.clear()
    this.#cancelRetry()
    client?.stream.destroy()
    client?.end(true)
  }

  /** Says goodbye, hears out what is still being acknowledged, and hangs up; within a second at most. What is
   *  not acknowledged by then is lost with the device. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelRetry()
    const client = this.#client
    if (!client) return
    if (!this.#online) return void client.end(true)
    const { identity, boot, nowMs, clock } = this.#options
    await new Promise<void>((resolve) => {
      const cancel = clock.after(byeLimitMs, () => {
        client.stream.destroy()
        resolve()
      })
      const hungUp = () => {
        cancel()
        resolve()
      }
      this.#publish(client, bye(identity, boot(), nowMs()), () => client.end(false, hungUp))
    })
  }

  /** Since when, simulated time, a line that it had is gone and does not come back; undefined while it has one,
   *  had none yet, or the simulation cut it. */
  get lostSinceMs(): number | undefined {
    return this.#lostSinceMs
  }

  counts(): ConnectionCounts {
    return {
      connected: this.#online ? 1 : 0,
      acknowledged: this.#acknowledged,
      waiting: this.#memory.size,
      forgotten: this.#forgotten,
      rejected: this.#rejected,
      failure: this.#failure,
    }
  }

  #dial(): void {
    this.#cut = false
    const { brokerUrl, identity, boot, username = identity.device, password, nowMs, log } = this.#options
    const { topic, payload } = will(identity, boot(), nowMs())
    const client = connect(brokerUrl, {
      clientId: identity.device,
      username,
      password,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      connectTimeout: connectTimeoutMs,
      keepalive: keepaliveS,
      will: { topic, payload: Buffer.from(payload), qos: 1, retain: true },
    })
    this.#client = client
    client.on('connect', () => this.#opened(client))
    client.on('message', (topic, payload) => this.#hear(topic, payload))
    client.on('error', (cause) => {
      this.#failure = cause.message || cause.name
      log.debug({ err: cause, device: identity.device }, 'connection failed')
    })
    client.once('close', () => this.#closed(client))
  }

  #opened(client: MqttClient): void {
    if (client !== this.#client) return
    const { identity, children = [], boot, nowMs, log } = this.#options
    this.#online = true
    this.#failure = undefined
    this.#lostSinceMs = undefined
    this.#failures = 0
    const heard = [identity, ...children].flatMap((device) => [
      deviceTopic(device, 'reject'),
      deviceTopic(device, 'cmd', '+'),
    ])
    for (let at = 0; at < heard.length; at += filtersAtOnce)
      client.subscribe(heard.slice(at, at + filtersAtOnce), { qos: 1 }, (cause) => {
        if (cause && this.#online)
          log.debug({ err: cause, device: identity.device }, 'commands are not for us')
      })
    if (this.#wasOnline) this.#publish(client, ready(identity, boot(), nowMs()))
    this.#wasOnline = true
    this.#pump()
  }

  #closed(client: MqttClient): void {
    const { random, clock, maxWaitMs = defaultMaxWaitMs } = this.#options
    if (client !== this.#client) return
    if (this.#online) this.#lostSinceMs = this.#options.nowMs()
    this.#online = false
    this.#inFlight.clear()
    if (this.#stopped) return
    client.end(true)
    const widestMs = Math.min(maxWaitMs, firstWaitMs * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 16)
    this.#cancelRetry = clock.after(uniform(random, widestMs / 5, widestMs), () => this.#dial())
  }

  /** Sends from the head of the memory, a window's worth at a time. */
  #pump(): void {
    const client = this.#client
    if (!client || !this.#online) return
    for (const message of this.#memory) {
      if (this.#inFlight.size >= inFlightMax) return
      if (this.#inFlight.has(message)) continue
      this.#inFlight.add(message)
      this.#publish(client, message, (failed) => {
        if (failed || client !== this.#client) return
        this.#inFlight.delete(message)
        if (this.#memory.delete(message)) this.#acknowledge(message)
        this.#pump()
      })
    }
  }

  #acknowledge(message: Outgoing): void {
    this.#acknowledged++
    this.#options.onAcknowledged?.(message)
  }

  #publish(
    client: MqttClient,
    { topic, payload, qos, retain }: Outgoing,
    done: (failed?: Error) => void = () => {},
  ): void {
    client.publish(topic, Buffer.from(payload), { qos, retain }, done)
  }

  #hear(topic: string, payload: Uint8Array): void {
    const { identity, log, onCommand } = this.#options
    if (!topic.endsWith('/reject')) return onCommand?.(topic, payload)
    if (this.#rejected++ >= rejectsLogged) return
    const answer = new TextDecoder().decode(payload)
    log.warn({ device: identity.device, answer }, 'the server could not read what this device said')
  }
}
