import { InstructionBook, type InstructionEntry } from '../estate/instruction-book.ts'
import type { Records, RecordsTransaction } from '../estate/records.ts'
import type { Clock } from '../platform/clock.ts'
import { instruction, type Instruction } from './faults/instructions.ts'

/** Where people speak to the fault watch, and where the watch listens when it is its turn. */

/** Said and not yet dealt with; beyond it nobody is heard. */
const waitingLimit = 1_000
/** How long somebody waits for an answer; what he said is done even when he has left. */
const patienceMs = 30_000

export interface Waiting {
  id: number
  said: Instruction
  /** Tells who waits; `refused` says why nothing came of it. */
  answer: (refused: string | undefined) => void
}

export type Answered =
  | { type: 'done' }
  | { type: 'refused'; reason: string } /** Written down, and done later. */
  | { type: 'waiting' }

export interface InstructionDeskParts {
  records: Records
  clock: Clock
  /** The watch may rest: it has something to do. */
  wake: () => void
}

export class InstructionDesk {
  readonly #parts: InstructionDeskParts
  readonly #book: InstructionBook
  #waiting: Waiting[] = []

  constructor(parts: InstructionDeskParts) {
    this.#parts = parts
    this.#book = new InstructionBook(parts.records)
  }

  /** Takes up what was said to a process that has died. */
  async start(): Promise<void> {
    const left = await this.#book.waiting()
    this.#waiting = left.map(({ id, body }) => ({ id, said: instruction.parse(body), answer: () => {} }))
  }

  async say(said: Instruction): Promise<Answered> {
    const { clock, wake } = this.#parts
    if (this.#waiting.length >= waitingLimit)
      return { type: 'refused', reason: 'too many instructions wait already' }
    const subject = 'alarm' in said ? said.alarm : said.target
    const id = await this.#book.enter({ atMs: clock.now(), who: said.by, subject, body: said })
    const answered = Promise.withResolvers<Answered>()
    const answer = (reason: string | undefined) =>
      answered.resolve(reason === undefined ? { type: 'done' } : { type: 'refused', reason })
    this.#waiting.push({ id, said, answer })
    const cancel = clock.after(patienceMs, () => answered.resolve({ type: 'waiting' }))
    wake()
    const outcome = await answered.promise
    cancel()
    return outcome
  }

  /** What waits, in the order in which it was said; whoever takes it settles it. */
  take(): Waiting[] {
    const taken = this.#waiting
    this.#waiting = []
    return taken
  }

  settle(trx: RecordsTransaction, { id }: Waiting, refused: string | undefined): Promise<void> {
    return this.#book.settle(trx, id, refused)
  }

  list(page: { subject?: string; before?: number; limit: number }): Promise<InstructionEntry[]> {
    return this.#book.list(page)
  }
}
