import type { Decoded } from '../firmware-contracts/message.ts'
import { decode } from '../firmware-contracts/decode.ts'
import type { Cancel, Clock } from '../platform/clock.ts'
import { messagesAfter, type IntakeMessage, type IntakeReader } from '../platform/intake-message.ts'

/** The intake log as its consumers want it: decoded, in order, waiting for more at the end.
 *
 *  Two consumers (history and the watch) read the same messages a moment apart: the watch at once and in small
 *  portions, history in large ones while InfluxDB writes the one before. So the latest messages are kept decoded,
 *  as one window that both look into wherever they are, and the contract check is paid for once. A consumer that
 *  is behind the window (history, after InfluxDB was down) decodes for itself until it has caught up. */
export interface DecodedMessage {
  intake: IntakeMessage
  decoded: Decoded
  /** Out of quarantine, where only the history store had refused it. */
  seenUnstored?: boolean
}

/** How often the end of the log is looked at; it adds half of this to the latency of a reading. */
const pollMs = 10
/** Messages handed out at a time. */
const portion = 5_000
/** Messages kept for whoever comes second: a second of a busy broker, 50 MB at most. */
const windowLimit = 30_000

export class DecodedLog {
  readonly #reader: IntakeReader
  readonly #clock: Clock
  /** The messages at the positions (#from, #to], oldest first. */
  #window: DecodedMessage[] = []
  #from = 0
  #to = 0
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
    this.wake()
  }

  /** How many messages there are after `cursor`. */
  waiting(cursor: number): number {
    return messagesAfter(cursor, this.#reader.extent())
  }

  /** The next messages after `cursor`; empty at the end of the log. */
  read(cursor: number): readonly DecodedMessage[] {
    if (cursor < this.#from) return this.#decodeAfter(cursor).slice(0, portion)
    if (cursor > this.#to) this.#moveTo(cursor)
    let first = this.#indexAfter(cursor)
    if (this.#window.length - first < portion) first -= this.#extend(first)
    return this.#window.slice(first, first + portion)
  }

  /** Resolves when there is something after `cursor`, or somebody is to look up for another reason (`wake`). */
  async more(cursor: number): Promise<void> {
    if (this.#reader.end() > cursor) return
    await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  #decodeAfter(cursor: number): DecodedMessage[] {
    const messages = this.#reader.read(cursor, portion)
    return messages.map((intake) => ({ intake, decoded: decode(intake.topic, intake.payload) }))
  }

  #moveTo(cursor: number): void {
    this.#window = []
    this.#from = cursor
    this.#to = cursor
  }

  /** Adds what is new; returns how many of the oldest, at most `spare`, made room for it. */
  #extend(spare: number): number {
    for (const message of this.#decodeAfter(this.#to)) this.#window.push(message)
    this.#to = this.#window.at(-1)?.intake.position ?? this.#to
    const over = Math.min(spare, this.#window.length - windowLimit)
    if (over <= 0) return 0
    this.#from = this.#window[over - 1]?.intake.position ?? this.#from
    this.#window.splice(0, over)
    return over
  }

  /** Index of the first message in the window after `cursor`: positions go up, but not always by one. */
  #indexAfter(cursor: number): number {
    let [low, high] = [0, this.#window.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#window[middle]?.intake.position ?? 0) <= cursor) low = middle + 1
      else high = middle
    }
    return low
  }

  #poll(): void {
    if (this.#waiting.size === 0) return
    const end = this.#reader.end()
    if (end === this.#seenEnd) return
    this.#seenEnd = end
    this.wake()
  }

  /** Whoever waits looks up. (Waiting for several promises at once is no way: one that hardly ever comes true, such
   *  as the end of the process, remembers everybody who ever waited for it.) */
  wake(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }
}
