import { deviceOfTopic } from '../firmware-contracts/topics.ts'
import type { IntakeReader } from '../platform/intake-message.ts'
import type { DecodedMessage } from './decoded-log.ts'
import { countsFor } from './sorting.ts'

/** How many accepted messages of each device wait for history, counted from the messages in the log and from
 *  nothing else, so that the ledger's sum is a check.
 *
 *  Only what waits when somebody asks is looked at, and only once: the count goes on from where it ended, and
 *  what history deals with afterwards is taken off. With nothing waiting it costs nothing; with millions waiting
 *  the first look takes a while, in slices, and the next ones continue. */
const sliceMessages = 2_000
/** Topics whose device is remembered: a district of 10,000 devices with a handful each. Full, it starts anew. */
const topicsKept = 65_536

export class PendingCount {
  readonly #reader: IntakeReader
  readonly #counts = new Map<string, number>()
  readonly #topics = new Map<string, string>()
  /** What is counted lies in (cursor, #to]. */
  #to = 0
  #counted = 0

  constructor(reader: IntakeReader) {
    this.#reader = reader
  }

  /** Counts the next slice of (cursor, end]; true when nothing is left to count. */
  countOn(cursor: number, end: number): boolean {
    if (cursor > this.#to) this.#to = cursor
    if (this.#to >= end) return true
    const messages = this.#reader.read(this.#to, sliceMessages)
    for (const { position, topic, publisher } of messages) {
      if (position > end) break
      const device = this.#topics.get(topic) ?? this.#deviceOf(topic) ?? publisher
      this.#counts.set(device, (this.#counts.get(device) ?? 0) + 1)
      this.#counted++
    }
    this.#to = Math.min(messages.at(-1)?.position ?? end, end)
    return this.#to >= end
  }

  #deviceOf(topic: string): string | undefined {
    const device = deviceOfTopic(topic)
    if (this.#topics.size >= topicsKept) this.#topics.clear()
    if (device !== undefined) this.#topics.set(topic, device)
    return device
  }

  /** History has dealt with these, up to `to`. */
  dealt(messages: readonly DecodedMessage[], to: number): void {
    if (this.#to <= to) {
      this.#to = to
      this.#counted = 0
      return this.#counts.clear()
    }
    for (const message of messages) {
      const device = countsFor(message)
      const left = (this.#counts.get(device) ?? 0) - 1
      if (left > 0) this.#counts.set(device, left)
      else this.#counts.delete(device)
      this.#counted--
    }
  }

  /** Device -> messages that wait; `uncounted` positions up to `end` were not looked at yet. */
  waiting({ origin, end }: { origin: number; end: number }): Waiting {
    return {
      devices: this.#counts,
      counted: this.#counted,
      uncounted: Math.max(0, end - Math.max(this.#to, origin)),
    }
  }
}

export interface Waiting {
  devices: ReadonlyMap<string, number>
  /** Sum over the devices. */
  counted: number
  uncounted: number
}
