import {
  BIGINT,
  DuckDBDataChunk,
  INTEGER,
  UINTEGER,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import { z } from 'zod'
import type { Batch, Lane, Point } from './store.ts'
import { HistoryWriteError } from './write-error.ts'

/** The embedded history's tables, and one batch on its way into them.
 *
 *  A sample is one signal at one instant; its series is a number in a dictionary. Time, boot and sequence are
 *  alike in neighbouring rows and values change little, so that a row is a few bytes on disk. A file from before
 *  there were rollups has no number of a batch: 0, and the next pass takes all of it. */
export const schema = `
  create table if not exists series (
    id integer not null, kind varchar not null, site varchar not null, device varchar not null,
    port varchar not null, signal varchar not null
  );
  create table if not exists sample (
    series integer not null, t bigint not null, boot uinteger not null, seq uinteger not null,
    number bigint, word varchar, batch bigint default 0
  );
  alter table sample add column if not exists batch bigint default 0;
  create table if not exists log_position as select 0::bigint as position;
  create table if not exists replay_position as select 0::bigint as position;`

const seriesColumns = [INTEGER, VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR]
const sampleColumns = [INTEGER, BIGINT, UINTEGER, UINTEGER, BIGINT, VARCHAR, BIGINT]

/** Far above any district (10,000 devices with 20 signals are 200,000): reaching it means that names are being
 *  made up, and writing stops rather than memory. */
const seriesLimit = 1_000_000
/** Rows in a DuckDB data chunk. */
const chunkRows = 2_048

export interface DuckDbMemory {
  /** Where the file stands in each lane. */
  positions: Readonly<Record<Lane, number>>
  /** Number of the newest batch in the file. */
  batch: number
  /** Series -> its number in the dictionary, 1, 2, 3 … */
  series: Map<string, number>
}

const position = z.coerce.number<bigint>()
const positionRows = z.tuple([z.object({ log: position, replay: position, batch: position })])
const seriesRows = z.array(
  z.object({ id: z.number(), kind: z.string(), device: z.string(), port: z.string(), signal: z.string() }),
)

export async function recallMemory(connection: DuckDBConnection): Promise<DuckDbMemory> {
  const at = await connection.runAndReadAll(
    `select log_position.position as log, replay_position.position as replay, batch
     from log_position, replay_position, batch_number`,
  )
  const dictionary = await connection.runAndReadAll('select id, kind, device, port, signal from series')
  const known = seriesRows.parse(dictionary.getRowObjectsJS())
  const [{ batch, ...positions }] = positionRows.parse(at.getRowObjectsJS())
  return {
    positions,
    batch,
    series: new Map(known.map((row) => [seriesKey(row, row.signal), row.id])),
  }
}

/** Collects rows, numbering new series, without touching what is remembered until it is on disk. */
export class DuckDbDraft {
  readonly #memory: DuckDbMemory
  /** The number of this batch. */
  readonly batch: number
  readonly #fresh = new Map<string, number>()
  readonly #series = new Columns(seriesColumns)
  readonly #samples = new Columns(sampleColumns)

  constructor(memory: DuckDbMemory) {
    this.#memory = memory
    this.batch = memory.batch + 1
  }

  add(point: Point): void {
    for (const signal in point.fields) {
      const value = point.fields[signal]
      if (value === undefined) continue
      const word = typeof value === 'string' ? value : null
      const number = typeof value === 'number' ? exact(value, { point, signal }) : null
      const { t, boot, seq } = point
      this.#samples.add([this.#idOf(point, signal), BigInt(t), boot, seq, number, word, BigInt(this.batch)])
    }
  }

  async append(connection: DuckDBConnection): Promise<void> {
    await this.#series.append(connection, 'series')
    await this.#samples.append(connection, 'sample')
  }

  committed({ lane = 'log', to }: Batch): DuckDbMemory {
    for (const [key, id] of this.#fresh) this.#memory.series.set(key, id)
    const { positions, series } = this.#memory
    return { positions: { ...positions, [lane]: to }, batch: this.batch, series }
  }

  #idOf(point: Point, signal: string): number {
    const key = seriesKey(point, signal)
    return this.#memory.series.get(key) ?? this.#fresh.get(key) ?? this.#enter(key, point, signal)
  }

  #enter(key: string, { kind, site, device, port = '' }: Point, signal: string): number {
    const id = this.#memory.series.size + this.#fresh.size + 1
    if (id > seriesLimit)
      throw new HistoryWriteError({ failure: 'failed', reason: `more than ${seriesLimit} series` })
    this.#fresh.set(key, id)
    this.#series.add([id, kind, site, device, port, signal])
    return id
  }
}

class Columns {
  readonly #types: readonly DuckDBType[]
  readonly #chunks: DuckDBValue[][][] = []

  constructor(types: readonly DuckDBType[]) {
    this.#types = types
  }

  add(row: readonly DuckDBValue[]): void {
    let chunk = this.#chunks.at(-1)
    if (!chunk || chunk[0]?.length === chunkRows) this.#chunks.push((chunk = this.#types.map(() => [])))
    for (const [column, values] of chunk.entries()) values.push(row[column] ?? null)
  }

  async append(connection: DuckDBConnection, table: string): Promise<void> {
    if (this.#chunks.length === 0) return
    const appender = await connection.createAppender(table)
    for (const columns of this.#chunks) {
      const chunk = DuckDBDataChunk.create(this.#types, columns[0]?.length ?? 0)
      chunk.setColumns(columns)
      appender.appendDataChunk(chunk)
    }
    appender.closeSync()
  }
}

function seriesKey(of: { kind: string; device: string; port?: string | undefined }, signal: string): string {
  return `${of.kind}/${of.device}/${of.port ?? ''}/${signal}`
}

function exact(value: number, { point, signal }: { point: Point; signal: string }): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value)
  const reason = `${signal} of ${point.device} at ${point.t}: expected an integer, got ${value}`
  throw new HistoryWriteError({ failure: 'failed', reason })
}
