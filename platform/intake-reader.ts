import Database from 'better-sqlite3'
import { statSync } from 'node:fs'
import { z } from 'zod'
import { damagedMessages, readBatch } from './intake-batch.ts'
import {
  messagesAfter,
  type IntakeBooks,
  type IntakeCount,
  type IntakeExtent,
  type IntakeMessage,
  type IntakeReader,
  type IntakeTotals,
} from './intake-message.ts'
import { ifWhole, rowReader, rowsFrom } from './intake-rows.ts'
import { Tallies } from './intake-tallies.ts'

/** Reads the intake log from any process while the broker writes it; never writes to it (measured: a second
 *  writer raises the broker's p99 from 1.3 to 6 ms). Before the broker made the file it is an empty log.
 *
 *  Every position between the slowest consumer and the end comes out: what is damaged comes as a message that
 *  says so (`damagedPublisher`). A file that the broker had to replace is noticed and opened anew. */

const logRow = z.object({ origin: z.number(), end: z.number(), tallied: z.number() })
const count = { accepted: z.number(), wills: z.number(), refused: z.number() }
const sumRow = z.object(count)
const tallyRows = z.array(z.object({ device: z.string(), ...count }))
const deviceRows = z.array(z.object({ device: z.string() }))
const lowestRow = z.object({ position: z.number() })
const unusedRows = z.array(z.object({ first: z.number(), last: z.number() }))
const unusedRow = z.object({ last: z.number().nullable() })

/** Rows fetched at a time while looking for `limit` messages. */
const rowsAtATime = 16

export function openIntakeReader(file: string): IntakeReader {
  return new SqliteIntakeReader(file)
}

class SqliteIntakeReader implements IntakeReader {
  readonly #file: string
  #opened: (Statements & { inode: number }) | undefined

  constructor(file: string) {
    this.#file = file
  }

  read(after: number, limit: number): IntakeMessage[] {
    const statements = this.#statements
    if (!statements) return []
    // The end first: what is at or below it is there, or was trimmed, whatever the broker writes meanwhile.
    const { end } = this.#log
    const messages: IntakeMessage[] = []
    let next = after + 1
    while (messages.length < limit) {
      const rows = statements.rows(next, rowsAtATime)
      for (const { first, count, body } of rows) {
        if (first > next) next = this.#missing(messages, { first: next, last: first - 1, limit })
        if (messages.length >= limit) return messages
        for (const message of readBatch(first, count, body))
          if (message.position >= next) messages.push(message)
        next = Math.max(next, first + count)
        if (messages.length >= limit) return messages
      }
      if (rows.length > 0) continue
      if (next <= end) this.#missing(messages, { first: next, last: end, limit })
      return messages
    }
    return messages
  }

  origin(): number {
    return this.#log.origin
  }

  end(): number {
    return this.#log.end
  }

  extent(): IntakeExtent {
    const { origin, end } = this.#log
    return { origin, end, unused: unusedRows.parse(this.#statements?.allUnused.all() ?? []) }
  }

  totals(): IntakeTotals {
    const statements = this.#statements
    if (!statements) return { ...nothingYet, accepted: 0, wills: 0, refused: 0 }
    return atOneInstant(statements, () => {
      const extent = this.extent()
      const { accepted, ...others } = sumRow.parse(statements.sums.get())
      return { ...extent, ...others, accepted: accepted + messagesAfter(this.#log.tallied, extent) }
    })
  }

  books(devices: readonly string[]): IntakeBooks {
    const statements = this.#statements
    if (!statements) return { ...nothingYet, counts: new Map() }
    return atOneInstant(statements, () => {
      const { end, tallied } = this.#log
      return { ...this.extent(), counts: countsOf(statements, devices, { next: tallied + 1, end }) }
    })
  }

  devicesAfter(search: { after: string; part: string; limit: number }): string[] {
    const rows = deviceRows.parse(this.#statements?.devicesAfter.all(search) ?? [])
    return rows.map(({ device }) => device)
  }

  close(): void {
    this.#opened?.database.close()
    this.#opened = undefined
  }

  get #log(): z.infer<typeof logRow> {
    return logRow.optional().parse(this.#statements?.log.get()) ?? { origin: 0, end: 0, tallied: 0 }
  }

  /** Adds what stands in for a hole, up to the limit, and returns where it ends; what was trimmed, or was never
   *  given out, is no hole. */
  #missing(
    messages: IntakeMessage[],
    { first, last, limit }: { first: number; last: number; limit: number },
  ): number {
    const statements = this.#statements
    if (!statements) return last + 1
    const unused = unusedRow.parse(statements.unused.get(last, last)).last ?? 0
    const trimmed = lowestRow.parse(statements.lowest.get()).position
    const from = Math.max(first, unused + 1, trimmed + 1, this.origin() + 1)
    const to = Math.min(last, from + limit - messages.length - 1)
    for (const message of damagedMessages(from, to, 'this part of the intake log is damaged'))
      messages.push(message)
    return Math.max(to, first) + 1
  }

  get #statements(): Statements | undefined {
    const inode = statSync(this.#file, { throwIfNoEntry: false })?.ino
    if (inode === undefined || inode === this.#opened?.inode) return this.#opened
    this.close()
    const statements = prepare(this.#file)
    this.#opened = statements && { ...statements, inode }
    return this.#opened
  }
}

/** Nothing where the broker is just making the file, or is still to bring it up to date. */
function prepare(file: string) {
  const database = new Database(file, { readonly: true })
  try {
    const log = database.prepare('select origin, end, tallied from log')
    return {
      database,
      log,
      rows: rowReader(database, () => logRow.parse(log.get()).end),
      sums: database.prepare('select accepted, wills, refused from log'),
      counts: database.prepare(
        `select device, accepted, wills, refused from json_each(?) asked join tally on device = asked.value`,
      ),
      devicesAfter: database.prepare(
        `select device from tally where device > @after and (@part = '' or instr(device, @part) > 0)
         order by device limit @limit`,
      ),
      lowest: database.prepare('select coalesce(min(position), 0) as position from consumer'),
      allUnused: database.prepare('select first, last from unused'),
      unused: database.prepare('select max(last) as last from unused where first <= ? and last <= ?'),
    }
  } catch (cause) {
    database.close()
    if (cause instanceof Database.SqliteError && /^no such (table|column)/.test(cause.message))
      return undefined
    throw cause
  }
}

/** Before the broker made the file. */
const nothingYet: IntakeExtent = { origin: 0, end: 0, unused: [] }

/** A transaction that met damage cannot be ended well: then it is not quite one instant. */
function atOneInstant<T>({ database }: Statements, look: () => T): T {
  return ifWhole(() => database.transaction(look)()) ?? look()
}

/** The broker's counts, and those of the batches that it has not counted yet. */
function countsOf(
  statements: Statements,
  devices: readonly string[],
  uncounted: { next: number; end: number },
): Map<string, IntakeCount> {
  const rows = tallyRows.parse(statements.counts.all(JSON.stringify(devices)))
  const counts = new Map(rows.map(({ device, ...own }) => [device, own]))
  const asked = new Set(devices)
  const tallies = new Tallies()
  tallies.batches(rowsFrom(statements.rows, uncounted.next), uncounted)
  for (const [device, accepted, wills] of tallies.take()) {
    if (!asked.has(device)) continue
    const was = counts.get(device) ?? { accepted: 0, wills: 0, refused: 0 }
    counts.set(device, { ...was, accepted: was.accepted + accepted, wills: was.wills + wills })
  }
  return counts
}

type Statements = NonNullable<ReturnType<typeof prepare>>
