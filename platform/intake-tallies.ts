import { readBatch } from './intake-batch.ts'
import { countedFor } from './intake-message.ts'

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

  /** All messages of a batch, as they come out of the log. */
  batch(first: number, count: number, body: Uint8Array): void {
    for (const message of readBatch(first, count, body)) this.accepted(countedFor(message), message.will)
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
