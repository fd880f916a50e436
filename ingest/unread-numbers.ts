import { z } from 'zod'

/** Numbers under which something came that could not be read. They count as seen, so that nobody is asked for them;
 *  and once something readable comes under one, out of quarantine or from the device, it is new, and not again.
 *
 *  Ranges in order of arrival: a device that gets everything wrong is one range. At the limit the oldest range is
 *  forgotten and never joined with its neighbour: between the two lie numbers that are stored already. */
export const savedUnread = z.array(z.tuple([z.number(), z.number(), z.number()]))

/** More than the raw messages that the quarantine keeps of a device. */
export const unreadRangesLimit = 1_024

export class UnreadNumbers {
  /** Boot, first, last. */
  readonly #ranges: [number, number, number][]

  constructor(saved: z.infer<typeof savedUnread> = []) {
    this.#ranges = saved
  }

  toJSON(): z.infer<typeof savedUnread> {
    return this.#ranges
  }

  add(boot: number, seq: number): void {
    const newest = this.#ranges.at(-1)
    if (newest?.[0] === boot && newest[2] + 1 === seq) newest[2] = seq
    else this.#ranges.push([boot, seq, seq])
    this.#forget()
  }

  /** True when it was here; then it is no longer. */
  take(boot: number, seq: number): boolean {
    const at = this.#ranges.findIndex(([of, first, last]) => of === boot && seq >= first && seq <= last)
    const range = this.#ranges[at]
    if (!range) return false
    const [, first, last] = range
    const left: [number, number, number][] = []
    if (first < seq) left.push([boot, first, seq - 1])
    if (seq < last) left.push([boot, seq + 1, last])
    this.#ranges.splice(at, 1, ...left)
    this.#forget()
    return true
  }

  #forget(): void {
    if (this.#ranges.length > unreadRangesLimit) this.#ranges.shift()
  }
}
