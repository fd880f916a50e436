import { z } from 'zod'

/** Which sequence numbers of a device have been here: per boot, a short list of ranges.
 *
 *  A healthy device counts up by one, so its whole life is one range per boot; a gap costs one more range
 *  until a replay fills it. That makes the memory exact (not a window of days) and small enough to keep for
 *  every device, and a message that comes a second time is recognised however late it is.
 *
 *  What no longer fits is forgotten in favour of storing: of a number in the stretch whose gaps were given up, or
 *  of a boot that was, it is not known whether it has been here, so it counts as new. A repetition from there
 *  may be stored twice; what was acknowledged is never thrown away.
 *
 *  The number is 32 bits wide and starts again at 0 when it is full. Inside, numbers go on counting past the
 *  edge, so that the message after 4294967295 is the next one and not a repetition of the first. */

/** Boots remembered per device: beyond it the one that began the longest ago is forgotten. */
export const bootsLimit = 64
/** Ranges remembered per boot: beyond it the two lowest are joined, and their gap is unsure from then on. */
export const rangesLimit = 1_024

const turn = 2 ** 32
/** Going back over the edge is a wrap when the numbers between are at most so many; else it is a regress. */
const wrapReach = 2 ** 20
/** What could not be read may carry any number: further ahead than this it is not believed. */
const nearReach = 1_024

/** Inclusive [from, to], ascending, never touching, counting on past the edge of 32 bits. */
type Ranges = [number, number][]

interface Boot {
  /** The lowest number that must have been: what is missing before the first range starts here. */
  first: number
  ranges: Ranges
  /** From the first to the last gap that was given up, inclusive: what has come of it is no longer known. */
  unsure?: [number, number]
}

/** Numbers of one boot that are missing, as the device counts them: 0 <= from <= to < 2^32. */
export interface Gap {
  boot: number
  from: number
  to: number
}

const whole = z.number()
export const savedSequences = z.object({
  boots: z.array(z.tuple([whole, whole, z.array(z.tuple([whole, whole]))])),
  /** Boot, from, to. */
  unsure: z.array(z.tuple([whole, whole, whole])).default([]),
  missing: whole,
  filled: whole,
  forgotten: whole,
  reboots: whole,
  wraps: whole,
})

export class SeenSequences {
  readonly #boots: Map<number, Boot>
  #missing: number
  #filled: number
  #forgotten: number
  #reboots: number
  #wraps: number
  #newest: number

  constructor(saved?: z.infer<typeof savedSequences>) {
    this.#boots = new Map(saved?.boots.map(([boot, first, ranges]) => [boot, { first, ranges }]))
    for (const [boot, from, to] of saved?.unsure ?? []) {
      const known = this.#boots.get(boot)
      if (known) known.unsure = [from, to]
    }
    this.#missing = saved?.missing ?? 0
    this.#filled = saved?.filled ?? 0
    this.#forgotten = saved?.forgotten ?? 0
    this.#reboots = saved?.reboots ?? 0
    this.#wraps = saved?.wraps ?? 0
    this.#newest = Math.max(-1, ...this.#boots.keys())
  }

