import {
  countedFor,
  messagesAfter,
  type IntakeExtent,
  type IntakeReader,
} from '../platform/intake-message.ts'
import type { DecodedMessage } from './decoded-log.ts'
import { countsFor } from './sorting.ts'

/** How many accepted messages of each device wait for history, counted from the messages in the log and from
 *  nothing else, so that the ledger's sum is a check.
 *
 *  Only what waits when somebody asks is looked at, and only once: the count goes on from where it ended, and
 *  what history deals with afterwards is taken off. With nothing waiting it costs nothing; with millions waiting
 *  the first look takes a while, in slices, and the next ones continue. */
const sliceMessages = 2_000

export class PendingCount {
  readonly #reader: IntakeReader
  readonly #counts = new Map<string, number>()
  /** What is counted lies in (cursor, #to]. */
  #to = 0

  constructor(reader: IntakeReader) {
    this.#reader = reader
  }

  /** Counts the next slice of (cursor, end]; true when nothing is left to count. */
  countOn(cursor: number, end: number): boolean {
    if (cursor > this.#to) this.#startAt(cursor)
    if (this.#to >= end) return true
    const messages = this.#reader.read(this.#to, sliceMessages)
    for (const message of messages) {
      if (message.position > end) break
      const device = countedFor(message)
      this.#counts.set(device, (this.#counts.get(device) ?? 0) + 1)
    }
    this.#to = Math.min(messages.at(-1)?.position ?? end, end)
    return this.#to >= end
  }

  /** History has dealt with these, up to `to`. */
  dealt(messages: readonly DecodedMessage[], to: number): void {
    if (this.#to <= to) return this.#startAt(to)
    for (const message of messages) {
      const device = countsFor(message)
      const left = (this.#counts.get(device) ?? 0) - 1
      if (left > 0) this.#counts.set(device, left)
      else this.#counts.delete(device)
    }
  }

  /** Nothing that is counted waits any longer. */
  #startAt(cursor: number): void {
    this.#to = cursor
    this.#counts.clear()
  }

  /** Device -> messages that wait, as far as they were looked at. */
  get devices(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** The same; `uncounted` were not looked at yet. */
  waiting(extent: IntakeExtent): Waiting {
    return { devices: this.#counts, uncounted: messagesAfter(this.#to, extent) }
  }
}

export interface Waiting {
  devices: ReadonlyMap<string, number>
  uncounted: number
}
