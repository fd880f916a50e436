import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api'
import { z } from 'zod'
import { DuckDbDraft, recallMemory, schema, type DuckDbMemory } from './duckdb-draft.ts'
import type { Batch, Bucket, HistoryStore, LastValue, RangeQuery, SeriesQuery } from './store.ts'
import { Turnstile } from './turnstile.ts'
import { decimated, localDays, type Window } from './windows.ts'
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
  readonly #writing = new Turnstile('history writes', writesWaiting)
  readonly #reading = new Turnstile('history reads', readsWaiting)
  #open: Open | undefined
  /** What the file says, kept between writes; forgotten when one fails, because then only the file knows. */
  #memory: DuckDbMemory | undefined

  constructor({ file, timeZone }: DuckDbStoreOptions) {
    this.#file = file
    this.#timeZone = timeZone
  }

  async start(): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true })
    const database = await DuckDBInstance.create(this.#file, { ...limits, ...closedDoors })
    const reader = await database.connect()
    await reader.run(schema)
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
    return this.#buckets(query, [decimated(query)])
  }

  async days(query: Omit<RangeQuery, 'points'>): Promise<Bucket[]> {
    return this.#buckets(query, localDays(query, this.#timeZone))
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
      if (row) return { t: row.t, value: row.word ?? row.number }
    }
    return undefined
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
      await connection.run(`update ${lane}_position set position = $to`, { to })
      await connection.run('commit')
      this.#memory = draft.committed(batch)
    } finally {
      connection.closeSync()
    }
  }

  async #buckets(query: SeriesQuery, windows: readonly Window[]): Promise<Bucket[]> {
    const series = await this.#seriesId(query)
    if (series === undefined) return []
    const buckets: Bucket[] = []
    for (const { fromMs: from, toMs: to, slotMs: slot } of windows)
      buckets.push(...bucketRows.parse(await this.#read(slots, { series, from, to, slot })))
    return buckets
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

const slots = `
  select $from + (t - $from) // $slot * $slot as t,
    min(number) as min, max(number) as max, avg(number) as mean, count(number) as count
  from sample where series = $series and t >= $from and t < $to and number is not null
  group by 1 order by 1`
const lastSample = `
  select t, number, word from sample where series = $series and t >= $since order by t desc limit 1`

/** DuckDB answers 64-bit integers as bigints; ours are all exact as numbers. */
const integer = z.coerce.number<bigint | number>()
const bucketRows = z.array(
  z.object({ t: integer, min: integer, max: integer, mean: z.number(), count: integer }),
)
const lastRows = z.array(z.object({ t: integer, number: integer, word: z.string().nullable() }))
const newestRows = z.array(z.object({ newest: integer }))
const idRows = z.array(z.object({ id: z.number() }))
