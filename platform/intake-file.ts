import Database from 'better-sqlite3'
import { statSync } from 'node:fs'
import { z } from 'zod'
import { DiskReserve, isDiskFull } from './disk-reserve.ts'
import { sealBatch } from './intake-batch.ts'
import { intakeConsumers } from './intake-message.ts'
import { rowReader, rowsFrom } from './intake-rows.ts'
import { openWhole } from './intake-salvage.ts'
import { Tallies, type Tally } from './intake-tallies.ts'

/** The file of the intake log, for its one writer. A batch and the broker's own counts go to disk in one
 *  transaction with one fsync (WAL, synchronous FULL); what cannot be written throws, and nothing of it counts.
 *
 *  Its size is bounded in three places. Messages: whoever appends watches `bytes`. The write-ahead log: SQLite
 *  starts it over once everything in it is checkpointed, which a reader that hangs in the middle of a read can
 *  put off; what it has beyond its allowance counts as messages. Free pages: they are used again, and given
 *  back to the disk when there are many and little else. */

const walAllowanceBytes = 64 * 1024 * 1024
const reserveBytes = 16 * 1024 * 1024
/** Worth the rewriting of at most so many bytes of messages, when so many can be given back. */
const vacuumLiveBytes = 8 * 1024 * 1024
const vacuumFreeBytes = 64 * 1024 * 1024
/** Somebody with a shell may lock the file for a moment; */
const busyMs = 5_000
/** a checkpoint waits for readers, but not for long. */
const checkpointMs = 100

const logRow = z.object({ end: z.number(), tallied: z.number() })
const bytesRow = z.object({ bytes: z.number() })
const lowestRow = z.object({ position: z.number() })

export interface IntakeFileOptions {
  file: string
  /** Where a log made anew begins; above all positions that earlier ones can have given out. */
  originPosition: number
}

export interface NewBatch {
  count: number
  body: Uint8Array
  tallies: readonly Tally[]
  talliedTo: number
}

export class IntakeFile {
  readonly #options: IntakeFileOptions
  readonly #database: Database.Database
  readonly #statements: ReturnType<typeof prepare>
  readonly #reserve: DiskReserve
  /** What was wrong with the file that was found, in words. */
  readonly damage: string | undefined
  #end: number
  #tallied: number
  #messageBytes: number
  #diskFull = false

  /** Moves a file aside that is not whole, and saves what can be read in it (`damage` says so). */
  constructor(options: IntakeFileOptions) {
    this.#options = options
    this.#reserve = new DiskReserve(`${options.file}.reserve`, reserveBytes)
    const { database, damage } = this.#openWithReserve()
    this.damage = damage
    this.#database = database
    this.#statements = prepare(database)
    const { end, tallied } = logRow.parse(this.#statements.log.get())
    this.#end = end
    this.#tallied = tallied
    this.#messageBytes = bytesRow.parse(this.#statements.size.get()).bytes
    if (tallied < end) this.#tallyTheRest()
  }

  /** Position of the newest message on disk. */
  get end(): number {
    return this.#end
  }

  /** Bytes that wait for consumers. */
  get bytes(): number {
    const walBytes = statSync(`${this.#options.file}-wal`, { throwIfNoEntry: false })?.size ?? 0
    return this.#messageBytes + Math.max(0, walBytes - walAllowanceBytes)
  }

  /** True from the moment when the disk had no room until there is room again. */
  get diskFull(): boolean {
    return this.#diskFull
  }

  append({ count, body, tallies, talliedTo }: NewBatch): void {
    const { insert, moveEnd, tally, moveTallied } = this.#statements
    if (this.#diskFull) throw new Error('the disk is full')
    if (count > 0) sealBatch(body, this.#end + 1)
    const counted = tallies.length > 0 ? talliedTo : this.#tallied
    const trimmedBytes = this.#write(() => {
      if (count > 0) insert.run(this.#end + 1, count, body)
      if (count > 0) moveEnd.run(this.#end + count)
      for (const own of tallies) tally.run(...own)
      if (counted === this.#tallied) return 0
      moveTallied.run(counted)
      return this.#trim(counted)
    })
    this.#end += count
    this.#tallied = counted
    this.#messageBytes += (count > 0 ? body.byteLength : 0) - trimmedBytes
  }

  /** Notes how far consumers have got, and forgets what all of them have dealt with. */
  report(positions: readonly [consumer: string, position: number][]): void {
    const trimmedBytes = this.#write(() => {
      for (const [consumer, position] of positions) this.#statements.report.run(consumer, position)
      return this.#trim(this.#tallied)
    })
    this.#messageBytes -= trimmedBytes
    if (trimmedBytes === 0) return
    if (this.#messageBytes <= vacuumLiveBytes && this.#freeBytes() > vacuumFreeBytes) this.#giveBack()
  }

  /** Rewrites what is left; the file ends where it ends with the checkpoint. */
  #giveBack(): void {
    this.#database.exec('vacuum')
    this.#database.pragma('wal_checkpoint(PASSIVE)')
  }

  /** To be called now and then: makes the reserve. On a full disk it lets go of what can go, and looks whether
   *  there is room again: for the reserve, or in the file itself, as much as the reserve would be. */
  care(): void {
    if (!this.#diskFull) {
      this.#reserve.make()
      return
    }
    try {
      this.#database.pragma(`busy_timeout = ${checkpointMs}`)
      this.#database.pragma('wal_checkpoint(TRUNCATE)')
    } catch (cause) {
      if (!isDiskFull(cause)) throw cause
    } finally {
      this.#database.pragma(`busy_timeout = ${busyMs}`)
    }
    this.#diskFull = !this.#reserve.make() && this.#freeBytes() < reserveBytes
  }

  close(): void {
    this.#database.close()
  }

  /** Forgets what every consumer has dealt with and what is counted; answers with its bytes. */
  #trim(counted: number): number {
    const { lowest, below, trim } = this.#statements
    const done = { done: Math.min(lowestRow.parse(lowest.get()).position, counted) }
    const { bytes } = bytesRow.parse(below.get(done))
    if (bytes > 0) trim.run(done)
    return bytes
  }

  #write<T>(change: () => T): T {
    try {
      return this.#database.transaction(change)()
    } catch (cause) {
      if (isDiskFull(cause)) this.#giveReserve()
      throw cause
    }
  }

