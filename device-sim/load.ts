import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { bootNumber } from './boot-number.ts'
import type { Credentials } from './credentials.ts'
import type { Outgoing } from './firmware/message.ts'
import type { Fleet } from './fleet.ts'
import { Lines } from './lines.ts'
import { ordinaryDay } from './scenarios/scenario.ts'
import { Simulation } from './simulation.ts'

/** A fleet as a load: every device that dials is really connected, and one after the other they say what they
 *  measure, at a rate of so many messages a second whatever their periods; a gateway for one of its meters after
 *  the other. The estates stand still meanwhile: a load is about the road, not about the goods.
 *
 *  Nothing is sent twice but what a cut line made uncertain. Who does not get rid of its messages is not given
 *  more: a broker that holds back its PUBACKs slows the load down. */
export interface LoadOptions {
  brokerUrl: string
  credentials: Credentials
  fleet: Fleet
  seed: number
  /** Messages a second, in all. */
  ratePerS: number
  durationS: number
  /** Most lines; all of the fleet's unless told. */
  connections?: number
  without?: readonly string[]
  clock: Clock
  log: Log
}

export interface LoadCounts {
  lines: number
  connected: number
  sent: number
  acknowledged: number
  /** Said, and not acknowledged: under way, or refused. */
  waiting: number
}

const turnMs = 20
/** Seconds of the rate that may wait for their PUBACK. */
const backlogS = 2
/** How long the last PUBACKs may take, and how long connecting may. */
const lastPubacksMs = 30_000
const connectMs = 180_000
const lookMs = 100

export class LoadRun {
  readonly #options: LoadOptions
  readonly #simulation: Simulation
  readonly #lines: Lines
  /** Line by line, the devices that speak on it, in turn. */
  readonly #turns: { devices: readonly string[]; next: number }[]
  #next = 0
  #sent = 0
  #stopped = false

  /** Throws an `OperatorError` when a device that dials has no password. */
  constructor(options: LoadOptions) {
    const { brokerUrl, credentials, fleet, seed, connections, without = [], clock, log } = options
    this.#options = options
    const startMs = clock.now()
    const boot = bootNumber(startMs)
    this.#simulation = new Simulation({
      fleet,
      scenario: ordinaryDay,
      seed,
      startMs,
      boot,
      without,
      keptShare: 0,
    })
    const { devices } = this.#simulation
    this.#lines = new Lines({
      brokerUrl,
      devices,
      credentials,
      seed,
      bootOf: () => boot,
      ...(connections !== undefined && { atMost: connections }),
      nowMs: () => clock.now(),
      clock,
      log,
    })
    const byLine = Map.groupBy(devices, ({ device, gateway }) => gateway ?? device)
    this.#turns = [...byLine]
      .filter(([line]) => this.#lines.get(line))
      .map(([, speakers]) => ({ devices: speakers.map(({ device }) => device), next: 0 }))
  }

  /** Connects, speaks for the duration, and waits for the last acknowledgements. */
  async run(): Promise<LoadCounts> {
    const { clock, durationS, ratePerS } = this.#options
    this.#lines.dial()
    await this.#until(connectMs, () => this.counts().connected === this.#lines.size)
    const beganMs = clock.now()
    const cancel = clock.every(turnMs, () => {
      const elapsedS = Math.min(durationS, (clock.now() - beganMs) / 1000)
      this.#speakUpTo(Math.floor(elapsedS * ratePerS))
    })
    await this.#until(durationS * 1000, () => false)
    cancel()
    await this.#until(lastPubacksMs, () => this.counts().waiting === 0)
    const counts = this.counts()
    await this.#lines.stop()
    return counts
  }

  /** Ends a run before its time; what is under way is still waited for. */
  stop(): void {
    this.#stopped = true
  }

  counts(): LoadCounts {
    const { connected, acknowledged, waiting, forgotten } = this.#lines.counts()
    return {
      lines: this.#lines.size,
      connected,
      sent: this.#sent,
      acknowledged,
      waiting: waiting + forgotten,
    }
  }

  #speakUpTo(due: number): void {
    const most = this.#options.ratePerS * backlogS
    if (this.counts().waiting > most) return
    while (this.#sent < due) {
      const messages = this.#nextReport()
      if (messages.length === 0) return
      for (const message of messages) {
        this.#lines.say(message)
        this.#sent++
      }
    }
  }

  /** The next line's next device that has something to say. */
  #nextReport(): readonly Outgoing[] {
    const nowMs = this.#options.clock.now()
    for (let tried = 0; tried < this.#turns.length; tried++) {
      const turn = this.#turns[this.#next]
      this.#next = (this.#next + 1) % this.#turns.length
      const device = turn?.devices[turn.next]
      if (!turn || device === undefined) continue
      turn.next = (turn.next + 1) % turn.devices.length
      const messages = this.#simulation.report(device, nowMs)
      if (messages.length > 0) return messages
    }
    return []
  }

  /** Until it is so, for at most `limitMs`, or until it is stopped. */
  async #until(limitMs: number, isSo: () => boolean): Promise<void> {
    const { clock } = this.#options
    const endMs = clock.now() + limitMs
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = clock.every(lookMs, () => {
      if (this.#stopped || clock.now() >= endMs || isSo()) resolve()
    })
    await promise
    cancel()
  }
}
