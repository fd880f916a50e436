import { z } from 'zod'

/** Which sequence numbers of a device have been here: per boot, a short list of ranges.
 *
 *  A healthy device counts up by one, so its whole life is one range per boot; a gap costs one more range
 *  until a replay fills it. That makes the memory exact (not a window of days) and small enough to keep for
 *  every device, and a message that comes a second time is recognised however late it is. */

/** Boots remembered per device: beyond it the boot that was silent the longest is forgotten. */
export const bootsLimit = 64
/** Ranges remembered per boot: beyond it the two lowest are joined, which gives up their gap. */
export const rangesLimit = 1_024

/** Inclusive [from, to], ascending, never touching. */
type Ranges = [number, number][]

const stored = z.object({ boots: z.array(z.tuple([z.number(), z.array(z.tuple([z.number(), z.number()]))])) })

export class SeenSequences {
  /** In order of use, the longest silent boot first. */
  readonly #boots: Map<number, Ranges>

  constructor(boots: Iterable<[number, Ranges]> = []) {
    this.#boots = new Map(boots)
  }

  static parse(json: string): SeenSequences {
    return new SeenSequences(stored.parse(JSON.parse(json)).boots)
  }

  toString(): string {
    return JSON.stringify({ boots: [...this.#boots] })
  }

  /** True the first time (boot, seq) is seen, false when it is a duplicate. */
  remember(boot: number, seq: number): boolean {
    const ranges = this.#boots.get(boot)
    if (!ranges) {
      this.#boots.set(boot, [[seq, seq]])
      this.#forgetOldestBoot()
      return true
    }
    const newest = ranges.at(-1)
    if (newest && seq === newest[1] + 1) {
      newest[1] = seq
      return true
    }
    return insert(ranges, seq)
  }

  /** Missing sequence numbers between the first and the newest seen of a boot. */
  gaps(boot: number): number {
    const ranges = this.#boots.get(boot) ?? []
    return ranges
      .slice(1)
      .reduce((missing, range, before) => missing + range[0] - (ranges[before]?.[1] ?? 0) - 1, 0)
  }

  #forgetOldestBoot(): void {
    if (this.#boots.size <= bootsLimit) return
    for (const oldest of this.#boots.keys()) {
      this.#boots.delete(oldest)
      return
    }
  }
}

function insert(ranges: Ranges, seq: number): boolean {
  const at = ranges.findIndex((range) => seq <= range[1] + 1)
  const range = ranges[at]
  if (!range || seq < range[0] - 1) {
    ranges.splice(range ? at : ranges.length, 0, [seq, seq])
    joinLowest(ranges)
    return true
  }
  if (seq >= range[0] && seq <= range[1]) return false
  if (seq === range[0] - 1) range[0] = seq
  else range[1] = seq
  const next = ranges[at + 1]
  if (next && next[0] === range[1] + 1) {
    range[1] = next[1]
    ranges.splice(at + 1, 1)
  }
  return true
}

function joinLowest(ranges: Ranges): void {
  const [lowest, second] = ranges
  if (ranges.length <= rangesLimit || !lowest || !second) return
  ranges.splice(0, 2, [lowest[0], second[1]])
}
