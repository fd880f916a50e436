import { z } from 'zod'
import { kinds } from '../../firmware-contracts/message.ts'
import type { Clock } from '../../platform/clock.ts'
import { DirtyWindows } from './dirty-windows.ts'
import { InfluxClient } from './influx-client.ts'
import { influxWriteError } from './influx-failures.ts'
import { during, InfluxRollups, rollupCalls, slotsOf } from './influx-rollups.ts'
import { identifier, type InfluxServer } from './influx-server.ts'
import { LineProtocol } from './line-protocol.ts'
import { forever, planned, resolutions, type Keep, type Resolution } from './resolution.ts'
import { stitched, type Piece } from './stitching.ts'
import type {
  Batch,
  Bucket,
  HistoryStore,
  LastValue,
  RangeQuery,
  SeriesQuery,
  StoredReading,
} from './store.ts'
import { byTimeAndNumber, readingsOf } from './influx-readings.ts'
import { Turnstile } from './turnstile.ts'
import { localDays, type Window } from './windows.ts'

/** History in InfluxDB, over the two interfaces that every version has: line protocol and InfluxQL.
 *
 *  The log is the retry queue: one request in flight, no second try here, and `write` resolves when InfluxDB has
 *  answered 204. Writing the same batch again is harmless, because the same series and instant is the same
 *  point; for that reason no position is kept here. */
export interface InfluxStoreOptions {
  server: InfluxServer
  /** A small SQLite file: what the rollups do not know of yet. */
  marksFile: string
  timeZone: string
  clock: Clock
  /** `forever` unless told. */
  keep?: Keep
  /** Silence after which a request is given up, ms. */
  timeoutMs?: number
}

/** About 1 MB; InfluxDB takes 25 MB unless told otherwise. Halved at each answer that a request was too large, and
 *  a hundredth more with each full request that was not: the limit may have been raised. */
const linesPerRequest = 5_000
const growth = 1.01
const writesWaiting = 16
const readsWaiting = 64

export class InfluxStore implements HistoryStore {
  readonly #server: InfluxServer
  readonly #client: InfluxClient
  readonly #dirty: DirtyWindows
  readonly #rollups: InfluxRollups
  readonly #timeZone: string
  readonly #clock: Clock
  readonly #keep: Keep
  readonly #lines = new LineProtocol()
  readonly #writing = new Turnstile('history writes', writesWaiting)
  readonly #reading = new Turnstile('history reads', readsWaiting)
  #linesPerRequest = linesPerRequest

  constructor(options: InfluxStoreOptions) {
    const { server, timeZone, clock, keep = forever, timeoutMs = 10_000 } = options
    this.#server = server
    this.#client = new InfluxClient(server, timeoutMs)
    this.#dirty = new DirtyWindows(options.marksFile)
    this.#rollups = new InfluxRollups({ client: this.#client, server, dirty: this.#dirty, timeZone, clock })
    this.#timeZone = timeZone
    this.#clock = clock
    this.#keep = keep
  }

  async start(): Promise<void> {
    this.#dirty.start()
    this.#client.start()
  }

