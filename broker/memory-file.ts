import { Worker } from 'node:worker_threads'
import { Histogram } from 'prom-client'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { memoryAnswer, type MemoryAnswer, type MemoryRequest, type Write } from './memory-exchange.ts'

/** The way of the broker's memory to disk. Memory is changed first, the change is recorded here, and the loop goes
 *  on. Who must not speak before its change is on disk waits for `durable()`, which writes at once, together with
 *  all that has collected; while one batch is under way the next one collects, so many share one fsync.
 *
 *  Every transaction also moves the cursor: the position in the intake log up to which memory holds what messages
 *  did. So after a crash a message's effects are on disk exactly if its position is at or below the cursor.
 *
 *  A disk that fails loses nothing that still is in memory: recording stops, nobody is told "durable", the cursor
 *  stays, and once the disk takes it all of memory is written anew. */

/** Nobody waits for what is written so late: it follows from the intake log. */
const collectMs = 50
/** A cursor that moved alone may wait so long: nothing but trimming the log depends on it. */
const restMs = 1_000
const retryMs = 1_000
/** Writes that wait for the disk; from here on messages are acknowledged no faster than it writes. */
const crowdedWrites = 20_000

export interface MemoryFileOptions {
  file: string
  /** All of memory, as it is now. */
  everything: () => Iterable<Write>
  /** The cursor on disk. */
  onCursor: (position: number) => void
  clock: Clock
  logger: Log
  metrics: Metrics
}

interface Batch {
  /** Nothing where a message was withdrawn. */
  writes: (Write | undefined)[]
  /** Messages put into queues by this batch -> where among its writes. */
  queued: Map<unknown, number>
  waiting: PromiseWithResolvers<void>[]
}

export class MemoryFile {
  readonly #options: MemoryFileOptions
  readonly #opened = Promise.withResolvers<void>()
  readonly #closed = Promise.withResolvers<void>()
  readonly #commit: Histogram
  #worker: Worker | undefined
  #next: Batch = nothing()
  #underWay: Batch | undefined
  #cursor = 0
  #cursorRecorded = 0
  #timer: Cancel | undefined
  #rest: Cancel = () => {}
  #trouble: string | undefined
  #stopping = false

  constructor(options: MemoryFileOptions) {
    this.#options = options
    this.#commit = new Histogram({
      name: 'estate_broker_memory_commit_seconds',
      help: 'one batch of sessions, queues and retained messages to disk, fsync included',
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
      registers: [options.metrics],
    })
  }

  /** Resolves when the file can be written. */
  async start(): Promise<void> {
    const { file, clock, logger } = this.#options
    const worker = new Worker(new URL('memory-worker.ts', import.meta.url), {
      workerData: { file },
    })
    this.#worker = worker
    worker.on('message', (raw) => this.#receive(memoryAnswer.parse(raw)))
    worker.on('error', (cause) => {
      logger.fatal({ err: cause }, "the broker's memory cannot be written")
      this.#opened.reject(cause)
      this.#fail(String(cause))
    })
    worker.on('exit', () => {
      this.#worker = undefined
      this.#closed.resolve()
    })
    await this.#opened.promise
    this.#rest = clock.every(restMs, () => this.#flush())
  }

  record(write: Write): void {
    // What memory holds now is in the copy that will be made of all of it.
    if (this.#trouble !== undefined && !this.#underWay) return
    const { writes, queued } = this.#next
    const [what, seq] = write
    // A message that comes and goes within one batch, as with a client that is there, never touches the disk.
    const at = what === 'acknowledge' ? queued.get(seq) : undefined
    if (at !== undefined) {
      writes[at] = undefined
      return
    }
    if (what === 'queue') queued.set(seq, writes.length)
    writes.push(write)
    if (!this.#underWay) this.#timer ??= this.#options.clock.after(collectMs, () => this.#flush())
  }

  /** What the messages up to `position` did has been recorded. */
  moveCursor(position: number): void {
    this.#cursor = position
  }

  /** True when the disk is behind: who can wait should. */
  get crowded(): boolean {
    return Math.max(this.#next.writes.length, this.#underWay?.writes.length ?? 0) > crowdedWrites
  }

  /** Resolves when everything recorded until now is on disk; rejects when it is not going to be. */
  durable(): Promise<void> {
    if (this.#trouble !== undefined) return Promise.reject(new Error(this.#trouble))
    const batch = this.#next.writes.length > 0 ? this.#next : this.#underWay
    if (!batch) return Promise.resolve()
    if (!this.#underWay) setImmediate(() => this.#flush())
    const written = Promise.withResolvers<void>()
    batch.waiting.push(written)
    return written.promise
  }

  health(): { ok: boolean; detail: string } {
    return { ok: this.#trouble === undefined, detail: this.#trouble ?? 'sessions are kept' }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#rest()
    this.#flush()
    while (this.#underWay) await this.#underWayDone()
    this.#timer?.()
    this.#send({ type: 'stop' })
    await this.#closed.promise
  }

  async #underWayDone(): Promise<void> {
    const written = Promise.withResolvers<void>()
    this.#underWay?.waiting.push(written)
    await written.promise.catch((cause: unknown) =>
      this.#options.logger.error({ err: cause }, 'the memory of the broker is not on disk at its stop'),
    )
  }

  #flush(): void {
    this.#timer?.()
    this.#timer = undefined
    if (this.#underWay || !this.#worker) return
    const batch = this.#next
    if (batch.writes.length === 0 && this.#cursor === this.#cursorRecorded) return
    if (this.#trouble !== undefined) batch.writes = anew(this.#options.everything())
    this.#next = nothing()
    this.#underWay = batch
    this.#cursorRecorded = this.#cursor
    this.#send({
      type: 'write',
      writes: [['progress', this.#cursor], ...batch.writes.filter((write) => write !== undefined)],
    })
  }

  #receive(answer: MemoryAnswer): void {
    switch (answer.type) {
      case 'opened':
        return this.#opened.resolve()
      case 'written':
        this.#commit.observe(answer.seconds)
        return this.#settle()
      case 'failed':
        return this.#fail(answer.reason)
    }
  }

  #settle(): void {
    const { logger, onCursor } = this.#options
    const settled = this.#underWay
    this.#underWay = undefined
    if (this.#trouble !== undefined) logger.info('sessions are kept again')
    this.#trouble = undefined
    onCursor(this.#cursorRecorded)
    for (const { resolve } of settled?.waiting ?? []) resolve()
    if (this.#next.writes.length > 0) this.#flush()
  }

  #fail(reason: string): void {
    const { clock, logger } = this.#options
    if (this.#trouble === undefined) logger.error({ reason }, 'sessions and retained messages are not kept')
    this.#trouble = reason
    const waiting = [...(this.#underWay?.waiting ?? []), ...this.#next.waiting]
    this.#underWay = undefined
    this.#next = nothing()
    this.#cursorRecorded = -1
    for (const { reject } of waiting) reject(new Error(reason))
    if (!this.#stopping) this.#timer = clock.after(retryMs, () => this.#flush())
  }

  #send(request: MemoryRequest): void {
    this.#worker?.postMessage(request)
  }
}

function nothing(): Batch {
  return { writes: [], queued: new Map(), waiting: [] }
}

function anew(everything: Iterable<Write>): Write[] {
  return [['clearSessions'], ['clearIncoming'], ['clearRetained'], ['clearWills'], ...everything]
}
