import { decoded, type DecodedMessage } from './decoded-log.ts'
import type { Clock } from '../platform/clock.ts'
import type { IngestMemory, ReplayPlan } from './memory.ts'
import type { Kept, QuarantineSelection } from './quarantine.ts'
import type { Outcome, Sorted } from './sorting.ts'

/** After a contract was put right: what lies in quarantine is judged once more, with the time, topic and publisher
 *  it came with.
 *
 *  The invariant: a message in quarantine counts as quarantined until one transaction of the ingest memory takes
 *  the raw message away and moves its count to stored or duplicate. `accepted` is never touched, so the ledger
 *  adds up before, between and after. What is refused still stays, under the reason of today.
 *
 *  Exactly once: the history writer does this between two of its batches, so nothing else moves meanwhile. A
 *  batch is written down first (which messages, which positions of the replay lane), then stored, then settled.
 *  A crash after the plan repeats the same batch before anything else: the same messages against the same
 *  memory give the same points, and the store skips the positions (or overwrites the points) it has.
 *
 *  A replayed reading is the past: it goes to history, not to the fault engine, so nobody is paged for it. */

/** Raw messages in one batch; an upload holds some hundred readings at most. */
const batchMessages = 200
/** Requests that wait for their turn. */
const requestsLimit = 16

export interface ReplayBatch {
  /** First and last position of the replay lane. */
  from: number
  to: number
  kept: readonly Kept[]
  messages: readonly DecodedMessage[]
}

export interface ReplayResult extends Record<Outcome, number> {
  /** Raw messages judged again; `quarantined` of them are refused still. */
  replayed: number
  /** False while more of what was asked for is still to come. */
  finished: boolean
}

interface Request {
  selection: QuarantineSelection
  after: number
  until: number
  result: ReplayResult
  done: () => void
}

export class QuarantineReplays {
  readonly #memory: IngestMemory
  readonly #clock: Clock
  readonly #onAsked: () => void
  readonly #requests: Request[] = []
  /** What the memory has written down; undefined while it has to be looked up. */
  #plan: ReplayPlan | undefined
  /** Whose batch is under way; nobody's after a crash. */
  #current: Request | undefined

  constructor(options: { memory: IngestMemory; clock: Clock; onAsked: () => void }) {
    this.#memory = options.memory
    this.#clock = options.clock
    this.#onAsked = options.onAsked
  }

  /** `result` grows until every raw message that is there now, and fits, was judged again; then `done` resolves.
   *  Undefined when too many wait already. */
  ask(selection: QuarantineSelection): { result: Readonly<ReplayResult>; done: Promise<void> } | undefined {
    if (this.#requests.length >= requestsLimit) return undefined
    const { promise, resolve: done } = Promise.withResolvers<void>()
    const result = { replayed: 0, stored: 0, duplicate: 0, quarantined: 0, finished: false }
    this.#requests.push({ selection, after: 0, until: this.#memory.cursor(), result, done })
    this.#onAsked()
    return { result, done: promise }
  }

  /** The batch that a crash left under way, else the next that was asked for. */
  next(): ReplayBatch | undefined {
    this.#plan ??= this.#memory.replayPlan()
    if (this.#plan.underWay.length > 0) return this.#batch(this.#plan)
    for (let request = this.#requests[0]; request; request = this.#requests[0]) {
      const positions = this.#memory.quarantine.find(request.selection, { ...request, limit: batchMessages })
      if (positions.length > 0) {
        this.#current = request
        return this.#batch(this.#write(positions))
      }
      this.#requests.shift()
      request.result.finished = true
      request.done()
    }
    return undefined
  }

  settle(batch: ReplayBatch, sorted: Sorted): void {
    this.#memory.commitReplay(batch, sorted)
    this.#plan = undefined
    const request = this.#current
    this.#current = undefined
    if (!request) return
    request.after = batch.kept.at(-1)?.position ?? request.after
    request.result.replayed += batch.kept.length
    for (const { outcome } of sorted.outcomes) request.result[outcome]++
  }

  /** True while raw messages are between the plan and its settlement: nobody may take them away. */
  isUnderWay(): boolean {
    return this.#memory.replayPlan().underWay.length > 0
  }

  /** Positions start above every one that was ever given out, also by a memory that is lost: the store must not
   *  take what is new for what it has. */
  #write(underWay: readonly number[]): ReplayPlan {
    const position = Math.max(this.#memory.replayPlan().position, this.#clock.now() * 1_000)
    this.#plan = { position, underWay }
    this.#memory.planReplay(this.#plan)
    return this.#plan
  }

  #batch({ position, underWay }: ReplayPlan): ReplayBatch {
    const from = position + 1
    const kept = this.#memory.quarantine.take(underWay)
    const messages = kept.map((message, at) => judgedAgain(message, from + at))
    return { from, to: from + kept.length - 1, kept, messages }
  }
}

function judgedAgain(kept: Kept, position: number): DecodedMessage {
  const { receivedMs, publisher, will, topic, payload, reason } = kept
  return {
    // What the broker had to do with it (retain, hand on) it did then.
    intake: { position, receivedMs, publisher, will, topic, payload, retain: false, qos: 1 },
    decoded: decoded(kept),
    // The contract took it then: its sequence numbers were seen, and its points are nowhere.
    ...(reason === 'history-refused' && { seenUnstored: true }),
  }
}
