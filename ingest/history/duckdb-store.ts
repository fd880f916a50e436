import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api'
import { z } from 'zod'
import type { Clock } from '../../platform/clock.ts'
import { DuckDbDraft, recallMemory, schema, type DuckDbMemory } from './duckdb-draft.ts'
import { readingsIn, SeriesNames } from './duckdb-readings.ts'
import { expire, rolledIn, rollUp, rollupSchema, rowsAt } from './duckdb-rollups.ts'
import { forever, planned, type Keep, type Resolution } from './resolution.ts'
import type {
  Batch,
  Bucket,
  HistoryStore,
  LastValue,
  RangeQuery,
  SeriesQuery,
  StoredReading,
} from './store.ts'
import { Turnstile } from './turnstile.ts'
import { localDays, type Window } from './windows.ts'
import { HistoryWriteError } from './write-error.ts'

/** History in one DuckDB file, for a district that needs no database server yet. One process owns the file; a
 *  second cannot even read it.
 *
 *  A batch and the log position it reaches are one transaction, and points at or below the position in the
 *  file are skipped: that, and not a primary key, is what makes a write idempotent (a key would cost three
 *  times the time and fifteen times the space). So a batch is all or nothing, and what the contract should have
 *  kept out (a value that is no integer) stops it: a bug of ours, not a point to set aside. Every write has a
 *  connection of its own, and closing it undoes whatever was not committed. */
export interface DuckDbStoreOptions {
  file: string
  timeZone: string
  clock: Clock
  /** `forever` unless told. */
  keep?: Keep
}

/** A query of the past may not starve the present: most of the machine is for the broker and ingest. */
const limits = { memory_limit: '512MB', threads: '2' }
/** Nothing is fetched from the network. */
const closedDoors = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' }
const writesWaiting = 16
const readsWaiting = 64

interface Open {
  database: DuckDBInstance
  reader: DuckDBConnection
}

export class DuckDbStore implements HistoryStore {
  readonly #file: string
  readonly #timeZone: string
  readonly #clock: Clock
  readonly #keep: Keep
  readonly #writing = new Turnstile('history writes', writesWaiting)
  readonly #reading = new Turnstile('history reads', readsWaiting)
  readonly #names = new SeriesNames()
  #open: Open | undefined
  /** What the file says, kept between writes; forgotten when one fails, because then only the file knows. */
  #memory: DuckDbMemory | undefined

  constructor({ file, timeZone, clock, keep = forever }: DuckDbStoreOptions) {
    this.#file = file
    this.#timeZone = timeZone
    this.#clock = clock
    this.#keep = keep
  }

