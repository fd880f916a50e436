import { Worker } from 'node:worker_threads'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Cancel, Clock } from './clock.ts'
import { encodeBatch, sizeOf, type Appended } from './intake-batch.ts'
import { intakeAnswer, type IntakeAnswer, type IntakeRequest } from './intake-exchange.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/** The write side of the intake log: messages collect for a few milliseconds, go to the worker as one batch,
 *  and everyone's callback waits for the one fsync. While a batch is under way the next one collects, so the
 *  disk itself sets the rhythm. A callback without an error means: on disk, whatever happens now. */

const collectMs = 4
const batchMessages = 512
/** Waiting for the disk; beyond it, more is refused at once rather than kept in memory. */
const waitingLimitBytes = 64 * 1024 * 1024
const defaultMaxBytes = 1024 * 1024 * 1024
const reportMs = 1_000

export interface IntakeLogOptions {
  file: string
  /** Bound of the log on disk; at the bound publishes are refused until consumers have caught up. */
  maxBytes?: number
  clock: Clock
  logger: Log
  metrics: Metrics
}

/** With the position of the message, or with the reason why it has none. */
type Done = (error: Error | undefined, position: number) => void

interface Waiting {
  messages: Appended[]
  done: Done[]
  bytes: number
  refused: Map<string, number>
}

export class IntakeLog {
  readonly #options: IntakeLogOptions
  readonly #meters: ReturnType<typeof meters>
  readonly #cursors = new Map<string, number>()
  readonly #opened = Promise.withResolvers<void>()
  readonly #closed = Promise.withResolvers<void>()
  #worker: Worker | undefined
  #waiting = nothing()
  #underWay: Waiting | undefined
  #timer: Cancel | undefined
  #reporter: Cancel = () => {}
  #trouble: string | undefined
  #stopping = false

  constructor(options: IntakeLogOptions) {
    this.#options = options
    this.#meters = meters(options.metrics)
  }

