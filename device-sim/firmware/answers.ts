import { rowBytes } from '../../firmware-contracts/encode.ts'
import { maxUploadBytes } from '../../firmware-contracts/envelope.ts'
import { replayGone, type ReplayPayload } from '../../firmware-contracts/server-messages.ts'
import type { Task } from './device.ts'
import type { Outgoing } from './message.ts'
import type { KeptRow } from './ring.ts'
import type { Voice } from './voice.ts'

/** What a device has to say besides the present: samples from an outage, samples it is asked for again
 *  (`cmd/replay`), and that it did what it was told. One thing after the other, oldest first, one message a
 *  second, so that live data goes before. */
const restMs = 1_000
/** Commands that wait while one is being answered; a server that asks faster asks again later. */
const waitingLimit = 4
/** Envelope, brackets and the digits of `from` and `to`. */
const envelopeBytes = 160

interface Answer {
  uploads: KeptRow[][]
  /** The command that is then acknowledged; what nobody asked for is not. */
  ack?: { command: string; id: string; code?: string }
}

export class Answers {
  readonly #voice: Voice
  readonly #waiting: Answer[] = []
  readonly task: Task

  constructor(voice: Voice) {
    this.#voice = voice
    this.task = { nextMs: Infinity, run: (nowMs) => this.#next(nowMs) }
  }

  /** Says again what it still has of the numbers it is asked for, and whether that was all. */
  replay({ id, args }: ReplayPayload, nowMs: number): void {
    const rows = this.#voice.recall(args)
    const complete = rows.length === args.to - args.from + 1
    const ack = { command: 'replay', id, ...(!complete && { code: replayGone }) }
    if (this.#hasRoom()) this.#add({ uploads: this.#uploadsOf(rows), ack }, nowMs)
  }

  /** Says that a command was obeyed, or with a code why it was not. */
  acknowledge(ack: { command: string; id: string; code?: string }, nowMs: number): void {
    if (this.#hasRoom()) this.#add({ uploads: [], ack }, nowMs)
  }

  /** Says what nobody could hear when it was sampled. */
  backfill(rows: readonly KeptRow[], nowMs: number): void {
    if (rows.length > 0) this.#add({ uploads: this.#uploadsOf(rows) }, nowMs)
  }

  /** After an outage it goes on where it was. */
  resume(nowMs: number): void {
    this.task.nextMs = this.#waiting.length > 0 ? nowMs + restMs : Infinity
  }

  #hasRoom(): boolean {
    return this.#waiting.filter(({ ack }) => ack).length < waitingLimit
  }

  #add(answer: Answer, nowMs: number): void {
    this.#waiting.push(answer)
    if (this.task.nextMs === Infinity) this.task.nextMs = nowMs
  }

  #next(nowMs: number): { said: Outgoing[]; nextMs: number } {
    const [answer] = this.#waiting
    if (!answer) return { said: [], nextMs: Infinity }
    const rows = answer.uploads.shift()
    if (answer.uploads.length === 0 && (!rows || !answer.ack)) this.#waiting.shift()
    const said = rows ? [this.#voice.history(nowMs, rows)] : []
    if (!rows && answer.ack) said.push(this.#voice.answer(nowMs, answer.ack.command, answer.ack))
    return { said, nextMs: this.#waiting.length > 0 ? nowMs + restMs : Infinity }
  }

  /** A message carries the rows of one boot and one port, and at most 8 KB of them. */
  #uploadsOf(rows: readonly KeptRow[]): KeptRow[][] {
    const uploads: KeptRow[][] = []
    const filling = new Map<string, { upload: KeptRow[]; left: number }>()
    for (const row of rows) {
      const stream = `${row.boot}/${row.port ?? ''}`
      const bytes = rowBytes(this.#voice.contract, row)
      const last = filling.get(stream)
      if (last && bytes <= last.left) {
        last.upload.push(row)
        last.left -= bytes
      } else {
        const upload = [row]
        uploads.push(upload)
        filling.set(stream, { upload, left: maxUploadBytes - envelopeBytes - bytes })
      }
    }
    return uploads
  }
}
