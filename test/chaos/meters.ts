import { DeviceConnection } from '../../device-sim/connection.ts'
import type { Credentials } from '../../device-sim/credentials.ts'
import type { Outgoing } from '../../device-sim/firmware/message.ts'
import { Voice } from '../../device-sim/firmware/voice.ts'
import { randomFor, type Random } from '../../device-sim/random.ts'
import { z } from 'zod'
import { systemClock, type Cancel } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'

/** The load of a chaos run: building meters, each of which reads ten times a second and never shows the same
 *  register twice, so that a lost, doubled or overwritten reading can be named.
 *
 *  Some of what they say is not what it should be: broken JSON (to be quarantined), and readings said twice
 *  under the same number (to be counted as duplicates). */

export const site = 'chaos'
const envelope = z.object({ b: z.number(), s: z.number() })
const garbageShare = 0.01
const twiceShare = 0.01
const stateShare = 0.01
const tickMs = 20
const registersPerMeter = 10_000_000

export interface Acknowledged {
  device: string
  boot: number
  seq: number
  volL: number
}

interface Meter {
  connection: DeviceConnection
  voice: Voice
  random: Random
  register: number
}

/** A message as one text: its payload carries boot and sequence, so no two are alike. */
export const saying = (topic: string, payload: Uint8Array) => `${topic} ${Buffer.from(payload).toString()}`

export const meterName = (number: number) => `chaos-m${String(number).padStart(3, '0')}-water`

/** The estate of the meters, in the public registry format. */
export function chaosRegistry(meters: number) {
  const name = (text: string) => ({ zh: text, en: text })
  const numbers = Array.from({ length: meters }, (_, at) => at + 1)
  const building = { id: 'chaos-b01', type: 'building', site, name: name('1'), households: meters }
  return {
    format: 'estate-registry/1',
    district: { id: 'chaos-district', name: name('chaos') },
    sites: [{ id: site, name: name('chaos') }],
    nodes: [
      building,
      ...numbers.map((number) => ({
        id: `${meterName(number)}-node`,
        type: 'meter',
        site,
        name: name(String(number)),
        inside: building.id,
      })),
    ],
    devices: numbers.map((number) => ({
      id: meterName(number),
      kind: 'water-meter',
      site,
      node: `${meterName(number)}-node`,
    })),
  }
}

export interface MetersOptions {
  brokerUrl: string
  credentials: Credentials
  seed: number
  /** Messages per second, of all meters together. */
  rate: number
}

export class Meters {
  readonly #options: MetersOptions
  readonly #meters: Meter[]
  readonly #said = new Map<Outgoing, Acknowledged>()
  #next = 0
  #owed = 0
  #cancel: Cancel = () => {}
  readonly acknowledged: Acknowledged[] = []
  /** Every `state` that was acknowledged, as `topic payload`. */
  readonly states = new Set<string>()
  /** Topic -> the retained `state` that was acknowledged last. */
  readonly retained = new Map<string, string>()
  garbage = 0
  twice = 0

  constructor(options: MetersOptions) {
    this.#options = options
    this.#meters = [...options.credentials].map(([device, password]) => this.#meter(device, password))
  }

  start(): void {
    for (const { connection, voice } of this.#meters) {
      connection.start()
      for (const message of voice.birth(Date.now(), { periodS: { tele: 60 } })) connection.say(message)
    }
    this.#cancel = systemClock.every(tickMs, () => this.#tick())
  }

  /** Nothing new is said; what is in the memories still goes out. */
  quiet(): void {
    this.#cancel()
  }

  /** Said and not yet acknowledged. */
  waiting(): number {
    return this.#meters.reduce((sum, { connection }) => sum + connection.counts().waiting, 0)
  }

  async stop(): Promise<void> {
    this.quiet()
    await Promise.all(this.#meters.map(({ connection }) => connection.stop()))
  }

  #meter(device: string, password: string): Meter {
    const identity = { site, kind: 'water-meter', device } as const
    const boot = 1
    const connection = new DeviceConnection({
      brokerUrl: this.#options.brokerUrl,
      identity,
      boot: () => boot,
      password,
      nowMs: () => Date.now(),
      random: randomFor(this.#options.seed, device, 'reconnect'),
      clock: systemClock,
      log: silentLog,
      maxWaitMs: 1_000,
      onAcknowledged: (message) => this.#acknowledge(message),
    })
    const random = randomFor(this.#options.seed, device, 'mischief')
    return { connection, voice: new Voice(identity, boot), random, register: 0 }
  }

  #tick(): void {
    this.#owed += (this.#options.rate * tickMs) / 1_000
    for (; this.#owed >= 1; this.#owed--) {
      const meter = this.#meters[this.#next]
      if (meter) this.#read(meter, this.#next)
      this.#next = (this.#next + 1) % this.#meters.length
    }
  }

  #read(meter: Meter, number: number): void {
    const { connection, voice, random } = meter
    const luck = random()
    if (luck < garbageShare) return this.#babble(meter)
    if (luck < garbageShare + stateShare) return this.#turnValve(meter)
    const volL = number * registersPerMeter + ++meter.register
    const message = voice.say(Date.now(), 'tele', { vol_l: volL })
    const { device } = voice.identity
    this.#said.set(message, { device, ...numberOf(message), volL })
    connection.say(message)
    if (luck < 1 - twiceShare) return
    this.twice++
    connection.say({ ...message })
  }

  #babble({ connection, voice }: Meter): void {
    const message = voice.say(Date.now(), 'tele', { vol_l: 0 })
    this.garbage++
    connection.say({ ...message, payload: message.payload.subarray(0, 20) })
  }

  #turnValve({ connection, voice, random }: Meter): void {
    const message = voice.say(Date.now(), 'state', { valve: random() < 0.5 ? 'open' : 'closed' })
    connection.say(message)
  }

  #acknowledge(message: Outgoing): void {
    const reading = this.#said.get(message)
    if (reading) this.acknowledged.push(reading)
    this.#said.delete(message)
    if (!message.topic.endsWith('/state')) return
    this.states.add(saying(message.topic, message.payload))
    this.retained.set(message.topic, Buffer.from(message.payload).toString())
  }
}

function numberOf({ payload }: Outgoing): { boot: number; seq: number } {
  const { b: boot, s: seq } = envelope.parse(JSON.parse(Buffer.from(payload).toString()))
  return { boot, seq }
}
