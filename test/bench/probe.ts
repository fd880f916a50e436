import { setTimeout as pause } from 'node:timers/promises'
import { EntranceConnection } from './entrance-connection.ts'
import { probeEntrance } from './entrances.ts'
import type { InfluxMeter } from './influx-meter.ts'

/** From publish to queryable: one more entrance publishes a reading every now and then, and InfluxDB is asked
 *  for it until a query finds it. The pauses are uneven, or they could fall into step with somebody's timer. */
const pauseMs = { least: 10, spread: 20 }
/** Between two looks: what the answer may be late by, besides the query itself. */
const lookMs = 1
const firstLightEveryMs = 200
const firstLightLimitMs = 30_000
/** A reading that takes longer counts as lost. */
const latestMs = 10_000

export interface ProbeOptions {
  port: number
  passwords: Readonly<Record<string, string>>
  meter: InfluxMeter
}

export class Probe {
  readonly #connection: EntranceConnection
  readonly #meter: InfluxMeter
  /** Time in the reading -> when it was published, both ms; those that no query has found yet. */
  readonly #outstanding = new Map<number, number>()
  #trouble: string | undefined

  constructor({ port, passwords, meter }: ProbeOptions) {
    const password = passwords[probeEntrance.device]
    this.#meter = meter
    this.#connection = new EntranceConnection({
      entrance: probeEntrance,
      port,
      ...(password !== undefined && { credential: { username: probeEntrance.device, password } }),
      onAcknowledged: () => {},
      onLost: (reason) => (this.#trouble = reason),
    })
  }

  /** Resolves once a reading has come out at the other end. */
  async start(): Promise<void> {
    await this.#connection.start()
    const endMs = performance.now() + firstLightLimitMs
    do {
      if (performance.now() > endMs) throw new Error('nothing arrives in InfluxDB')
      this.#publish()
      await pause(firstLightEveryMs)
    } while ((await this.#found()).length === 0)
    this.#outstanding.clear()
  }

  /** Publish to queryable of the readings published during `lengthMs`, ms. */
  async latencies(lengthMs: number): Promise<number[]> {
    const endMs = performance.now() + lengthMs
    const publishing = this.#publishUntil(endMs)
    const latencies: number[] = []
    while (performance.now() < endMs || this.#outstanding.size > 0) {
      if (this.#trouble !== undefined) throw new Error(this.#trouble)
      if (performance.now() > endMs + latestMs) throw new Error(`${this.#outstanding.size} probes are lost`)
      if (this.#outstanding.size > 0) latencies.push(...(await this.#found()))
      await pause(lookMs)
    }
    await publishing
    return latencies
  }

  stop(): void {
    this.#connection.stop()
  }

  async #publishUntil(endMs: number): Promise<void> {
    while (performance.now() < endMs) {
      this.#publish()
      await pause(pauseMs.least + Math.random() * pauseMs.spread)
    }
  }

  #publish(): void {
    const atMs = performance.now()
    this.#connection.publish(Date.now())
    this.#outstanding.set(this.#connection.t, atMs)
  }

  async #found(): Promise<number[]> {
    const times = await this.#meter.timesAfter(
      probeEntrance.device,
      Math.min(...this.#outstanding.keys()) - 1,
    )
    const nowMs = performance.now()
    return times.flatMap((t) => {
      const publishedMs = this.#outstanding.get(t)
      this.#outstanding.delete(t)
      return publishedMs === undefined ? [] : [nowMs - publishedMs]
    })
  }
}
