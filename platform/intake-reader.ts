import Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { decodeBatch } from './intake-batch.ts'
import type { IntakeBooks, IntakeCount, IntakeMessage, IntakeReader } from './intake-message.ts'

/** Reads the intake log from any process while the broker writes it; never writes to it (measured: a second
 *  writer raises the broker's p99 from 1.3 to 6 ms). Before the broker made the file it is an empty log. */

const batchRows = z.array(z.object({ first: z.number(), count: z.number(), body: z.instanceof(Uint8Array) }))
const logRow = z.object({ origin: z.number(), end: z.number() })
const tallyRows = z.array(
  z.object({ device: z.string(), accepted: z.number(), wills: z.number(), refused: z.number() }),
)

/** Rows fetched at a time while looking for `limit` messages. */
const rowsAtATime = 16

export function openIntakeReader(file: string): IntakeReader {
  return new SqliteIntakeReader(file)
}

class SqliteIntakeReader implements IntakeReader {
  readonly #file: string
  #opened: ReturnType<typeof prepare> | undefined

  constructor(file: string) {
    this.#file = file
  }

  read(after: number, limit: number): IntakeMessage[] {
    const messages: IntakeMessage[] = []
    let next = after
    while (messages.length < limit) {
      const rows = batchRows.parse(this.#statements?.rows.all({ next: next + 1, rows: rowsAtATime }) ?? [])
      if (rows.length === 0) break
      for (const { first, count, body } of rows) {
        for (const message of decodeBatch(first, count, body))
          if (message.position > next) messages.push(message)
        next = Math.max(next, first + count - 1)
        if (messages.length >= limit) break
      }
    }
    return messages
  }

  origin(): number {
    return this.#log.origin
  }

  end(): number {
    return this.#log.end
  }

  counts(): Map<string, IntakeCount> {
    const rows = tallyRows.parse(this.#statements?.counts.all() ?? [])
    return new Map(rows.map(({ device, ...count }) => [device, count]))
  }

  books(): IntakeBooks {
    const look = () => ({ ...this.#log, counts: this.counts() })
    const database = this.#statements && this.#opened?.database
    return database ? database.transaction(look)() : look()
  }

  close(): void {
    this.#opened?.database.close()
    this.#opened = undefined
  }

  get #log(): z.infer<typeof logRow> {
    return logRow.optional().parse(this.#statements?.log.get()) ?? { origin: 0, end: 0 }
  }

  get #statements(): ReturnType<typeof prepare> | undefined {
    if (!this.#opened && existsSync(this.#file)) this.#opened = prepare(this.#file)
    return this.#opened
  }
}

/** Nothing where the broker is just making the file. */
function prepare(file: string) {
  const database = new Database(file, { readonly: true })
  try {
    return {
      database,
      // The row that holds a position is the last one that begins at or before it.
      rows: database.prepare(
        `select first, count, body from batch
         where first >= coalesce((select max(first) from batch where first <= @next), 0) and first + count > @next
         order by first limit @rows`,
      ),
      log: database.prepare('select origin, end from log'),
      counts: database.prepare('select device, accepted, wills, refused from tally'),
    }
  } catch (cause) {
    database.close()
    if (cause instanceof Database.SqliteError && cause.message.startsWith('no such table')) return undefined
    throw cause
  }
}
