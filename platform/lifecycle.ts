import type { Log } from './log.ts'

interface Step {
  name: string
  stop: () => Promise<void> | void
}

/** What was started, in order; stopping runs the list backwards. Each step has `stepLimitMs`, a failing step
 *  does not keep the next from stopping, and a second call joins the first. */
export class Lifecycle {
  readonly #log: Log
  readonly #stepLimitMs: number
  readonly #steps: Step[] = []
  #stopping: Promise<void> | undefined

  constructor(log: Log, stepLimitMs = 2_000) {
    this.#log = log
    this.#stepLimitMs = stepLimitMs
  }

  /** Registers how to stop what was just started. */
  onStop(name: string, stop: () => Promise<void> | void): void {
    this.#steps.push({ name, stop })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  async #stopAll(): Promise<void> {
    for (const step of this.#steps.toReversed()) {
      try {
        await within(this.#stepLimitMs, step)
      } catch (cause) {
        this.#log.error({ err: cause, step: step.name }, 'a step did not stop cleanly')
      }
    }
  }
}

async function within(limitMs: number, step: Step): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${step.name} took longer than ${limitMs} ms to stop`)),
      limitMs,
    )
  })
  try {
    await Promise.race([step.stop(), late])
  } finally {
    clearTimeout(timer)
  }
}