  async start(): Promise<void> {
    const { file, maxBytes = defaultMaxBytes, clock, logger } = this.#options
    // A log made anew starts above every position an earlier one can have given out: consumers that remember
    // the earlier one must not take the new messages for old.
    const originPosition = clock.now() * 1_000
    const worker = new Worker(new URL('intake-worker.ts', import.meta.url), {
      workerData: { file, maxBytes, originPosition },
    })
    this.#worker = worker
    worker.on('message', (raw) => this.#receive(intakeAnswer.parse(raw)))
    worker.on('error', (cause) => {
      logger.fatal({ err: cause }, 'the intake log cannot be written')
      this.#fail(cause instanceof Error ? cause : new Error(String(cause)))
    })
    worker.on('exit', () => this.#closed.resolve())
    this.#reporter = clock.every(reportMs, () => this.#reportCursors())
    await this.#opened.promise
  }

  /** `done` is called when the message is on disk, or with the reason why it is not. */
  append(message: Appended, done: Done): void {
    if (this.#stopping) return done(new Error('the intake log is closing'), 0)
    if (this.#waiting.bytes > waitingLimitBytes) return done(new Error('the disk cannot keep up'), 0)
    this.#waiting.messages.push(message)
    this.#waiting.done.push(done)
    this.#waiting.bytes += sizeOf(message)
    if (this.#waiting.messages.length >= batchMessages) this.#flush()
    else this.#flushSoon()
  }

  /** A publish that was turned away at the door, for the ledger. */
  countRefused(device: string): void {
    this.#waiting.refused.set(device, (this.#waiting.refused.get(device) ?? 0) + 1)
    this.#flushSoon()
  }

  /** A consumer has dealt with everything up to `position`; what all of them have is trimmed. */
  reportCursor(consumer: string, position: number): void {
    this.#cursors.set(consumer, position)
  }

  health(): { ok: boolean; detail: string } {
    return { ok: this.#trouble === undefined, detail: this.#trouble ?? 'the intake log takes messages' }
  }

  /** Writes what waits, then closes the file. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#reporter()
    this.#timer?.()
    this.#flush()
    await this.#drained()
    this.#reportCursors()
    this.#send({ type: 'stop' })
    await this.#closed.promise
  }

  async #drained(): Promise<void> {
    while (this.#underWay) await new Promise<void>((resolve) => this.#underWay?.done.push(() => resolve()))
  }

  #flushSoon(): void {
    if (this.#underWay) return
    this.#timer ??= this.#options.clock.after(collectMs, () => this.#flush())
  }

  #flush(): void {
    this.#timer?.()
    this.#timer = undefined
    const batch = this.#waiting
    if (this.#underWay || (batch.messages.length === 0 && batch.refused.size === 0)) return
    this.#underWay = batch
    this.#waiting = nothing()
    const tallies = talliesOf(batch)
    const body = encodeBatch(batch.messages)
    this.#send({ type: 'append', count: batch.messages.length, body, tallies }, [body.buffer])
  }

  #receive(answer: IntakeAnswer): void {
    switch (answer.type) {
      case 'opened':
        this.#meters.end.set(answer.end)
        this.#meters.bytes.set(answer.bytes)
        return this.#opened.resolve()
      case 'trimmed':
        return this.#meters.bytes.set(answer.bytes)
      case 'appended':
        this.#meters.end.set(answer.end)
        this.#meters.bytes.set(answer.bytes)
        this.#meters.commit.observe(answer.seconds)
        this.#meters.messages.inc(this.#underWay?.messages.length ?? 0)
        return this.#settle(undefined, answer.end)
      case 'refused':
        return this.#settle(new Error(answer.reason))
    }
  }

  #settle(error: Error | undefined, end = 0): void {
    if (error && this.#trouble === undefined)
      this.#options.logger.error({ err: error }, 'publishes are not accepted')
    if (!error && this.#trouble !== undefined) this.#options.logger.info('publishes are accepted again')
    this.#trouble = error?.message
    const settled = this.#underWay
    this.#underWay = undefined
    let position = end - (settled?.messages.length ?? 0)
    for (const done of settled?.done ?? []) done(error, ++position)
    if (this.#waiting.messages.length >= batchMessages || this.#stopping) this.#flush()
    else if (this.#waiting.messages.length > 0 || this.#waiting.refused.size > 0) this.#flushSoon()
  }

  #fail(error: Error): void {
    this.#opened.reject(error)
    this.#stopping = true
    this.#settle(error)
    const rest = this.#waiting
    this.#waiting = nothing()
    for (const done of rest.done) done(error, 0)
  }

  #reportCursors(): void {
    for (const [consumer, position] of this.#cursors) this.#send({ type: 'cursor', consumer, position })
    this.#cursors.clear()
  }

  #send(request: IntakeRequest, transferred: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(request, transferred)
  }
}

function nothing(): Waiting {
  return { messages: [], done: [], bytes: 0, refused: new Map() }
}

function talliesOf({ messages, refused }: Waiting): [string, number, number, number][] {
  const tallies = new Map<string, [string, number, number, number]>()
  const of = (device: string) => {
    const known = tallies.get(device) ?? [device, 0, 0, 0]
    tallies.set(device, known)
    return known
  }
  for (const { device, will } of messages) {
    const own = of(device)
    own[1]++
    if (will) own[2]++
  }
  for (const [device, count] of refused) of(device)[3] += count
  return [...tallies.values()]
}

function meters(metrics: Metrics) {
  const registers = [metrics]
  return {
    messages: new Counter({ name: 'estate_intake_messages_total', help: 'messages on disk', registers }),
    end: new Gauge({
      name: 'estate_intake_end_position',
      help: 'position of the newest message on disk',
      registers,
    }),
    bytes: new Gauge({ name: 'estate_intake_bytes', help: 'messages that wait in the log', registers }),
    commit: new Histogram({
      name: 'estate_intake_commit_seconds',
      help: 'one batch to disk, fsync included',
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
      registers,
    }),
  }
}
