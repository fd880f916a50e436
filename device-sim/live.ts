import { commandSchema } from '../firmware-contracts/server-messages.ts'
import { parseTopic } from '../firmware-contracts/topics.ts'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { bootNumber } from './boot-number.ts'
import { noCounts, type ConnectionCounts } from './connection.ts'
import type { Credentials } from './credentials.ts'
import type { Outgoing } from './firmware/message.ts'
import { keptShareOf } from './firmware/ring.ts'
import type { Identity } from './firmware/voice.ts'
import type { Fleet } from './fleet.ts'
import { Lines } from './lines.ts'
import type { Toll } from './mischief/toll.ts'
import { Simulation } from './simulation.ts'
import type { Scenario } from './scenarios/scenario.ts'

/** A fleet that is really there: every device that has a connection of its own dials the broker, and says over
 *  MQTT what the simulation says it says, at the pace of the clock or faster. */
export interface SimulatedEstateOptions {
  brokerUrl: string
  credentials: Credentials
  /** One login for all devices, at a broker that does not know them one by one. */
  login?: Readonly<{ username: string; password: string }>
  fleet: Fleet
  scenario: Scenario
  seed: number
  /** Simulated seconds a second; above 1 the devices' clocks run ahead of the server's. */
  speed?: number
  /** Time between two uploads of a flat's meter, s: an hour, so that someone who watches sees one. */
  uploadS?: number
  /** Share of the readings that get a number and never arrive, instead of the scenario's. */
  loss?: number
  /** Devices whose place a real one takes. */
  without?: readonly string[]
  maxWaitMs?: number
  clock: Clock
  log: Log
}

const turnMs = 100
/** After the machine slept, time is caught up in slices, so that acknowledgements are heard in between. */
const ticksPerTurn = 200
const watchedUploadS = 3_600
/** A district is switched on estate by estate: all its devices' births at once would be 400,000 messages that wait
 *  in memory for their lines. */
const birthsOfEstateMs = 1_000
/** Simulated time after which a device no longer counts on its line coming back, and keeps what it samples. */
const patienceMs = 45_000

export class SimulatedEstate {
  readonly #options: SimulatedEstateOptions
  /** Devices that no longer count on their line. */
  readonly #resigned = new Set<string>()
  #simulation: Simulation | undefined
  #lines: Lines | undefined
  #spoken: Outgoing[] = []
  #beganMs = 0
  #cancelTurns: Cancel = () => {}

  constructor(options: SimulatedEstateOptions) {
    this.#options = options
  }

  /** Warms the estate up to this very minute and dials. Connecting goes on by itself, for as long as it takes.
   *  Throws an `OperatorError` when a device has no password or the scenario does not fit the fleet. */
  start(): void {
    const { fleet, scenario, seed, loss, without = [], uploadS = watchedUploadS } = this.#options
    const { clock, speed = 1 } = this.#options
    this.#beganMs = clock.now()
    const boot = bootNumber(this.#beganMs)
    const startMs = this.#beganMs
    this.#simulation = new Simulation({
      ...{ fleet, scenario, seed, startMs, boot, uploadS, without, keptShare: keptShareOf(fleet) },
      ...(fleet.estates.length > 1 && { birthSpreadMs: fleet.estates.length * birthsOfEstateMs * speed }),
    })
    if (loss !== undefined && loss > 0) this.#simulation.lose(loss)
    this.#lines = this.#linesOf(this.#simulation, boot)
    this.#lines.dial()
    this.#cancelTurns = clock.every(turnMs, () => this.#turn())
  }

  /** From now on this share of the readings is lost. */
  lose(share: number): void {
    this.#simulation?.lose(share)
  }

  async stop(): Promise<void> {
    this.#cancelTurns()
    await this.#lines?.stop()
  }

  /** When it started, epoch ms. */
  get beganMs(): number {
    return this.#beganMs
  }

  /** Simulated time, epoch ms. */
  nowMs(): number {
    const { clock, speed = 1 } = this.#options
    return this.#beganMs + (clock.now() - this.#beganMs) * speed
  }

  /** All that take part. */
  get devices(): readonly Identity[] {
    return this.#simulation?.devices ?? []
  }

  /** What mischief has done so far, by device. */
  tolls(): ReadonlyMap<string, Readonly<Toll>> {
    return this.#simulation?.tolls() ?? new Map()
  }

  /** Summed over all lines. */
  counts(): ConnectionCounts & { devices: number; lost: number } {
    let lost = 0
    for (const toll of this.tolls().values()) lost += toll.lost
    return { devices: this.#lines?.size ?? 0, lost, ...(this.#lines?.counts() ?? noCounts) }
  }

  #linesOf(simulation: Simulation, boot: number): Lines {
    const { brokerUrl, credentials, login, seed, maxWaitMs, clock, log } = this.#options
    return new Lines({
      brokerUrl,
      devices: simulation.devices,
      credentials,
      ...(login && { login }),
      seed,
      bootOf: (device) => simulation.deviceOf(device)?.voice.boot ?? boot,
      nowMs: () => Math.floor(this.nowMs()),
      ...(maxWaitMs !== undefined && { maxWaitMs }),
      onCommand: (topic, payload) => this.#obey(topic, payload),
      clock,
      log,
    })
  }

  /** Lets the simulation come up to the present, and everyone say what has fallen due. */
  #turn(): void {
    const simulation = this.#simulation
    if (!simulation) return
    const nowMs = this.nowMs()
    this.#followLines(simulation, nowMs)
    for (let ticks = 0; simulation.nowMs <= nowMs && ticks < ticksPerTurn; ticks++)
      for (const message of simulation.tick()) this.#spoken.push(message)
    const later = this.#spoken.findIndex(({ t }) => t > nowMs)
    const due = this.#spoken.splice(0, later < 0 ? this.#spoken.length : later)
    for (const message of due) {
      const connection = this.#lines?.get(message.device)
      if (message.will) connection?.cut()
      else connection?.say(message)
    }
  }

  /** Who has been without a line for long keeps what it samples from then on, and tells it as history when the
   *  line is back. */
  #followLines(simulation: Simulation, nowMs: number): void {
    for (const [device, { lostSinceMs }] of this.#lines?.all() ?? []) {
      const isLost = lostSinceMs !== undefined && nowMs - lostSinceMs >= patienceMs
      if (isLost && !this.#resigned.has(device)) {
        this.#resigned.add(device)
        simulation.deviceOf(device)?.loseLine(simulation.nowMs)
      } else if (lostSinceMs === undefined && this.#resigned.delete(device))
        simulation.deviceOf(device)?.mendLine(simulation.nowMs)
    }
  }

  /** One that came too late is not obeyed. */
  #obey(topic: string, payload: Uint8Array): void {
    const { clock, log } = this.#options
    const parsed = parseTopic(topic)
    const command = commandSchema.safeParse(jsonOf(payload))
    if (!parsed.ok || !command.success)
      return log.warn({ topic, err: command.error }, 'a command that is none')
    const { device, sub = '' } = parsed.address
    if (command.data.exp >= clock.now()) this.#simulation?.hear(device, sub, command.data)
  }
}

/** Undefined for what is no JSON, as for any other payload that is no command. */
function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload))
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}
