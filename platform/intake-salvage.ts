import Database from 'better-sqlite3'
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { z } from 'zod'
import { decodeBatch } from './intake-batch.ts'
import { ifWhole, isDamage, rowReader, rowsFrom } from './intake-rows.ts'

/** Opens the intake log whatever became of its file. One that is not whole is moved aside, nothing of it thrown
 *  away, and what can be read goes into a fresh one, at the positions it had. New positions continue above
 *  everything that was ever given out, so no consumer takes a new message for one it knows. */

const logRow = z.object({ origin: z.number(), end: z.number(), tallied: z.number().nullish() })
const tallyRows = z.array(z.record(z.string(), z.unknown()))
/** Where the header of a SQLite file has its sizes. */
const headerBytes = 100
const pageSizeAt = 16
const pageCountAt = 28
/** A header that says more than this is as damaged as the rest. */
const paddedBytes = 64 * 1024 ** 3
/** A database in WAL mode is up to three files. */
const parts = ['', '-wal', '-shm']

export interface WholeOptions {
  file: string
  /** Where a log made anew begins: above everything that an earlier one can have given out. */
  originPosition: number
  /** Makes or completes the tables. */
  prepare: (database: Database.Database, originPosition: number) => void
}

export interface Whole {
  database: Database.Database
  /** What was wrong and what became of it, in words; nothing when all was well. */
  damage: string | undefined
}

export function openWhole(options: WholeOptions): Whole {
  const { file, originPosition, prepare } = options
  const salvage = `${file}.salvage`
  // The process ended when the damaged file was out of the way and the saved one not yet in its place.
  if (!existsSync(file) && existsSync(salvage)) renameSync(salvage, file)
  const wrong = wrongWith(file)
  const damage = wrong === undefined ? undefined : replace(options, salvage, wrong)
  const database = new Database(file)
  prepare(database, originPosition)
  return { database, damage }
}

/** A word of SQLite's about the damage; nothing where the file is whole, or is not there. */
function wrongWith(file: string): string | undefined {
  const database = new Database(file)
  try {
    const found = z.string().parse(database.pragma('quick_check(1)', { simple: true }))
    return found === 'ok' ? undefined : found
  } catch (cause) {
    if (isDamage(cause)) return String(cause)
    throw cause
  } finally {
    database.close()
  }
}

/** Answers with what became of it, in words. Whatever fails on the way leaves the damaged file in its place. */
function replace({ file, originPosition, prepare }: WholeOptions, salvage: string, wrong: string): string {
  for (const part of parts) rmSync(`${salvage}${part}`, { force: true })
  const fresh = new Database(salvage)
  let saved: string | undefined
  try {
    prepare(fresh, originPosition)
    saved = ifWhole(() => copy(file, fresh, originPosition))
  } finally {
    fresh.close()
  }
  // Positions are microseconds of the clock.
  const aside = `${file}.damaged-${Math.floor(originPosition / 1_000)}`
  for (const part of parts) if (existsSync(`${file}${part}`)) renameSync(`${file}${part}`, `${aside}${part}`)
  renameSync(salvage, file)
  return `${wrong}; ${saved ?? 'nothing in it could be read'}; the damaged file is kept as ${aside}`
}

/** Answers with what could be read, in words. */
function copy(file: string, fresh: Database.Database, originPosition: number): string {
  pad(file)
  const damaged = new Database(file)
  try {
    return fresh.transaction(() => {
      const log = ifWhole(() => logRow.optional().parse(damaged.prepare('select * from log').get()))
      for (const table of ['tally', 'consumer']) copyTable(damaged, fresh, table)
      const { batches, messages, first, last } = copyBatches(damaged, fresh, log?.end ?? originPosition)
      const origin = log?.origin ?? Math.max(0, first - 1)
      const end = log?.end ?? originPosition
      fresh.prepare('update log set origin = ?, end = ?, tallied = ?').run(origin, end, log?.tallied ?? end)
      if (!log && last < end) fresh.prepare('insert into unused values (?, ?)').run(last + 1, end)
      return `${messages} messages in ${batches} batches were saved`
    })()
  } finally {
    damaged.close()
  }
}

function copyTable(damaged: Database.Database, fresh: Database.Database, table: string): void {
  const rows = ifWhole(() => tallyRows.parse(damaged.prepare(`select * from ${table}`).all())) ?? []
  for (const row of rows) {
    const columns = Object.keys(row)
    fresh
      .prepare(
        `insert or replace into ${table} (${columns.join()}) values (${columns.map(() => '?').join()})`,
      )
      .run(...Object.values(row))
  }
}

function copyBatches(damaged: Database.Database, fresh: Database.Database, end: number) {
  const saved = { batches: 0, messages: 0, first: 0, last: 0 }
  const insert = fresh.prepare('insert or ignore into batch values (?, ?, ?)')
  for (const { first, count, body } of rowsFrom(
    rowReader(damaged, () => end),
    0,
  )) {
    if (!isReadable(first, count, body)) continue
    insert.run(first, count, body)
    saved.batches++
    saved.messages += count
    saved.first ||= first
    saved.last = first + count - 1
  }
  return saved
}

/** SQLite opens no file that is shorter than its header says; what is missing is zeros, and no page. */
function pad(file: string): void {
  const header = Buffer.alloc(headerBytes)
  const opened = openSync(file, 'r+')
  try {
    readSync(opened, header, 0, headerBytes, 0)
    const bytes = header.readUInt16BE(pageSizeAt) * header.readUInt32BE(pageCountAt)
    if (bytes > fstatSync(opened).size && bytes <= paddedBytes) ftruncateSync(opened, bytes)
  } finally {
    closeSync(opened)
  }
}

function isReadable(first: number, count: number, body: Uint8Array): boolean {
  try {
    decodeBatch(first, count, body)
    return true
  } catch {
    return false
  }
}