  async write({ points }: Batch): Promise<void> {
    await this.#writing.pass(async () => {
      const lines = this.#linesPerRequest
      try {
        await this.#begin()
        this.#dirty.mark(points)
        for (let start = 0; start < points.length; start += lines) {
          await this.#client.write('raw', this.#lines.body(points.slice(start, start + lines)))
          if (points.length >= lines) this.#growLines()
        }
      } catch (cause) {
        const error = influxWriteError(cause)
        if (error.failure === 'too-large')
          this.#linesPerRequest = Math.max(1, Math.ceil(Math.min(lines, points.length) / 2))
        throw error
      }
    })
  }

  async range(query: RangeQuery): Promise<Bucket[]> {
    const plan = planned(query, { nowMs: this.#clock.now(), keep: this.#keep, timeZone: this.#timeZone })
    return this.#buckets(query, plan.resolution, plan.window)
  }

  async days(query: Omit<RangeQuery, 'points'>): Promise<Bucket[]> {
    const days: Bucket[] = []
    for (const window of localDays(query, this.#timeZone))
      days.push(...(await this.#buckets(query, 'day', window)))
    return days
  }

  /** Where the readings have expired, their rollups tell the last one, to the minute, hour or day. */
  async last(query: SeriesQuery): Promise<LastValue | undefined> {
    for (const resolution of resolutions) {
      const field = resolution === 'raw' ? query.signal : `${query.signal}_last`
      const [newest] = lastRows.parse(
        await this.#select(query, [
          `SELECT ${identifier(field)} ${this.#from(query, resolution)} ORDER BY time DESC LIMIT 1`,
        ]),
      )
      if (newest) return { t: newest[0], value: newest[1] }
    }
    return undefined
  }

  async readings({ site, fromMs, toMs }: Parameters<HistoryStore['readings']>[0]): Promise<StoredReading[]> {
    const found: StoredReading[] = []
    for (const kind of kinds)
      await this.#reading.pass(async () => {
        const from = `FROM ${this.#server.source('raw', kind)} WHERE "site" = $site`
        const statement = `SELECT * ${from} AND ${during({ fromMs, toMs })}`
        for (const series of await this.#client.select(statement, { site }))
          found.push(...readingsOf(series, { kind, site }))
      })
    return found.sort(byTimeAndNumber)
  }

  /** Marks are taken between two writes: those of a write under way stand for readings that are not there yet. */
  async upkeep(): Promise<void> {
    const marked = await this.#writing.pass(() => Promise.resolve(this.#dirty.take()))
    await this.#rollups.rollUp(marked)
  }

  async ping(): Promise<void> {
    await this.#client.ping()
  }

  async stop(): Promise<void> {
    this.#client.stop()
    this.#dirty.stop()
  }

  async #buckets(query: SeriesQuery, resolution: Resolution, window: Window): Promise<Bucket[]> {
    if (!this.#dirty.hasBegun) await this.#writing.pass(() => this.#begin())
    const pieces = stitched(resolution, window, this.#dirty.of(query.kind, query.device))
    const statements = pieces.map((piece) => this.#bucketsOf(query, piece, window))
    const rows = await this.#select(query, statements)
    return joined(bucketRows.parse(rows.filter((row) => isOfNumbers(row))))
  }

  /** Before the first use of a new file of marks. */
  async #begin(): Promise<void> {
    if (!this.#dirty.hasBegun) await this.#rollups.begin()
  }

  #bucketsOf(query: SeriesQuery, { resolution, fromMs, toMs }: Piece, window: Window): string {
    return `SELECT ${callsOf(query.signal, resolution).join(', ')} ${this.#from(query, resolution)}
      AND ${during({ fromMs, toMs })} GROUP BY ${slotsOf(window)} fill(none)`
  }

  #growLines(): void {
    this.#linesPerRequest = Math.min(linesPerRequest, Math.ceil(this.#linesPerRequest * growth))
  }

  /** A series without a port matches the empty one. */
  #from({ kind }: SeriesQuery, resolution: Resolution): string {
    return `FROM ${this.#server.source(resolution, kind)} WHERE "device" = $device AND "port" = $port`
  }

  /** The rows of all statements, one after the other. */
  #select({ device, port = '' }: SeriesQuery, statements: readonly string[]): Promise<unknown[]> {
    return this.#reading.pass(async () => {
      const rows: unknown[] = []
      for (const statement of statements)
        for (const { values } of await this.#client.select(statement, { device, port })) rows.push(...values)
      return rows
    })
  }
}

/** The cast leaves out what is no integer: an enum has no minimum, and asking for one is an error. */
function callsOf(signal: string, resolution: Resolution): string[] {
  return rollupCalls.map((call) => {
    if (resolution === 'raw') return `${call}(${identifier(signal)}::integer)`
    const kept = `${identifier(`${signal}_${call}`)}::integer`
    return call === 'count' ? `sum(${kept})` : `${call}(${kept})`
  })
}

/** An enum has counts in the rollups. */
function isOfNumbers(row: unknown): boolean {
  return Array.isArray(row) && !row.includes(null)
}

/** Pieces follow on each other in time, and two may meet within a bucket. */
function joined(rows: z.infer<typeof bucketRows>): Bucket[] {
  const buckets = new Map<number, Bucket>()
  for (const [t, min, max, sum, count, last] of rows) {
    const was = buckets.get(t)
    const total = count + (was?.count ?? 0)
    buckets.set(t, {
      t,
      min: Math.min(min, was?.min ?? min),
      max: Math.max(max, was?.max ?? max),
      mean: (sum + (was ? was.mean * was.count : 0)) / total,
      count: total,
      last,
    })
  }
  return [...buckets.values()]
}

const bucketRows = z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]))
const lastRows = z.array(z.tuple([z.number(), z.union([z.number(), z.string()])]))
