import { z } from 'zod'
import type { Clock } from '../../platform/clock.ts'
import { influxWriteError, refusalOf, saidIn } from './influx-failures.ts'
import { InfluxHttp, type Answered } from './influx-http.ts'
import { databaseIsMissing, identifier, type InfluxServer } from './influx-server.ts'
import { LineProtocol } from './line-protocol.ts'
import type { Batch, Bucket, HistoryStore, LastValue, RangeQuery, SeriesQuery } from './store.ts'
import { Turnstile } from './turnstile.ts'
import { forever, planned, type Keep } from './resolution.ts'
import { localDays, type Window } from './windows.ts'
import { HistoryWriteError } from './write-error.ts'

/** History in InfluxDB, over the two interfaces that every version has: line protocol and InfluxQL.
 *
 *  The log is the retry queue: one request in flight, no second try here, and `write` resolves when InfluxDB has
 *  answered 204. Writing the same batch again is harmless, because the same series and instant is the same
 *  point; for that reason no position is kept here. */
export interface InfluxStoreOptions {
  server: InfluxServer
  timeZone: string
  clock: Clock
  /** `forever` unless told. */
  keep?: Keep
  /** Silence after which a request is given up, ms. */
  timeoutMs?: number
}

/** About 1 MB; InfluxDB takes 25 MB unless told otherwise. Halved at each answer that a request was too large. */
const linesPerRequest = 5_000
const writesWaiting = 16
const readsWaiting = 64

export class InfluxStore implements HistoryStore {
  readonly #server: InfluxServer
  readonly #timeZone: string
  readonly #clock: Clock
  readonly #keep: Keep
  readonly #http: InfluxHttp
  readonly #lines = new LineProtocol()
  readonly #writing = new Turnstile('history writes', writesWaiting)
  readonly #reading = new Turnstile('history reads', readsWaiting)
  #linesPerRequest = linesPerRequest

  constructor({ server, timeZone, clock, keep = forever, timeoutMs = 10_000 }: InfluxStoreOptions) {
    this.#server = server
    this.#timeZone = timeZone
    this.#clock = clock
    this.#keep = keep
    this.#http = new InfluxHttp({ ...server, timeoutMs })
  }

  async start(): Promise<void> {
    this.#http.start()
  }

  /** The lines of a batch that waits are made while the one before is under way. */
  async write({ points }: Batch): Promise<void> {
    const bodies: string[] = []
    const lines = this.#linesPerRequest
    for (let start = 0; start < points.length; start += lines)
      bodies.push(this.#lines.body(points.slice(start, start + lines)))
    await this.#writing.pass(async () => {
      try {
        for (const body of bodies) await this.#send(body)
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
    return this.#buckets(query, plan.window)
  }

  async days(query: Omit<RangeQuery, 'points'>): Promise<Bucket[]> {
    const days: Bucket[] = []
    for (const window of localDays(query, this.#timeZone)) days.push(...(await this.#buckets(query, window)))
    return days
  }

  async last(query: SeriesQuery): Promise<LastValue | undefined> {
    const [newest] = await this.#select(
      `SELECT ${identifier(query.signal)} ${from(query)} ORDER BY time DESC LIMIT 1`,
      parametersOf(query),
      lastRows,
    )
    return newest && { t: newest[0], value: newest[1] }
  }

  async upkeep(): Promise<void> {}

  /** An empty write: the server is there, knows us, has the database (made now if it was missing). 2.x says
   *  400 to it, and means only that it is empty. */
  async ping(): Promise<void> {
    const answered = await this.#http.post(this.#server.writePath, '')
    if (answered.status < 300 || answered.status === 400) return
    const reason = saidIn(answered.text) ?? `HTTP status ${answered.status}`
    if (!databaseIsMissing(reason)) throw new Error(`InfluxDB takes no writes: ${reason}`)
    await this.#createDatabase()
  }

  async stop(): Promise<void> {
    this.#http.stop()
  }

  async #send(body: string): Promise<void> {
    const { writePath } = this.#server
    const refusal = refusalOf(await this.#http.post(writePath, body))
    if (!refusal) return
    if (!databaseIsMissing(refusal.reason)) throw refusal
    await this.#createDatabase()
    const second = refusalOf(await this.#http.post(writePath, body))
    if (second) throw second
  }

  async #createDatabase(): Promise<void> {
    const { query, createDatabase } = this.#server
    const answered = await this.#http.post('/query', query(createDatabase))
    const said = resultOf(answered).refusal
    if (said !== undefined)
      throw refusalOf(answered) ?? new HistoryWriteError({ failure: 'failed', reason: said })
  }

  /** The cast leaves out what is no integer: an enum has no minimum, and asking for one is an error. */
  async #buckets(series: SeriesQuery, { fromMs, toMs, slotMs }: Window): Promise<Bucket[]> {
    const signal = `${identifier(series.signal)}::integer`
    const rows = await this.#select(
      `SELECT min(${signal}), max(${signal}), mean(${signal}), count(${signal}), last(${signal}) ${from(series)}
        AND time >= $from AND time < $to GROUP BY time(${slotMs}ms, ${fromMs % slotMs}ms) fill(none)`,
      { ...parametersOf(series), from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
      bucketRows,
    )
    return rows.map(([t, min, max, mean, count, last]) => ({ t, min, max, mean, count, last }))
  }

  async #select<Row>(
    statement: string,
    parameters: Record<string, string>,
    rows: z.ZodType<Row[]>,
  ): Promise<Row[]> {
    const { query } = this.#server
    const response = await this.#reading.pass(() => this.#http.get(`/query?${query(statement, parameters)}`))
    const { refusal, values } = resultOf(response)
    if (refusal !== undefined && !databaseIsMissing(refusal))
      throw new Error(`InfluxDB did not answer a query: ${refusal}`)
    return rows.parse(values)
  }
}

const queryAnswer = z.object({
  results: z.array(
    z.object({
      error: z.string().optional(),
      series: z.array(z.object({ values: z.array(z.unknown()) })).optional(),
    }),
  ),
})

interface Result {
  refusal?: string
  values: unknown[]
}

/** InfluxDB says 200 before it begins: whether a statement went well stands in the body. */
function resultOf({ status, text }: Answered): Result {
  if (status >= 300) return { refusal: saidIn(text) ?? `HTTP status ${status}`, values: [] }
  const [result] = queryAnswer.parse(JSON.parse(text)).results
  return {
    ...(result?.error !== undefined && { refusal: result.error }),
    values: result?.series?.[0]?.values ?? [],
  }
}

const bucketRows = z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]))
const lastRows = z.array(z.tuple([z.number(), z.union([z.number(), z.string()])]))

/** A series without a port matches the empty one. */
function from({ kind }: SeriesQuery): string {
  return `FROM ${identifier(kind)} WHERE "device" = $device AND "port" = $port`
}

function parametersOf({ device, port = '' }: SeriesQuery): Record<string, string> {
  return { device, port }
}
