import Database from 'better-sqlite3'
import { z } from 'zod'

/** Reads batches out of a file that may be damaged. Where SQLite cannot read on (a page that is no page of its
 *  tree), the next place where it can is searched for; what lies between is missing, and whoever reads sees the
 *  hole: positions count up by one. */

const batchRow = z.object({ first: z.number(), count: z.number(), body: z.instanceof(Uint8Array) })
export type BatchRow = z.infer<typeof batchRow>
const batchRows = z.array(batchRow)
const rowsAtATime = 16

export type RowReader = (next: number, limit: number) => BatchRow[]

/** Batches that hold `next` or a later position, oldest first; `end` is the last position there can be. */
export function rowReader(database: Database.Database, end: () => number): RowReader {
  // The row that holds a position is the last one that begins at or before it.
  const statement = database.prepare(
    `select first, count, body from batch
     where first >= coalesce((select max(first) from batch where first <= @next), 0) and first + count > @next
     order by first limit @limit`,
  )
  const read = (next: number, limit: number) => batchRows.parse(statement.all({ next, limit }))
  return (next, limit) =>
    ifWhole(() => read(next, limit)) ?? ifWhole(() => read(next, 1)) ?? beyondDamage(read, next, end())
}

/** The first batch after the damage at `next`: in ever larger steps over it, then back to its edge. */
function beyondDamage(read: RowReader, next: number, end: number): BatchRow[] {
  const at = (position: number) => ifWhole(() => read(position, 1))
  let bad = next
  let step = 1
  while (bad < end && !at(Math.min(bad + step, end))) {
    bad = Math.min(bad + step, end)
    step *= 2
  }
  if (bad >= end) return []
  let good = Math.min(bad + step, end)
  while (good - bad > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (at(middle)) good = middle
    else bad = middle
  }
  return at(good) ?? []
}

/** Every batch from `next` on. */
export function* rowsFrom(rows: RowReader, next: number): Generator<BatchRow> {
  for (let found = rows(next, rowsAtATime); found.length > 0; found = rows(next, rowsAtATime)) {
    yield* found
    next = Math.max(...found.map(({ first, count }) => first + count))
  }
}

/** Nothing where the file is damaged. */
export function ifWhole<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (cause) {
    if (isDamage(cause)) return undefined
    throw cause
  }
}

/** Whether SQLite says that the file is not what it should be. */
export function isDamage(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    'code' in cause &&
    (String(cause.code).startsWith('SQLITE_CORRUPT') || cause.code === 'SQLITE_NOTADB')
  )
}
