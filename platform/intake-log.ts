import { Worker } from 'node:worker_threads'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Cancel, Clock } from './clock.ts'
import { encodeBatch, sizeOf, type Appended } from './intake-batch.ts'
import type { IntakeAnswer, IntakeRequest } from './intake-exchange.ts'
import { fillOf, holdMs, pacePerS, progressed, type Fill, type Progress } from './intake-pace.ts'
import { Tallies, type Tally } from './intake-tallies.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/** The write side of the intake log: messages collect for a few milliseconds, go to the worker as one batch,
 *  and everyone's callback waits for the one fsync. While a batch is under way the next one collects, so the
 *  disk itself sets the rhythm. A callback without an error means: on disk, whatever happens now.
 *
 *  Callbacks, and so PUBACKs, are late while history falls behind or the log is filling up (`intake-pace.ts`);
 *  they come with an error where the log is full or the disk fails. */

/** So long messages collect, ms: quick for a few, longer where many come and every commit counts. */
const collectMs = 4
const busyCollectMs = 10
const busyMessages = 64
const batchMessages = 512
/** Waiting for the disk; beyond it, more is refused at once rather than kept in memory. */
const waitingLimitBytes = 64 * 1024 * 1024
/** Two days of 20 readings a second, or twelve minutes of the most that this program takes. */
const defaultMaxBytes = 1024 * 1024 * 1024
const reportMs = 250
/** The consumer whose pace the intake keeps; what it has stored, people can see. */
const pacemaker = 'history'
const mebibyte = 1024 * 1024

export interface IntakeLogOptions {
  file: string
  /** Hard limit of the messages on disk, 1 GiB unless told: there publishes are refused until consumers have
   *  caught up. Above three quarters of it PUBACKs are held back. */
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
}

const states = ['taking', 'paced', 'holding', 'full', 'failing'] as const
/** paced: PUBACKs wait for history. holding: over the soft limit. full: over the hard limit. failing: the disk. */
export type IntakeState = (typeof states)[number]

export class IntakeLog {
  readonly #options: IntakeLogOptions
  readonly #maxBytes: number
  readonly #meters: ReturnType<typeof meters>
  readonly #cursors = new Map<string, number>()
  readonly #tallies = new Tallies()
  readonly #opened = Promise.withResolvers<void>()
  readonly #closed = Promise.withResolvers<void>()
  #worker: Worker | undefined
  #waiting = nothing()
  #underWay: (Waiting & { tallies: readonly Tally[] }) | undefined
  #collecting: Cancel | undefined
  #collectMs = collectMs
  /** Set while the next batch has to wait, however much has collected. */
  #pause: Cancel | undefined
  #reporter: Cancel = () => {}
  #end = 0
  #bytes = 0
  #talliedMs = 0
  #fill: Fill = 'roomy'
  #progress: Progress | undefined
  #trouble: string | undefined
  #damage: string | undefined
  #said: 'nothing' | IntakeState = 'nothing'
  #stopping = false

  constructor(options: IntakeLogOptions) {
    this.#options = options
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes
    this.#meters = meters(options.metrics, () => this.state())
  }

