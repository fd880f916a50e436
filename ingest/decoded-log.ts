import type { Decoded } from '../firmware-contracts/message.ts'
import { decode } from '../firmware-contracts/decode.ts'
import type { Cancel, Clock } from '../platform/clock.ts'
import {
  messagesAfter,
  strangersPublisher,
  type IntakeMessage,
  type IntakeReader,
} from '../platform/intake-message.ts'

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
/** Handed out at a time: messages, and their payload. A megabyte is 5,000 live readings, or the days of 200 water
 *  meters; to decode those takes a hundred milliseconds, in which nothing else is done. */
const portion = { messages: 5_000, bytes: 2 ** 20 }
/** Kept for whoever comes second: a second of a busy broker. Decoded, it is 50 MB. */
const windowLimit = { messages: 30_000, bytes: 8 * 2 ** 20 }

export class DecodedLog {
  readonly #reader: IntakeReader
  readonly #clock: Clock
  /** The messages at the positions (#from, #to], oldest first. */
  #window: DecodedMessage[] = []
  /** Of the payloads in it. */
  #bytes = 0
  #from = 0
  #to = 0
  /** Messages that are likely to be a portion. */
  #likely = portion.messages
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
    if (cursor < this.#from) return this.#decodeAfter(cursor)
    if (cursor > this.#to) this.#moveTo(cursor)
    let first = this.#indexAfter(cursor)
    let messages = portionOf(this.#window, first)
    if (first + messages.length === this.#window.length && !isPortion(messages)) {
      first -= this.#extend(first)
      messages = portionOf(this.#window, first)
    }
    return messages
  }

  /** Resolves when there is something after `cursor`, or somebody is to look up for another reason (`wake`). */
  async more(cursor: number): Promise<void> {
    if (this.#reader.end() > cursor) return
    await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  #decodeAfter(cursor: number): DecodedMessage[] {
    const messages = this.#reader.read(cursor, this.#likely).map((intake) => ({ intake }))
    const fitting = portionOf(messages, 0)
    this.#likely = fitting.length < messages.length ? 2 * fitting.length : portion.messages
    return fitting.map(({ intake }) => ({ intake, decoded: decoded(intake) }))
  }

  #moveTo(cursor: number): void {
    this.#window = []
    this.#bytes = 0
    this.#from = cursor
    this.#to = cursor
  }

  /** Adds what is new; returns how many of the oldest, at most `spare`, made room for it. */
  #extend(spare: number): number {
    for (const message of this.#decodeAfter(this.#to)) {
      this.#window.push(message)
      this.#bytes += message.intake.payload.byteLength
    }
    this.#to = this.#window.at(-1)?.intake.position ?? this.#to
    let over = 0
    for (const { intake } of this.#window) {
      const isFull = this.#window.length - over > windowLimit.messages || this.#bytes > windowLimit.bytes
      if (over >= spare || !isFull) break
      over++
      this.#bytes -= intake.payload.byteLength
      this.#from = intake.position
    }
    if (over > 0) this.#window.splice(0, over)
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

/** What is kept under the common name of strangers is not even looked at: it is in nobody's memory, history or live
 *  state, and nobody is answered. */
export function decoded({
  publisher,
  topic,
  payload,
}: Pick<IntakeMessage, 'publisher' | 'topic' | 'payload'>): Decoded {
  if (publisher !== strangersPublisher) return decode(topic, payload)
  const got = topic.split('/')[4] ?? ''
  return {
    ok: false,
    refusal: { reason: 'device-unknown', path: '', expected: 'a device of the registry', got },
  }
}

type Taken = Pick<DecodedMessage, 'intake'>

/** What fits into a portion from index `first` on, and at least one. */
function portionOf<Message extends Taken>(messages: readonly Message[], first: number): Message[] {
  let bytes = 0
  let end = first
  for (; end < messages.length && end - first < portion.messages && bytes < portion.bytes; end++)
    bytes += messages[end]?.intake.payload.byteLength ?? 0
  return messages.slice(first, end)
}

function isPortion(messages: readonly Taken[]): boolean {
  if (messages.length >= portion.messages) return true
  return messages.reduce((sum, { intake }) => sum + intake.payload.byteLength, 0) >= portion.bytes
}
