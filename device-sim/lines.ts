import type { Cancel, Clock } from '../platform/clock.ts'
import { OperatorError } from '../platform/operator-error.ts'
import { DeviceConnection, noCounts, type ConnectionCounts, type ConnectionOptions } from './connection.ts'
import type { Credentials } from './credentials.ts'
import type { Outgoing } from './firmware/message.ts'
import type { Identity } from './firmware/voice.ts'
import { randomFor } from './random.ts'

/** The lines of a fleet to the broker: one for each device that dials for itself. */
export interface LinesOptions extends Pick<
  ConnectionOptions,
  'brokerUrl' | 'maxWaitMs' | 'nowMs' | 'onCommand' | 'clock' | 'log'
> {
  devices: readonly Identity[]
  credentials: Credentials
  /** One login for all devices, at a broker that does not know them one by one. */
  login?: Readonly<{ username: string; password: string }>
  seed: number
  /** Boot counter of a device. */
  bootOf: (device: string) => number
  /** Most lines; the devices behind the others are not heard. */
  atMost?: number
}

/** Lines that dial in one turn: a broker's backlog is short. */
const dialAtOnce = 20
const dialTurnMs = 50

export class Lines {
  readonly #connections = new Map<string, DeviceConnection>()
  readonly #clock: Clock
  #cancelDialling: Cancel = () => {}

  /** Throws an `OperatorError` when a device that dials has no password. */
  constructor({ devices, credentials, login, seed, bootOf, atMost, ...shared }: LinesOptions) {
    this.#clock = shared.clock
    const byGateway = Map.groupBy(devices, ({ gateway }) => gateway)
    const dialling = (byGateway.get(undefined) ?? []).slice(0, atMost)
    const strangers = login ? [] : dialling.filter(({ device }) => !credentials.has(device))
    if (strangers.length > 0)
      throw new OperatorError(
        'Some devices have no password; import the fleet and pass its credentials file:',
        strangers.map(({ device }) => device),
      )
    for (const identity of dialling) {
      const connection = new DeviceConnection({
        ...shared,
        identity,
        children: byGateway.get(identity.device) ?? [],
        boot: () => bootOf(identity.device),
        ...(login ?? { password: credentials.get(identity.device) ?? '' }),
        random: randomFor(seed, identity.device, 'reconnect'),
      })
      this.#connections.set(identity.device, connection)
    }
  }

  get size(): number {
    return this.#connections.size
  }

  get(device: string): DeviceConnection | undefined {
    return this.#connections.get(device)
  }

  /** Device -> its line. */
  all(): IterableIterator<[string, DeviceConnection]> {
    return this.#connections.entries()
  }

  say(message: Outgoing): void {
    this.#connections.get(message.device)?.say(message)
  }

  /** Dials, 400 lines a second. Connecting goes on by itself, for as long as it takes. */
  dial(): void {
    const waiting = [...this.#connections.values()]
    const next = () => {
      for (const connection of waiting.splice(0, dialAtOnce)) connection.start()
      if (waiting.length === 0) this.#cancelDialling()
    }
    this.#cancelDialling = this.#clock.every(dialTurnMs, next)
    next()
  }

  async stop(): Promise<void> {
    this.#cancelDialling()
    await Promise.all([...this.#connections.values()].map((connection) => connection.stop()))
  }

  /** Summed over all lines. */
  counts(): ConnectionCounts {
    const sum = { ...noCounts }
    for (const connection of this.#connections.values()) {
      const one = connection.counts()
      sum.connected += one.connected
      sum.acknowledged += one.acknowledged
      sum.waiting += one.waiting
      sum.forgotten += one.forgotten
      sum.rejected += one.rejected
      sum.failure ??= one.failure
    }
    return sum
  }
}
