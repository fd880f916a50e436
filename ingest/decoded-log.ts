import type { Decoded } from '../firmware-contracts/message.ts'
import { decode } from '../firmware-contracts/decode.ts'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { IntakeMessage, IntakeReader } from '../platform/intake-message.ts'

/** The intake log as its consumers want it: decoded, in order, waiting for more at the end.
 *
 *  Two consumers (history and the watch) read the same stretch a moment apart, so the last few stretches are
 *  kept decoded and the contract check is paid for once. */
export interface DecodedMessage {
  intake: IntakeMessage
  decoded: Decoded
  /** Out of quarantine, where only the history store had refused it. */
  seenUnstored?: boolean
}

/** How often the end of the log is looked at; it adds half of this to the latency of a reading. */
const pollMs = 10
/** Messages handed out at a time. */
const stretchLimit = 5_000
const stretchesKept = 4

export class DecodedLog {
  readonly #reader: IntakeReader
  readonly #clock: Clock
  readonly #stretches = new Map<number, readonly DecodedMessage[]>()
  readonly #waiting = new Set<() => void>()
  #seenEnd = 0
  #cancel: Cancel = () => {}

  constructor(options: { reader: IntakeReader; clock: Clock }) {
    this.#reader = options.reader
    this.#clock = options.clock
  }

  start(): void {
    this.#cancel = this.#clock.every(pollMs, () => this.#poll())
  }

  stop(): void {
    this.#cancel()
    this.#wake()
  }

  /** Position of the newest message on disk. */
  end(): number {
    return this.#reader.end()
  }

  /** The next messages after `cursor`; empty at the end of the log. */
  read(cursor: number): readonly DecodedMessage[] {
    const kept = this.#stretches.get(cursor)
    if (kept) return kept
    const messages = this.#reader.read(cursor, stretchLimit)
    const stretch = messages.map((intake) => ({ intake, decoded: decode(intake.topic, intake.payload) }))
    if (stretch.length > 0) this.#keep(cursor, stretch)
    return stretch
  }

  /** Resolves when there is something after `cursor`, or when the log is stopped. */
  async more(cursor: number): Promise<void> {
    if (this.#reader.end() > cursor) return
    await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  #keep(cursor: number, stretch: readonly DecodedMessage[]): void {
    this.#stretches.set(cursor, stretch)
    for (const oldest of this.#stretches.keys()) {
      if (this.#stretches.size <= stretchesKept) return
      this.#stretches.delete(oldest)
    }
  }

  #poll(): void {
    if (this.#waiting.size === 0) return
    const end = this.#reader.end()
    if (end === this.#seenEnd) return
    this.#seenEnd = end
    this.#wake()
  }

  #wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }
}