  toJSON(): z.infer<typeof savedSequences> {
    return {
      boots: [...this.#boots].map(([boot, { first, ranges }]) => [boot, first, ranges]),
      unsure: [...this.#boots].flatMap(([boot, { unsure }]): [number, number, number][] =>
        unsure ? [[boot, ...unsure]] : [],
      ),
      missing: this.#missing,
      filled: this.#filled,
      forgotten: this.#forgotten,
      reboots: this.#reboots,
      wraps: this.#wraps,
    }
  }

  /** Numbers that are missing now, between the first and the newest of each boot. */
  get missing(): number {
    return this.#missing
  }

  /** Numbers that were missing once and have come. */
  get filled(): number {
    return this.#filled
  }

  /** Missing numbers that are no longer looked for, because the memory is bounded. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** New boot counters since the device was first heard. */
  get reboots(): number {
    return this.#reboots
  }

  /** Times the sequence number went from 4294967295 to 0 within one boot. */
  get wraps(): number {
    return this.#wraps
  }

  /** The highest boot counter so far; -1 before the first message. */
  get newestBoot(): number {
    return this.#newest
  }

  /** True the first time (boot, seq) is seen, and whenever that is no longer known; false when it is a
   *  duplicate. */
  remember(boot: number, seq: number): boolean {
    const known = this.#boots.get(boot)
    const newest = known?.ranges.at(-1)
    if (!known || !newest) {
      this.#begin(boot, seq)
      return true
    }
    const number = unwrapped(seq, newest[1])
    if (number <= newest[1]) return this.#insert(known, number)
    if (seq < newest[1] % turn) this.#wraps++
    if (number === newest[1] + 1) newest[1] = number
    else {
      this.#missing += number - newest[1] - 1
      known.ranges.push([number, number])
      this.#joinLowest(known)
    }
    return true
  }

  /** Whether a number could be the device's next, or lies among those that have come: not so a wild one. */
  isNear(boot: number, seq: number): boolean {
    const newest = this.#boots.get(boot)?.ranges.at(-1)
    return newest !== undefined && unwrapped(seq, newest[1]) <= newest[1] + nearReach
  }

  /** The latest `limit` gaps, of these the oldest boot and the lowest numbers first. */
  latestGaps(limit = Infinity): Gap[] {
    const found: Gap[] = []
    if (this.#missing === 0) return found
    for (const [boot, { first, ranges }] of [...this.#boots].toReversed()) {
      for (let at = ranges.length - 1; at >= 0 && found.length < limit; at--) {
        const before = ranges[at - 1]?.[1] ?? first - 1
        const next = ranges[at]?.[0] ?? first
        if (next > before + 1) found.push(...asCounted(boot, before + 1, next - 1).toReversed())
      }
    }
    return found.toReversed()
  }

  /** A device counts from 0 or 1 in each boot. Of the first boot we ever hear it is not known how much was
   *  said before; of every later one it is. */
  #begin(boot: number, seq: number): void {
    const later = this.#newest >= 0 && boot > this.#newest
    if (later) this.#reboots++
    const first = later ? Math.min(1, seq) : seq
    this.#newest = Math.max(this.#newest, boot)
    this.#missing += seq - first
    this.#boots.set(boot, { first, ranges: [[seq, seq]] })
    this.#forgetOldestBoot()
  }

  #forgetOldestBoot(): void {
    if (this.#boots.size <= bootsLimit) return
    for (const [oldest, { first, ranges }] of this.#boots) {
      this.#boots.delete(oldest)
      this.#giveUp(holesIn(first, ranges))
      return
    }
  }

  #insert(known: Boot, number: number): boolean {
    const { ranges, unsure } = known
    if (unsure && number >= unsure[0] && number <= unsure[1]) return true
    const at = ranges.findIndex(([, to]) => number <= to + 1)
    const range = ranges[at]
    if (range && number >= range[0] && number <= range[1]) return false
    if (number < known.first) {
      this.#missing += known.first - number - 1
      known.first = number
    } else {
      this.#missing--
      this.#filled++
    }
    if (!range || number < range[0] - 1) {
      ranges.splice(range ? at : ranges.length, 0, [number, number])
      this.#joinLowest(known)
      return true
    }
    if (number === range[0] - 1) range[0] = number
    else range[1] = number
    const next = ranges[at + 1]
    if (next && next[0] === range[1] + 1) {
      range[1] = next[1]
      ranges.splice(at + 1, 1)
    }
    return true
  }

  #joinLowest(known: Boot): void {
    const { ranges, unsure } = known
    const [lowest, second] = ranges
    if (ranges.length <= rangesLimit || !lowest || !second) return
    this.#giveUp(second[0] - lowest[1] - 1)
    const [from, to] = [lowest[1] + 1, second[0] - 1]
    known.unsure = unsure ? [Math.min(unsure[0], from), Math.max(unsure[1], to)] : [from, to]
    ranges.splice(0, 2, [lowest[0], second[1]])
  }

  #giveUp(numbers: number): void {
    this.#missing -= numbers
    this.#forgotten += numbers
  }
}

/** Where a 32-bit number lies relative to the newest that has come: a little past the edge, or before it. */
function unwrapped(seq: number, newest: number): number {
  const place = newest % turn
  const base = newest - place
  if (seq >= place) return seq - place > turn - wrapReach && base > 0 ? base - turn + seq : base + seq
  return seq + turn - place <= wrapReach ? base + turn + seq : base + seq
}

function holesIn(first: number, ranges: Ranges): number {
  const seen = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  return (ranges.at(-1)?.[1] ?? first - 1) - first + 1 - seen
}

/** As the device counts: a gap over the edge of 32 bits is two. */
function asCounted(boot: number, from: number, to: number): Gap[] {
  const edge = from - (from % turn) + turn
  if (to < edge) return [{ boot, from: from % turn, to: to % turn }]
  return [
    { boot, from: from % turn, to: turn - 1 },
    { boot, from: 0, to: to % turn },
  ]
}
