/** Lets one task through at a time, in order of arrival: a store has one batch in flight, and a connection
 *  answers one question. At most `waitingLimit` tasks stand before it; the next is turned away at once. */
export class Turnstile {
  readonly #name: string
  readonly #waitingLimit: number
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(name: string, waitingLimit: number) {
    this.#name = name
    this.#waitingLimit = waitingLimit
  }

  async pass<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= this.#waitingLimit) throw new TurnedAway(this.#name, this.#waitingLimit)
    this.#waiting++
    const before = this.#last
    const { promise: done, resolve: leave } = Promise.withResolvers<void>()
    this.#last = done
    try {
      await before
      return await task()
    } finally {
      this.#waiting--
      leave()
    }
  }

  /** Resolves when everyone who stands there now is through. */
  async empty(): Promise<void> {
    await this.#last
  }
}

export class TurnedAway extends Error {
  constructor(name: string, waitingLimit: number) {
    super(`${name}: ${waitingLimit} are waiting already`)
    this.name = 'TurnedAway'
  }
}
