import { Counter, Gauge } from 'prom-client'
import type { CurrentRegistry } from '../estate/current-registry.ts'
import {
  EvidenceBook,
  evidenceBucketMs,
  evidenceReachMs,
  seriesLimit,
  type EvidenceTask,
  type KeptSeries,
} from '../estate/kept-evidence.ts'
import type { OrderBook } from '../estate/order-book.ts'
import type { Records } from '../estate/records.ts'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { evidenceSeries } from './faults/evidence-series.ts'
import type { HistoryStore, SeriesQuery } from './history/store.ts'

/** Copies the readings around the beginning of a fault from history into the records, next to the order, before
 *  retention takes them. What is to be done stands in the records (kept-evidence.ts), so that neither a crash nor a
 *  history that is down for days loses it: at first what there is when the order opens, at the end the stretch
 *  after it, once history has everything that was received up to then. */

const periodMs = 15_000
/** Moments copied a round, one series after the other: history has other things to do. */
const momentsARound = 20
/** A reading of the last minute may still be on its way when the stretch ends. */
const graceMs = 2 * 60_000
/** When history lags behind, or the clock does. */
const againMs = 60_000

export interface EvidenceKeeperParts {
  store: Pick<HistoryStore, 'range'>
  /** Everything received before is in history, epoch ms. */
  readUpToMs: () => number
  records: Records
  orders: Pick<OrderBook, 'get'>
  registry: Pick<CurrentRegistry, 'get'>
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class EvidenceKeeper {
  readonly #parts: EvidenceKeeperParts
  readonly #book: EvidenceBook
  readonly #failures: Counter
  readonly #waiting: Gauge
  #cancel: Cancel = () => {}
  #running: Promise<void> | undefined
  #isFailing = false

  constructor(parts: EvidenceKeeperParts) {
    this.#parts = parts
    this.#book = new EvidenceBook(parts.records)
    const registers = [parts.metrics]
    this.#failures = new Counter({
      name: 'estate_evidence_failures_total',
      help: 'rounds of copying the evidence of work orders that failed',
      registers,
    })
    this.#waiting = new Gauge({
      name: 'estate_evidence_waiting',
      help: 'beginnings of faults of which readings are still to be kept with their work order',
      registers,
    })
  }

  start(): void {
    this.#cancel = this.#parts.clock.every(periodMs, () => {
      this.#running ??= this.round().finally(() => (this.#running = undefined))
    })
  }

  /** Waits for the round under way. */
  async stop(): Promise<void> {
    this.#cancel()
    await this.#running
  }

  /** Copies what is due. Where that fails all stays due, and the next round tries again. */
  async round(): Promise<void> {
    const { clock, logger } = this.#parts
    try {
      const causes = await this.#copyAll(await this.#book.due(clock.now(), momentsARound))
      this.#waiting.set(await this.#book.waiting())
      if (causes.length > 0) throw new Error(`${causes.length} could not be copied`, { cause: causes[0] })
      if (this.#isFailing) logger.info('the evidence of work orders is kept again')
      this.#isFailing = false
    } catch (cause) {
      this.#failures.inc()
      if (!this.#isFailing) logger.error({ err: cause }, 'the evidence of work orders has to wait')
      this.#isFailing = true
    }
  }

  /** One that cannot be copied holds up nobody behind it. Answers what went wrong. */
  async #copyAll(due: readonly EvidenceTask[]): Promise<unknown[]> {
    const causes: unknown[] = []
    for (const task of due) {
      try {
        await this.#copy(task)
      } catch (cause) {
        causes.push(cause)
      }
    }
    return causes
  }

  async #copy(task: EvidenceTask): Promise<void> {
    const { orders, registry, clock, readUpToMs } = this.#parts
    const order = await orders.get(task.order)
    if (!order) throw new Error(`the evidence of ${task.order} is asked for, which is no order`)
    const endMs = task.atMs + evidenceReachMs + graceMs
    // Asked before the readings are: what is written meanwhile is not missed.
    const isComplete = Math.min(clock.now(), readUpToMs()) >= endMs
    const wanted = evidenceSeries(order, registry.get())
    const series: KeptSeries[] = []
    for (const query of wanted.slice(0, seriesLimit)) series.push(await this.#read(query, task.atMs))
    await this.#book.keep(task, {
      series,
      leftOut: Math.max(0, wanted.length - seriesLimit),
      nextMs: isComplete ? null : Math.max(endMs, clock.now() + againMs),
    })
  }

  async #read({ device, port, signal, kind }: SeriesQuery, atMs: number): Promise<KeptSeries> {
    const which = { device, ...(port !== undefined && { port }), signal }
    const buckets = await this.#parts.store.range({
      ...which,
      kind,
      fromMs: atMs - evidenceReachMs,
      toMs: atMs + evidenceReachMs,
      points: (2 * evidenceReachMs) / evidenceBucketMs,
    })
    return { ...which, buckets }
  }
}