  async start(): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true })
    const database = await DuckDBInstance.create(this.#file, { ...limits, ...closedDoors })
    const reader = await database.connect()
    await reader.run(schema + rollupSchema)
    this.#open = { database, reader }
  }

  async write(batch: Batch): Promise<void> {
    await this.#writing.pass(async () => {
      try {
        await this.#commit(batch)
      } catch (cause) {
        this.#memory = undefined
        if (cause instanceof HistoryWriteError) throw cause
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new HistoryWriteError({ failure: 'failed', reason, cause })
      }
    })
  }

  async range(query: RangeQuery): Promise<Bucket[]> {
    const plan = planned(query, { nowMs: this.#clock.now(), keep: this.#keep, timeZone: this.#timeZone })
    return this.#buckets(query, plan.resolution, [plan.window])
  }

  async days(query: Omit<RangeQuery, 'points'>): Promise<Bucket[]> {
    return this.#buckets(query, 'day', localDays(query, this.#timeZone))
  }

  /** Samples lie in the file in order of arrival, each block with its earliest and latest time, so looking
   *  back step by step touches a few blocks of a live series and the whole file only for a dead one. */
  async last(query: SeriesQuery): Promise<LastValue | undefined> {
    const series = await this.#seriesId(query)
    if (series === undefined) return undefined
    const [file] = newestRows.parse(await this.#read('select max(t) as newest from sample'))
    for (const reachMs of lookBackMs) {
      const sinceMs = Math.max(0, (file?.newest ?? 0) - reachMs)
      const [row] = lastRows.parse(await this.#read(lastSample, { series, since: sinceMs }))
      if (row) return valueOf(row)
    }
    const [expired] = lastRows.parse(await this.#read(lastDay, { series }))
    return expired && valueOf(expired)
  }

  async readings(query: Parameters<HistoryStore['readings']>[0]): Promise<StoredReading[]> {
    return this.#reading.pass(() => readingsIn(this.#opened().reader, this.#names, query))
  }

  /** Between two batches: rows can only be removed for good while nobody writes. */
  async upkeep(): Promise<void> {
    const nowMs = this.#clock.now()
    const connection = await this.#opened().database.connect()
    try {
      const isHourly = await rollUp(connection, { nowMs, timeZone: this.#timeZone })
      if (isHourly) await this.#writing.pass(() => expire(connection, { nowMs, keep: this.#keep }))
    } finally {
      connection.closeSync()
    }
  }

  async ping(): Promise<void> {
    await this.#read('select position from log_position')
  }

  async stop(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    this.#memory = undefined
    await Promise.all([this.#writing.empty(), this.#reading.empty()])
    open?.reader.closeSync()
    open?.database.closeSync()
  }

  async #commit(batch: Batch): Promise<void> {
    const connection = await this.#opened().database.connect()
    try {
      this.#memory ??= await recallMemory(connection)
      const { lane = 'log', to, points } = batch
      const position = this.#memory.positions[lane]
      if (to <= position) return
      const draft = new DuckDbDraft(this.#memory)
      for (const point of points) if (point.position > position) draft.add(point)
      await connection.run('begin')
      await draft.append(connection)
      await connection.run(
        `update ${lane}_position set position = ${to}; update batch_number set batch = ${draft.batch}; commit`,
      )
      this.#memory = draft.committed(batch)
    } finally {
      connection.closeSync()
    }
  }

  /** Mark and rows are read in one transaction: a pass in between would count its samples twice. */
  async #buckets(query: SeriesQuery, resolution: Resolution, windows: readonly Window[]): Promise<Bucket[]> {
    const series = await this.#seriesId(query)
    if (series === undefined) return []
    return this.#reading.pass(async () => {
      const { reader } = this.#opened()
      await reader.run('begin')
      try {
        const sql = slots(rowsAt(resolution, await rolledIn(reader)))
        const buckets: Bucket[] = []
        for (const { fromMs: from, toMs: to, slotMs: slot } of windows) {
          const answer = await reader.runAndReadAll(sql, { series, from, to, slot })
          buckets.push(...bucketRows.parse(answer.getRowObjectsJS()))
        }
        return buckets
      } finally {
        await reader.run('rollback')
      }
    })
  }

  async #seriesId({ kind, device, port = '', signal }: SeriesQuery): Promise<number | undefined> {
    const rows = await this.#read(
      'select id from series where kind = $kind and device = $device and port = $port and signal = $signal',
      { kind, device, port, signal },
    )
    return idRows.parse(rows)[0]?.id
  }

  #read(sql: string, values: Record<string, DuckDBValue> = {}): Promise<unknown> {
    return this.#reading.pass(async () => {
      const answer = await this.#opened().reader.runAndReadAll(sql, values)
      return answer.getRowObjectsJS()
    })
  }

  #opened(): Open {
    if (!this.#open)
      throw new HistoryWriteError({ failure: 'unavailable', reason: 'the history file is not open' })
    return this.#open
  }
}

const hourMs = 3_600_000
const lookBackMs = [hourMs, 24 * hourMs, 30 * 24 * hourMs, Number.MAX_SAFE_INTEGER]

const slots = (rows: string) => `
  select $from + (t - $from) // $slot * $slot as t, min(low) as min, max(high) as max,
    sum(total) / sum(count) as mean, sum(count)::bigint as count, arg_max(last, last_t) as last
  from (${rows}) group by 1 order by 1`
const lastDay = `
  select last_t as t, last as number, word from day where series = $series order by last_t desc limit 1`
const lastSample = `
  select t, number, word from sample where series = $series and t >= $since order by t desc limit 1`

/** DuckDB answers 64-bit integers as bigints; ours are all exact as numbers. */
const integer = z.coerce.number<bigint | number>()
const bucketRows = z.array(
  z.object({ t: integer, min: integer, max: integer, mean: z.number(), count: integer, last: integer }),
)
const lastRows = z.array(z.object({ t: integer, number: integer, word: z.string().nullable() }))
const newestRows = z.array(z.object({ newest: integer }))
const idRows = z.array(z.object({ id: z.number() }))

function valueOf({ t, word, number }: z.infer<typeof lastRows>[number]): LastValue {
  return { t, value: word ?? number }
}
