import { maxUploadBytes } from '../../firmware-contracts/envelope.ts'
import { replayGone, type ReplayPayload } from '../../firmware-contracts/server-messages.ts'
import { rowBytes } from '../../firmware-contracts/encode.ts'
import type { Task } from './device.ts'
import type { KeptRow, Voice } from './voice.ts'

/** `cmd/replay`: the device says again what it still has, oldest first, one message a second so that live data
 *  goes before, and then acknowledges. Commands are answered one after the other. */
const restMs = 1_000
/** Commands that wait while one is being answered; a server that asks faster asks again later. */
const waitingLimit = 4
/** Envelope, brackets and the digits of `from` and `to`. */
const envelopeBytes = 160

interface Answer {
  id: string
  uploads: KeptRow[][]
  complete: boolean
}

export class ReplayAnswers {
  readonly #voice: Voice
  readonly #waiting: Answer[] = []
  readonly task: Task

  constructor(voice: Voice) {
    this.#voice = voice
    this.task = { nextMs: Infinity, run: (nowMs) => this.#next(nowMs) }
  }

  hear({ id, args }: ReplayPayload, nowMs: number): void {
    if (this.#waiting.length >= waitingLimit) return
    const rows = this.#voice.recall(args)
    const complete = rows.length === args.to - args.from + 1
    this.#waiting.push({ id, uploads: uploadsOf(this.#voice.contract, rows), complete })
    if (this.task.nextMs === Infinity) this.task.nextMs = nowMs
  }

  #next(nowMs: number): ReturnType<Task['run']> {
    const [answer] = this.#waiting
    if (!answer) return { said: [], nextMs: Infinity }
    const rows = answer.uploads.shift()
    if (rows) return { said: [this.#voice.history(nowMs, rows)], nextMs: nowMs + restMs }
    this.#waiting.shift()
    const { id, complete } = answer
    const said = [this.#voice.answer(nowMs, 'replay', complete ? { id } : { id, code: replayGone })]
    return { said, nextMs: this.#waiting.length > 0 ? nowMs + restMs : Infinity }
  }
}

/** A message carries the rows of one port, and at most 8 KB of them. */
function uploadsOf(contract: string, rows: readonly KeptRow[]): KeptRow[][] {
  const byPort = Map.groupBy(rows, ({ port }) => port)
  return [...byPort.values()].flatMap((own) => {
    const uploads: KeptRow[][] = []
    let left = 0
    for (const row of own) {
      const bytes = rowBytes(contract, row)
      if (bytes > left) {
        uploads.push([])
        left = maxUploadBytes - envelopeBytes
      }
      uploads.at(-1)?.push(row)
      left -= bytes
    }
    return uploads
  })
}
