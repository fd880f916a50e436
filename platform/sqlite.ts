import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'

/** Opens a SQLite file for Kysely: WAL, so that readers in other processes never wait for the writer, and
 *  `synchronous = FULL`, so that a commit is on disk. Brings it up to the newest migration. */
export async function openSqlite<Schema>(
  file: string,
  migrations: Record<string, Migration>,
): Promise<Kysely<Schema>> {
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  database.pragma('busy_timeout = 5000')
  const kysely = new Kysely<Schema>({ dialect: new SqliteDialect({ database }) })
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: () => Promise.resolve(migrations) },
  })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return kysely
  await kysely.destroy()
  throw new Error(`${file} could not be brought up to date`, { cause: error })
}