  #giveReserve(): void {
    this.#diskFull = true
    this.#reserve.release()
  }

  #openWithReserve(): ReturnType<typeof openWhole> {
    const open = () => openWhole({ ...this.#options, prepare: makeReady })
    try {
      return open()
    } catch (cause) {
      if (!isDiskFull(cause)) throw cause
      this.#giveReserve()
      return open()
    }
  }

  /** Batches that were written after the counts were, the last time. */
  #tallyTheRest(): void {
    const [next, end] = [this.#tallied + 1, this.#end]
    const tallies = new Tallies()
    tallies.batches(
      rowsFrom(
        rowReader(this.#database, () => end),
        next,
      ),
      { next, end },
    )
    this.append({ count: 0, body: new Uint8Array(), tallies: tallies.take(), talliedTo: this.#end })
  }

  #freeBytes(): number {
    const pragma = (name: string) => z.number().parse(this.#database.pragma(name, { simple: true }))
    return pragma('freelist_count') * pragma('page_size')
  }
}

const schema = `
  create table if not exists batch (first integer primary key, count integer not null, body blob not null);
  create table if not exists log (
    only integer primary key check (only = 1), origin integer not null, end integer not null, tallied integer
  );
  create table if not exists tally (
    device text primary key, accepted integer not null, wills integer not null, refused integer not null
  ) without rowid;
  create table if not exists consumer (name text primary key, position integer not null) without rowid;
  create table if not exists unused (first integer primary key, last integer not null);`

/** What all devices together were counted for stands in the row of the log. Whoever writes a tally moves it, and
 *  whoever saves tallies out of a damaged file has it right again. */
const sums = `
  create trigger if not exists tally_added after insert on tally begin
    update log set accepted = accepted + new.accepted, wills = wills + new.wills, refused = refused + new.refused;
  end;
  create trigger if not exists tally_changed after update on tally begin
    update log set accepted = accepted + new.accepted - old.accepted, wills = wills + new.wills - old.wills,
      refused = refused + new.refused - old.refused;
  end;`

/** Logs of earlier versions: the first wrote its counts with every batch, the second had no sums. */
const columnsSince = {
  tallied: 'alter table log add column tallied integer; update log set tallied = end',
  accepted: `
    alter table log add column accepted integer not null default 0;
    alter table log add column wills integer not null default 0;
    alter table log add column refused integer not null default 0;
    update log set (accepted, wills, refused) =
      (select coalesce(sum(accepted), 0), coalesce(sum(wills), 0), coalesce(sum(refused), 0) from tally)`,
}

/** Makes or completes the tables. */
function makeReady(database: Database.Database, originPosition: number): void {
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma(`journal_size_limit = ${walAllowanceBytes}`)
  database.pragma(`busy_timeout = ${busyMs}`)
  database.exec(schema)
  const columns = z.array(z.object({ name: z.string() })).parse(database.pragma('table_info(log)'))
  for (const [column, add] of Object.entries(columnsSince))
    if (!columns.some(({ name }) => name === column)) database.transaction(() => database.exec(add))()
  database.exec(sums)
  database
    .prepare('insert or ignore into log (only, origin, end, tallied) values (1, ?, ?, ?)')
    .run(originPosition, originPosition, originPosition)
  const known = database.prepare('insert or ignore into consumer values (?, ?)')
  for (const consumer of intakeConsumers) known.run(consumer, 0)
}

function prepare(database: Database.Database) {
  return {
    log: database.prepare('select end, tallied from log'),
    insert: database.prepare('insert into batch values (?, ?, ?)'),
    moveEnd: database.prepare('update log set end = ?'),
    moveTallied: database.prepare('update log set tallied = ?'),
    tally: database.prepare(
      `insert into tally values (?, ?, ?, ?) on conflict (device) do update set accepted = accepted + excluded.accepted,
         wills = wills + excluded.wills, refused = refused + excluded.refused`,
    ),
    report: database.prepare(
      'insert into consumer values (?, ?) on conflict (name) do update set position = max(position, excluded.position)',
    ),
    lowest: database.prepare('select min(position) as position from consumer'),
    below: database.prepare(
      'select coalesce(sum(length(body)), 0) as bytes from batch where first <= @done and first + count - 1 <= @done',
    ),
    trim: database.prepare('delete from batch where first <= @done and first + count - 1 <= @done'),
    size: database.prepare('select coalesce(sum(length(body)), 0) as bytes from batch'),
  }
}
