import type { Metrics } from '../platform/metrics.ts'
import { Counter, Gauge } from 'prom-client'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { DecodedLog, DecodedMessage } from './decoded-log.ts'
import { storeIsolating, type Poison } from './isolate.ts'
import type { Batch, HistoryStore } from './history/store.ts'
import type { IngestMemory } from './memory.ts'
import { sort, withoutPoison, type Refused } from './sorting.ts'

/** The consumer that puts every accepted message where it belongs: into history, into quarantine, or among
 *  the duplicates.
 *
 *  History is written first and the memory (cursor, outcomes, sequence numbers) after it. A crash between
 *  the two repeats the batch: the store skips or overwrites what it has, and the memory still says what it
 *  said before. While the store is down the same batch is tried again and the log keeps the rest. */
const firstRetryMs = 250
const slowestRetryMs = 15_000

export interface HistoryWriterParts {
  log: DecodedLog
  /** Position before the first message of the log. */
  origin: () => number
  store: HistoryStore
  memory: IngestMemory
  /** Told, after the fact is on disk, what was refused. */
  onRefused: (refused: readonly Refused[]) => void
  /** Told the position up to which the intake log is no longer needed. */
  onCursor: (position: number) => void
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class HistoryWriter {
  readonly #parts: HistoryWriterParts
  readonly #stopped = Promise.withResolvers<void>()
  readonly #written: Counter
  readonly #outcomes: Counter
  readonly #lag: Gauge
  #cursor = 0
  #stopping = false
  #trouble: string | undefined
  #done: Promise<void> = Promise.resolve()

  constructor(parts: HistoryWriterParts) {
    this.#parts = parts
    const registers = [parts.metrics]
    this.#written = new Counter({
      name: 'estate_history_points_total',
      help: 'points confirmed by the history store',
      registers,
    })
    this.#outcomes = new Counter({
      name: 'estate_ingest_messages_total',
      help: 'messages by outcome',
      labelNames: ['outcome'],
      registers,
    })
    const numbering: Gauge = new Gauge({
      name: 'estate_device_numbering',
      help: 'messages by how their devices count: missing, given up, filled, reboots, wraps, regresses, clones',
      labelNames: ['what'],
      registers,
      collect: () => {
        for (const [what, count] of Object.entries(parts.memory.numbering())) numbering.set({ what }, count)
      },
    })
    this.#lag = new Gauge({
      name: 'estate_ingest_pending_messages',
      help: 'accepted messages that history has not dealt with',
      registers,
      collect: () => this.#lag.set(parts.log.end() - this.#cursor),
    })
  }

  /** `fail` is called when the consumer cannot go on: a disk or a bug of ours, not a store that is down. */
  start(fail: (cause: unknown) => void): void {
    this.#cursor = Math.max(this.#parts.memory.cursor(), this.#parts.origin())
    this.#parts.onCursor(this.#cursor)
    this.#done = this.#run().catch(fail)
  }

  /** Waits for the batch in flight. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#stopped.resolve()
    await this.#done
  }

  health(): { ok: boolean; detail: string } {
    return {
      ok: this.#trouble === undefined,
      detail: this.#trouble ?? `history is at position ${this.#cursor}`,
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const messages = this.#parts.log.read(this.#cursor)
      const last = messages.at(-1)
      if (last) await this.#deal(messages, last.intake.position)
      else await Promise.race([this.#parts.log.more(this.#cursor), this.#stopped.promise])
    }
  }

  async #deal(messages: readonly DecodedMessage[], to: number): Promise<void> {
    const { memory, onRefused, onCursor } = this.#parts
    const sorted = sort(messages, (device) => memory.device(device))
    const batch = { from: this.#cursor + 1, to, points: sorted.points }
    const poisoned = await this.#store(batch)
    if (!poisoned) return
    const settled = poisoned.length === 0 ? sorted : withoutPoison(sorted, messages, poisoned)
    memory.commit(settled, to)
    this.#cursor = to
    for (const { outcome } of settled.outcomes) this.#outcomes.inc({ outcome })
    this.#written.inc(sorted.points.length - poisoned.length)
    onCursor(to)
    onRefused(settled.refused)
  }

  /** Tries until the store has confirmed everything it can take; undefined when stopped before that. */
  async #store(batch: Batch): Promise<Poison[] | undefined> {
    let retryMs = firstRetryMs
    while (!this.#stopping) {
      try {
        const poisoned = await storeIsolating(this.#parts.store, batch)
        this.#recovered()
        return poisoned
      } catch (cause) {
        this.#troubled(cause)
        await this.#pause(retryMs)
        retryMs = Math.min(retryMs * 2, slowestRetryMs)
      }
    }
    return undefined
  }

  #troubled(cause: unknown): void {
    const said = cause instanceof Error ? cause.message : String(cause)
    if (this.#trouble !== said)
      this.#parts.logger.error({ err: cause }, 'history cannot be written; the intake log keeps it')
    this.#trouble = said
  }

  #recovered(): void {
    if (this.#trouble !== undefined) this.#parts.logger.info('history can be written again')
    this.#trouble = undefined
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#parts.clock.after(ms, resolve)
    await Promise.race([promise, this.#stopped.promise])
    cancel()
  }
}
