import type { Cancel, Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { noCounts } from '../connection.ts'
import type { Credentials } from '../credentials.ts'
import type { Outgoing } from '../firmware/message.ts'
import { Lines } from '../lines.ts'
import { playedBack, recordedIdentity, type Playing } from './recorded-meters.ts'

/** A recording over MQTT: every meter dials the broker, and the past passes by `speed` times as fast as it was. */
export interface LiveReplayOptions extends Playing {
  brokerUrl: string
  credentials: Credentials
  /** Recorded seconds a second. */
  speed: number
  boot: number
  clock: Clock
  log: Log
}

const turnMs = 100
/** Said at once at most: what is late comes in slices, so that acknowledgements are heard in between. */
const saidPerTurn = 500

export class LiveReplay {
  readonly #options: LiveReplayOptions
  readonly #messages: Generator<Outgoing, void>
  #lines: Lines | undefined
  #next: Outgoing | undefined
  #beganMs = 0
  #firstMs = 0
  #saidMs = 0
  #cancelTurns: Cancel = () => {}

  constructor(options: LiveReplayOptions) {
    this.#options = options
    this.#messages = playedBack(options)
  }

  /** Dials. Throws an `OperatorError` when a meter has no password. */
  start(): void {
    const { recording, without = [], credentials, brokerUrl, boot, clock, log } = this.#options
    const devices = [...recording.meters.keys()].map(recordedIdentity)
    this.#beganMs = clock.now()
    this.#advance()
    this.#firstMs = this.#next?.t ?? 0
    this.#lines = new Lines({
      brokerUrl,
      devices: devices.filter(({ device }) => !without.includes(device)),
      credentials,
      seed: 0,
      bootOf: () => boot,
      nowMs: () => Math.floor(this.nowMs()),
      clock,
      log,
    })
    this.#lines.dial()
    this.#cancelTurns = clock.every(turnMs, () => this.#turn())
  }

  async stop(): Promise<void> {
    this.#cancelTurns()
    await this.#lines?.stop()
  }

  /** Recorded time, moved as the recording is. */
  nowMs(): number {
    const { clock, speed } = this.#options
    return this.#firstMs + (clock.now() - this.#beganMs) * speed
  }

  /** All was said, and acknowledged. */
  get isOver(): boolean {
    return this.#next === undefined && this.counts().waiting === 0
  }

  counts() {
    const { size = 0 } = this.#lines ?? {}
    return { ...(this.#lines?.counts() ?? noCounts), devices: size, saidMs: this.#saidMs }
  }

  #turn(): void {
    const nowMs = this.nowMs()
    for (let said = 0; this.#next && this.#next.t <= nowMs && said < saidPerTurn; said++) {
      this.#lines?.say(this.#next)
      this.#saidMs = this.#next.t
      this.#advance()
    }
  }

  #advance(): void {
    const next = this.#messages.next()
    this.#next = next.done ? undefined : next.value
  }
}
