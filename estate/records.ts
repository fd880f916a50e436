import type { Kysely, Transaction } from 'kysely'
import { openSqlite } from '../platform/sqlite.ts'
import { migrations, type Schema } from './schema.ts'

/** The records of the district: registry, credentials, staff, work orders, the memory of the fault watch. */
export type Records = Kysely<Schema>
export type RecordsTransaction = Transaction<Schema>

export function openRecords(file: string): Promise<Records> {
  return openSqlite<Schema>(file, migrations)
}
