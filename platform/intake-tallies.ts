import { readBatch } from './intake-batch.ts'
import { countedFor, damagedPublisher } from './intake-message.ts'
import type { BatchRow } from './intake-rows.ts'

/** What the broker itself counted, on its way into the log. Writing a row per device with every batch would cost
 *  more than the batch (measured with 1,000 devices: half of the writer's time), so counts go along a few times a
 *  second. Between those, the batches themselves say what was accepted: the log notes up to which position the
 *  counts go, and whoever reads counts the rest from there. */

/** device, accepted, wills among them, refused */
export type Tally = [device: string, accepted: number, wills: number, refused: number]

export class Tallies {
  #tallies = new Map<string, Tally>()

  get size(): number {
    return this.#tallies.size
  }

  accepted(device: string, will: boolean): void {
    const own = this.#of(device)
    own[1]++
    if (will) own[2]++
  }

  /** The messages of batches as they come out of the log, for all positions from `next` to `end`: one that cannot
   *  be read was accepted too. */
  batches(batches: Iterable<BatchRow>, { next, end }: { next: number; end: number }): void {
    for (const { first, count, body } of batches) {
      if (first > next) this.#of(damagedPublisher)[1] += first - next
      for (const message of readBatch(first, count, body))
        if (message.position >= next) this.accepted(countedFor(message), message.will)
      next = Math.max(next, first + count)
    }
    if (end >= next) this.#of(damagedPublisher)[1] += end - next + 1
  }

  refused(device: string): void {
    this.#of(device)[3]++
  }

  /** Everything counted since the last time. */
  take(): Tally[] {
    const taken = [...this.#tallies.values()]
    this.#tallies = new Map()
    return taken
  }

  /** What was taken and could not be written. */
  giveBack(tallies: readonly Tally[]): void {
    for (const [device, accepted, wills, refused] of tallies) {
      const own = this.#of(device)
      own[1] += accepted
      own[2] += wills
      own[3] += refused
    }
  }

  #of(device: string): Tally {
    const known = this.#tallies.get(device)
    if (known) return known
    const own: Tally = [device, 0, 0, 0]
    this.#tallies.set(device, own)
    return own
  }
}
