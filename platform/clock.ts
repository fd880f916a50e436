/** The only place that knows what time it is. Everything else is handed a `Clock`, so that a test or a
 *  simulation can hold the hands still and turn them itself. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Runs `task` once, `delayMs` from now. */
  after(delayMs: number, task: () => void): Cancel
  /** Runs `task` every `periodMs`, first one period from now. */
  every(periodMs: number, task: () => void): Cancel
}

export type Cancel = () => void

/** The machine's clock. Its timers never keep the process alive by themselves. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
  every(periodMs, task) {
    const timer = setInterval(task, periodMs)
    timer.unref()
    return () => clearInterval(timer)
  },
}

/** Keeps the process alive while it waits for nothing but its alarms and signals. */
export function keepAlive(): Cancel {
  const timer = setInterval(() => {}, 2 ** 30)
  return () => clearInterval(timer)
}

interface Alarm {
  dueMs: number
  order: number
  periodMs?: number
  task: () => void
}

/** A clock that stands still until `advance` turns it; alarms ring in time order, ties in the order set. */
export class VirtualClock implements Clock {
  #nowMs: number
  #order = 0
  #alarms = new Set<Alarm>()

  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, task: () => void): Cancel {
    return this.#set({ dueMs: this.#nowMs + delayMs, order: this.#order++, task })
  }

  every(periodMs: number, task: () => void): Cancel {
    return this.#set({ dueMs: this.#nowMs + periodMs, order: this.#order++, periodMs, task })
  }

  /** Moves `byMs` forward, ringing every alarm on the way at its own moment. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      if (next.periodMs === undefined) this.#alarms.delete(next)
      else next.dueMs += next.periodMs
      next.task()
    }
    this.#nowMs = endMs
  }

  #next(endMs: number): Alarm | undefined {
    const due = [...this.#alarms].filter((alarm) => alarm.dueMs <= endMs)
    return due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0]
  }

  #set(alarm: Alarm): Cancel {
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }
}
