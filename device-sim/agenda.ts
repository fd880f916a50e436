/** Who is due next: a binary heap of instants, each with the rank of whom it concerns; of two at the same
 *  instant the lower rank comes first. Numbers in two arrays, because a district asks it millions of times. */
export class Agenda {
  readonly #atMs: number[] = []
  readonly #rank: number[] = []

  /** Instant of the earliest entry; Infinity when there is none. */
  get nextMs(): number {
    return this.#atMs[0] ?? Infinity
  }

  /** Rank of the earliest entry; -1 when there is none. */
  get next(): number {
    return this.#rank[0] ?? -1
  }

  add(atMs: number, rank: number): void {
    let at = this.#atMs.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isAfter(parent, atMs, rank)) break
      this.#copy(parent, at)
      at = parent
    }
    this.#atMs[at] = atMs
    this.#rank[at] = rank
  }

  /** Takes the earliest entry off. */
  drop(): void {
    const atMs = this.#atMs.pop()
    const rank = this.#rank.pop()
    if (atMs !== undefined && rank !== undefined && this.#atMs.length > 0) this.#sink(atMs, rank)
  }

  /** Puts the earliest entry off until `atMs`. */
  postpone(atMs: number): void {
    this.#sink(atMs, this.next)
  }

  /** Lets an entry sink from the top to its place. */
  #sink(atMs: number, rank: number): void {
    const size = this.#atMs.length
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      const right = child + 1
      if (right < size && this.#isAfter(child, this.#atMs[right] ?? 0, this.#rank[right] ?? 0)) child = right
      if (this.#isAfter(child, atMs, rank)) break
      this.#copy(child, at)
      at = child
    }
    this.#atMs[at] = atMs
    this.#rank[at] = rank
  }

  #isAfter(at: number, atMs: number, rank: number): boolean {
    const ownMs = this.#atMs[at] ?? Infinity
    return ownMs > atMs || (ownMs === atMs && (this.#rank[at] ?? 0) > rank)
  }

  #copy(from: number, to: number): void {
    this.#atMs[to] = this.#atMs[from] ?? Infinity
    this.#rank[to] = this.#rank[from] ?? 0
  }
}
