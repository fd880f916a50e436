import type { Metrics } from '../platform/metrics.ts'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { DecodedLog, DecodedMessage } from './decoded-log.ts'
import { storeIsolating, type Poison } from './isolate.ts'
import type { Batch, HistoryStore } from './history/store.ts'
import {
  HistoryWriteError,
  writeFailureInWords,
  writeFailures,
  type WriteFailure,
} from './history/write-error.ts'
import type { IngestMemory } from './memory.ts'
import type { ReplayBatch, QuarantineReplays } from './quarantine-replay.ts'
import { sort, withoutPoison, type Refused } from './sorting.ts'

/** The consumer that puts every accepted message where it belongs: into history, into quarantine, or among
 *  the duplicates.
 *
 *  History is written first and the memory (cursor, outcomes, sequence numbers) after it. A crash between
 *  the two repeats the batch: the store skips or overwrites what it has, and the memory still says what it
 *  said before. While the store is down the same batch is tried again and the log keeps the rest. */
const firstRetryMs = 250
const slowestRetryMs = 15_000
/** A store that asks for longer is asked again all the same. */
const longestWaitMs = 5 * 60_000

/** Why nothing gets into history, and since when. */
interface Trouble {
  failure: WriteFailure
  reason: string
  sinceMs: number
}

export interface HistoryWriterParts {
  log: DecodedLog
  /** Position before the first message of the log. */
  origin: () => number
  store: HistoryStore
  memory: IngestMemory
  replays: QuarantineReplays
  /** Told, after the fact is on disk, what was refused. */
  onRefused: (refused: readonly Refused[]) => void
  /** Told, in the turn in which the memory was saved, what was dealt with, up to `to`. */
  onDealt: (messages: readonly DecodedMessage[], to: number) => void
  /** Told the position up to which the intake log is no longer needed. */
  onCursor: (position: number) => void
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class HistoryWriter {
  readonly #parts: HistoryWriterParts
  readonly #written: Counter
  readonly #outcomes: Counter
  readonly #failures: Counter<'failure'>
  readonly #seconds: Histogram
  #cursor = 0
  /** Receive time of the message in hand; undefined at the end of the log. */
  #behindMs: number | undefined
  #stopping = false
  #endPause = () => {}
  #trouble: Trouble | undefined
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
        for (const [what, count] of Object.entries(parts.memory.books.numbering()))
          numbering.set({ what }, count)
      },
    })
    this.#failures = new Counter({
      name: 'estate_history_write_failures_total',
      help: 'answers of the history store other than yes',
      labelNames: ['failure'],
      registers,
    })
    for (const failure of writeFailures) this.#failures.inc({ failure }, 0)
    this.#seconds = new Histogram({
      name: 'estate_history_write_seconds',
      help: 'from handing a batch to the history store to its answer, whatever it is',
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
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
    this.#endPause()
    this.#parts.log.wake()
    await this.#done
  }

  health(): { ok: boolean; detail: string } {
    if (!this.#trouble) return { ok: true, detail: `history is at position ${this.#cursor}` }
    const { failure, reason, sinceMs } = this.#trouble
    const since = new Date(sinceMs).toISOString()
    const waiting = this.#parts.log.waiting(this.#cursor)
    const detail = `${writeFailureInWords[failure]} (${reason}); ${waiting} messages wait in the intake log since ${since}`
    return { ok: false, detail }
  }

  /** Server time up to which everything received has been dealt with. */
  readUpToMs(): number {
    return this.#behindMs ?? this.#parts.clock.now()
  }

  async #run(): Promise<void> {
    const { log, replays } = this.#parts
    while (!this.#stopping) {
      // One batch of each in turn: a long replay holds up nobody, and one that a crash cut off comes first.
      const replay = replays.next()
      if (replay) await this.#replay(replay)
      const messages = log.read(this.#cursor)
      const last = messages.at(-1)
      this.#behindMs = messages[0]?.intake.receivedMs
      if (last) await this.#deal(messages, last.intake.position)
      else if (!replay) await log.more(this.#cursor)
    }
  }

  async #replay(batch: ReplayBatch): Promise<void> {
    const { memory, replays } = this.#parts
    const sorted = sort(batch.messages, (device) => memory.device(device))
    const { from, to } = batch
    const poisoned = await this.#store({ lane: 'replay', from, to, points: sorted.points })
    if (poisoned) replays.settle(batch, withoutPoison(sorted, batch.messages, poisoned))
  }

  async #deal(messages: readonly DecodedMessage[], to: number): Promise<void> {
    const { memory, origin, onRefused, onDealt, onCursor } = this.#parts
    const cursor = Math.max(this.#cursor, origin())
    const sorted = sort(messages, (device) => memory.device(device))
    const batch = { from: cursor + 1, to, points: sorted.points }
    const poisoned = await this.#store(batch)
    if (!poisoned) return
    const settled = poisoned.length === 0 ? sorted : withoutPoison(sorted, messages, poisoned)
    memory.countFor(origin())
    memory.commit(settled, to)
    onDealt(messages, to)
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
      const answered = this.#seconds.startTimer()
      try {
        const poisoned = await storeIsolating(this.#parts.store, batch, ({ failure }) =>
          this.#failures.inc({ failure }),
        )
        answered()
        this.#recovered()
        return poisoned
      } catch (cause) {
        answered()
        const error = asWriteError(cause)
        this.#troubled(error)
        await this.#pause(Math.min(Math.max(retryMs, error.retryAfterMs ?? 0), longestWaitMs))
        retryMs = Math.min(retryMs * 2, slowestRetryMs)
      }
    }
    return undefined
  }

  /** A line in the log when the kind of trouble changes, not for each try. */
  #troubled(error: HistoryWriteError): void {
    const { failure, reason } = error
    this.#failures.inc({ failure })
    if (this.#trouble?.failure !== failure)
      this.#parts.logger.error(
        { err: error, failure },
        `${writeFailureInWords[failure]}; the intake log keeps the readings`,
      )
    this.#trouble = { failure, reason, sinceMs: this.#trouble?.sinceMs ?? this.#parts.clock.now() }
  }

  #recovered(): void {
    if (this.#trouble === undefined) return
    const outageMs = this.#parts.clock.now() - this.#trouble.sinceMs
    this.#parts.logger.info({ outageMs }, 'history can be written again')
    this.#trouble = undefined
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopping) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#endPause = resolve
    const cancel = this.#parts.clock.after(ms, resolve)
    await promise
    cancel()
  }
}

/** What a store throws besides is its own trouble all the same. */
function asWriteError(cause: unknown): HistoryWriteError {
  if (cause instanceof HistoryWriteError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HistoryWriteError({ failure: 'failed', reason, cause })
}