  /** `fail` is called when the log cannot go on and only a new start can repair it. */
  async start(fail: (cause: unknown) => void = () => {}): Promise<void> {
    const { file, clock, logger } = this.#options
    // A log made anew starts above every position an earlier one can have given out: consumers that remember
    // the earlier one must not take the new messages for old.
    const originPosition = clock.now() * 1_000
    const worker = new Worker(new URL('intake-worker.ts', import.meta.url), {
      workerData: { file, originPosition },
    })
    this.#worker = worker
    worker.on('message', (answer: IntakeAnswer) => this.#receive(answer))
    worker.on('error', (cause) => {
      logger.fatal({ err: cause }, 'the intake log cannot be written')
      this.#fail(cause instanceof Error ? cause : new Error(String(cause)))
      fail(cause)
    })
    worker.on('exit', () => this.#closed.resolve())
    this.#reporter = clock.every(reportMs, () => this.#report())
    await this.#opened.promise
  }

  /** `done` is called when the message is on disk, or with the reason why it is not. */
  append(message: Appended, done: Done): void {
    const bytes = sizeOf(message)
    const refusal = this.#refusal(bytes)
    if (refusal !== undefined) return done(new Error(refusal), 0)
    this.#waiting.messages.push(message)
    this.#waiting.done.push(done)
    this.#waiting.bytes += bytes
    if (this.#waiting.messages.length >= batchMessages) this.#flush()
    else this.#flushSoon()
  }

  /** A publish that was turned away at the door, for the ledger. */
  countRefused(device: string): void {
    this.#tallies.refused(device)
  }

  /** A consumer has dealt with everything up to `position`; what all of them have is trimmed. */
  reportCursor(consumer: string, position: number): void {
    this.#cursors.set(consumer, position)
    if (consumer === pacemaker)
      this.#progress = progressed(this.#progress, position, this.#options.clock.now())
  }

  state(): IntakeState {
    if (this.#trouble !== undefined) return 'failing'
    if (this.#fill !== 'roomy') return this.#fill
    return this.#pacePerS() === Number.POSITIVE_INFINITY ? 'taking' : 'paced'
  }

  /** Not ok: publishes are refused. */
  health(): { ok: boolean; detail: string } {
    const used = `${Math.ceil(this.#bytes / mebibyte)} of ${Math.ceil(this.#maxBytes / mebibyte)} MiB wait for history`
    const state = this.state()
    switch (state) {
      case 'taking':
        return { ok: true, detail: this.#damage ?? 'the intake log takes messages' }
      case 'paced':
        return { ok: true, detail: 'the intake log takes messages as fast as history stores them' }
      case 'holding':
        return { ok: true, detail: `the intake log holds PUBACKs back: ${used}` }
      case 'full':
        return { ok: false, detail: `the intake log is full: ${used}` }
      case 'failing':
        return { ok: false, detail: this.#trouble ?? '' }
    }
  }

  /** Writes what waits, then closes the file. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#reporter()
    this.#resume()
    while (this.#underWay) await new Promise<void>((resolve) => this.#underWay?.done.push(() => resolve()))
    this.#sendCursors()
    this.#send({ type: 'stop' })
    await this.#closed.promise
  }

  /** Why not now; nothing where there is room. */
  #refusal(bytes: number): string | undefined {
    if (this.#stopping) return 'the intake log is closing'
    if (this.#waiting.bytes > waitingLimitBytes) return 'the disk cannot keep up'
    const held = this.#bytes + (this.#underWay?.bytes ?? 0) + this.#waiting.bytes
    if (this.#fill !== 'full' && held + bytes > this.#maxBytes) this.#filled('full')
    return this.#fill === 'full' ? `the intake log is full (${this.#maxBytes} bytes)` : undefined
  }

  #flushSoon(): void {
    if (this.#underWay || this.#pause) return
    this.#collecting ??= this.#options.clock.after(this.#collectMs, () => this.#flush())
  }

  #flush(): void {
    if (this.#underWay || this.#pause) return
    this.#collecting?.()
    this.#collecting = undefined
    const batch = this.#takeBatch()
    const { messages } = batch
    this.#collectMs = messages.length < busyMessages ? collectMs : busyCollectMs
    if (!this.#write(batch)) return
    this.#pauseAfter(messages.length)
  }

  /** False when there is nothing to write. */
  #write(batch: Waiting): boolean {
    if (!this.#worker) return false
    const { messages } = batch
    const tallies = this.#talliesDue() ? this.#tallies.take() : []
    if (messages.length === 0 && tallies.length === 0) return false
    this.#underWay = { ...batch, tallies }
    const body = encodeBatch(messages)
    this.#send({ type: 'append', count: messages.length, body, tallies, talliedTo: this.#end }, [body.buffer])
    return true
  }

  #takeBatch(): Waiting {
    const { messages, done } = this.#waiting
    const batch = this.#waiting
    if (messages.length <= batchMessages) {
      this.#waiting = nothing()
      return batch
    }
    const taken = { messages: messages.splice(0, batchMessages), done: done.splice(0, batchMessages) }
    const bytes = taken.messages.reduce((sum, message) => sum + sizeOf(message), 0)
    batch.bytes -= bytes
    return { ...taken, bytes }
  }

  /** All that is on disk is in the tallies, so that they go up to `end`. */
  #talliesDue(): boolean {
    const nowMs = this.#options.clock.now()
    if (!this.#stopping && Math.abs(nowMs - this.#talliedMs) < reportMs) return false
    this.#talliedMs = nowMs
    return true
  }

  #pauseAfter(messages: number): void {
    const waitMs = Math.max(holdMs(this.#bytes, this.#maxBytes), (messages / this.#pacePerS()) * 1_000)
    if (waitMs < 1 || this.#stopping) return
    this.#meters.held.inc(waitMs / 1_000)
    this.#pause = this.#options.clock.after(waitMs, () => this.#resume())
  }

  #resume(): void {
    this.#pause?.()
    this.#pause = undefined
    this.#flush()
  }

  #pacePerS(): number {
    return pacePerS(this.#progress, { end: this.#end, nowMs: this.#options.clock.now() })
  }

  #receive(answer: IntakeAnswer): void {
    switch (answer.type) {
      case 'opened':
        this.#note(answer)
        if (answer.damage !== undefined) this.#tellDamage(answer.damage)
        return this.#opened.resolve()
      case 'trimmed':
        return this.#note(answer)
      case 'appended':
        this.#note(answer)
        this.#meters.commit.observe(answer.seconds)
        this.#meters.messages.inc(this.#underWay?.messages.length ?? 0)
        return this.#settle(undefined)
      case 'refused':
        return this.#settle(new Error(answer.reason))
      case 'recovered':
        this.#trouble = undefined
        return this.#sayState()
    }
  }

  #tellDamage(damage: string): void {
    this.#damage = damage
    this.#meters.damaged.inc()
    this.#options.logger.error({ damage }, 'the intake log was damaged; what could be read of it is served')
  }

  #note({ end, bytes }: { end?: number; bytes: number }): void {
    this.#end = end ?? this.#end
    this.#bytes = bytes
    this.#meters.end.set(this.#end)
    this.#meters.bytes.set(bytes)
    this.#filled(fillOf(this.#fill, bytes, this.#maxBytes))
  }

  #filled(fill: Fill): void {
    const relieved = this.#fill !== 'roomy' && fill === 'roomy'
    this.#fill = fill
    this.#sayState()
    if (relieved) this.#resume()
  }

  /** Pace is everyday; the rest is news. */
  #sayState(): void {
    const state = this.state()
    const news = state === 'paced' ? 'taking' : state
    if (news === this.#said) return
    const { logger } = this.#options
    const { detail } = this.health()
    if (news !== 'taking') logger.warn({ state, reason: detail }, 'the intake log holds back')
    else if (this.#said !== 'nothing') logger.info('the intake log takes messages again')
    this.#said = news
  }

  #settle(error: Error | undefined): void {
    const settled = this.#underWay
    this.#underWay = undefined
    this.#trouble = error?.message
    this.#sayState()
    const { messages, done, tallies } = settled ?? { ...nothing(), tallies: [] }
    if (error) this.#tallies.giveBack(tallies)
    else for (const { device, will } of messages) this.#tallies.accepted(device, will)
    let position = this.#end - messages.length
    for (const tell of done) tell(error, ++position)
    if (this.#waiting.messages.length >= batchMessages || this.#stopping) this.#flush()
    else if (this.#waiting.messages.length > 0) this.#flushSoon()
  }

  /** The writer is gone: nobody waits for it any longer. */
  #fail(error: Error): void {
    this.#opened.reject(error)
    this.#stopping = true
    this.#worker = undefined
    const lost = [...(this.#underWay?.done ?? []), ...this.#waiting.done]
    this.#underWay = undefined
    this.#waiting = nothing()
    this.#trouble = error.message
    this.#sayState()
    for (const done of lost) done(error, 0)
  }

  /** Cursors of consumers; and counts, where no batch takes them along: what is not counted is not trimmed. */
  #report(): void {
    this.#sendCursors()
    const idle = this.#waiting.messages.length === 0 || this.#pause !== undefined
    if (idle && !this.#underWay && this.#tallies.size > 0) this.#write(nothing())
  }

  /** All of them each time: one that could not be written down may be of a consumer that waits for the log. */
  #sendCursors(): void {
    if (this.#cursors.size > 0) this.#send({ type: 'cursors', positions: [...this.#cursors] })
  }

  #send(request: IntakeRequest, transferred: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(request, transferred)
  }
}

function nothing(): Waiting {
  return { messages: [], done: [], bytes: 0 }
}

function meters(metrics: Metrics, state: () => IntakeState) {
  const registers = [metrics]
  const stateGauge: Gauge<'state'> = new Gauge({
    name: 'estate_intake_state',
    help: `1 for the state of the intake log: ${states.join(', ')}`,
    labelNames: ['state'],
    registers,
    collect: () => {
      for (const each of states) stateGauge.set({ state: each }, each === state() ? 1 : 0)
    },
  })
  return {
    messages: new Counter({ name: 'estate_intake_messages_total', help: 'messages on disk', registers }),
    held: new Counter({
      name: 'estate_intake_held_seconds_total',
      help: 'time for which PUBACKs were held back, because history fell behind or the log was filling up',
      registers,
    }),
    damaged: new Counter({
      name: 'estate_intake_damaged_total',
      help: 'times that the log was found damaged when it was opened',
      registers,
    }),
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
