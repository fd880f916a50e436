import type { Kysely, Transaction } from 'kysely'
import { openSqlite } from '../platform/sqlite.ts'
import { migrations, type Schema } from './schema.ts'

/** The records of the district: registry, credentials, staff, work orders, the memory of the fault watch. */
export type Records = Kysely<Schema>
export type RecordsTransaction = Transaction<Schema>

export function openRecords(file: string): Promise<Records> {
  return openSqlite<Schema>(file, migrations)
}

/** Rows a statement: SQLite allows 32,766 variables. */
const rowsAtATime = 1_000

/** Many rows in as many parts as statements are needed. */
export function portions<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / rowsAtATime) }, (_, at) =>
    items.slice(at * rowsAtATime, (at + 1) * rowsAtATime),
  )
}
