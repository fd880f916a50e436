import type { Cancel, Clock } from '../../platform/clock.ts'

/** Runs a task soon after it was asked for, but never more often than every `periodMs`: what happens in between
 *  is done together. */
export class Pace {
  readonly #clock: Clock
  readonly #periodMs: number
  readonly #task: () => void
  #lastMs = -Infinity
  #waiting: Cancel | undefined

  constructor({ clock, periodMs, task }: { clock: Clock; periodMs: number; task: () => void }) {
    this.#clock = clock
    this.#periodMs = periodMs
    this.#task = task
  }

  ask(): void {
    const waitMs = Math.max(0, this.#lastMs + this.#periodMs - this.#clock.now())
    this.#waiting ??= this.#clock.after(waitMs, () => {
      this.#waiting = undefined
      this.#lastMs = this.#clock.now()
      this.#task()
    })
  }

  stop(): void {
    this.#waiting?.()
    this.#waiting = undefined
  }
}

/** How many messages one socket sent lately. */
export class MessageRate {
  readonly #clock: Clock
  readonly #limit: number
  readonly #windowMs: number
  #sinceMs = -Infinity
  #count = 0

  constructor({ clock, limit, windowMs }: { clock: Clock; limit: number; windowMs: number }) {
    this.#clock = clock
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** Counts one more; false when it is one too many. */
  allows(): boolean {
    const nowMs = this.#clock.now()
    if (nowMs - this.#sinceMs >= this.#windowMs) {
      this.#sinceMs = nowMs
      this.#count = 0
    }
    this.#count += 1
    return this.#count <= this.#limit
  }
}

/** A person changes the site or asks again a few times; a script asks all the time. */
export const socketMessages = { limit: 30, windowMs: 10_000 }

/** Deltas of one room in a second: at most four. */
export const deltaPeriodMs = 250
