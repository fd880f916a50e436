import { Counter, Histogram } from 'prom-client'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { HistoryStore } from './history/store.ts'

/** Has the history keep house every few minutes: rollups brought up to date, what is past its keep removed.
 *  Nobody waits for it, and while it fails (a database that is down) answers are as right and only slower. */
const periodMs = 5 * 60_000

export interface HistoryUpkeepParts {
  store: Pick<HistoryStore, 'upkeep'>
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class HistoryUpkeep {
  readonly #parts: HistoryUpkeepParts
  readonly #seconds: Histogram
  readonly #failures: Counter
  #cancel: Cancel = () => {}
  #running: Promise<void> | undefined
  #isFailing = false

  constructor(parts: HistoryUpkeepParts) {
    this.#parts = parts
    const registers = [parts.metrics]
    this.#seconds = new Histogram({
      name: 'estate_history_upkeep_seconds',
      help: 'rollups and retention of the history, one round',
      buckets: [0.01, 0.1, 1, 10, 60, 300],
      registers,
    })
    this.#failures = new Counter({
      name: 'estate_history_upkeep_failures_total',
      help: 'rounds of rollups and retention that failed',
      registers,
    })
  }

  start(): void {
    this.#cancel = this.#parts.clock.every(periodMs, () => {
      this.#running ??= this.#round().finally(() => (this.#running = undefined))
    })
  }

  /** Waits for the round under way. */
  async stop(): Promise<void> {
    this.#cancel()
    await this.#running
  }

  async #round(): Promise<void> {
    const { store, logger } = this.#parts
    const done = this.#seconds.startTimer()
    try {
      await store.upkeep()
      if (this.#isFailing) logger.info('rollups and retention of the history work again')
      this.#isFailing = false
    } catch (cause) {
      this.#failures.inc()
      if (!this.#isFailing) logger.error({ err: cause }, 'rollups and retention of the history have to wait')
      this.#isFailing = true
    } finally {
      done()
    }
  }
}
