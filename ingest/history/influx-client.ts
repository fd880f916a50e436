import { z } from 'zod'
import { influxWriteError, refusalOf, saidIn } from './influx-failures.ts'
import { InfluxHttp, type Answered } from './influx-http.ts'
import { databaseIsMissing, rollupsAreClosed, type InfluxServer } from './influx-server.ts'
import type { Resolution } from './resolution.ts'
import { HistoryWriteError } from './write-error.ts'

export interface InfluxSeries {
  /** The measurement. */
  name: string
  tags: Readonly<Record<string, string>>
  columns: readonly string[]
  /** Of one row: the time in epoch ms, then the columns. */
  values: readonly (readonly Cell[])[]
}

const cell = z.union([z.number(), z.string(), z.boolean(), z.null()])
type Cell = z.infer<typeof cell>

const queryAnswer = z.object({
  results: z.array(
    z.object({
      error: z.string().optional(),
      series: z
        .array(
          z.object({
            name: z.string().default(''),
            tags: z.record(z.string(), z.string()).default({}),
            columns: z.array(z.string()),
            values: z.array(z.array(cell)),
          }),
        )
        .optional(),
    }),
  ),
})

/** Lines in, InfluxQL out; a database that is missing is made on the way. */
export class InfluxClient {
  readonly #server: InfluxServer
  readonly #http: InfluxHttp

  constructor(server: InfluxServer, timeoutMs: number) {
    this.#server = server
    this.#http = new InfluxHttp({ ...server, timeoutMs })
  }

  start(): void {
    this.#http.start()
  }

  stop(): void {
    this.#http.stop()
  }

  /** Resolves when InfluxDB has the lines; rejects with a `HistoryWriteError`. */
  async write(resolution: Resolution, lines: string | Uint8Array): Promise<void> {
    const path = this.#server.writePath(resolution)
    try {
      const refusal = refusalOf(await this.#http.post(path, lines))
      if (!refusal) return
      if (!databaseIsMissing(refusal.reason)) throw refusal
      await this.#createDatabase(resolution)
      const second = refusalOf(await this.#http.post(path, lines))
      if (second) throw second
    } catch (cause) {
      throw influxWriteError(cause)
    }
  }

  /** The series that answer one statement; none where the database is missing. (Not several at once: InfluxDB
   *  leaves out what stands after a database that is missing.) */
  async select(statement: string, parameters: Record<string, string>): Promise<InfluxSeries[]> {
    const question = this.#server.query(statement, parameters)
    const answered = await this.#http.get(`/query?${question}`)
    const { refusal, series } = resultOf(answered)
    if (refusal === undefined || databaseIsMissing(refusal) || rollupsAreClosed(refusal)) return series
    throw refusalOf(answered) ?? new HistoryWriteError({ failure: 'failed', reason: refusal })
  }

  /** An empty write: the server is there, knows us, has the database (made now if it was missing). 2.x says
   *  400 to it, and means only that it is empty. */
  async ping(): Promise<void> {
    const answered = await this.#http.post(this.#server.writePath('raw'), '')
    if (answered.status < 300 || answered.status === 400) return
    const reason = saidIn(answered.text) ?? `HTTP status ${answered.status}`
    if (!databaseIsMissing(reason)) throw new Error(`InfluxDB takes no writes: ${reason}`)
    await this.#createDatabase('raw')
  }

  async #createDatabase(resolution: Resolution): Promise<void> {
    const { query, createDatabase } = this.#server
    const answered = await this.#http.post('/query', query(createDatabase(resolution)))
    const { refusal } = resultOf(answered)
    if (refusal === undefined) return
    throw refusalOf(answered) ?? new HistoryWriteError({ failure: 'failed', reason: refusal })
  }
}

interface Result {
  refusal?: string
  series: InfluxSeries[]
}

/** InfluxDB says 200 before it begins: whether a statement went well stands in the body. */
function resultOf({ status, text }: Answered): Result {
  if (status >= 300) return { refusal: saidIn(text) ?? `HTTP status ${status}`, series: [] }
  const [result] = queryAnswer.parse(JSON.parse(text)).results
  return { ...(result?.error !== undefined && { refusal: result.error }), series: result?.series ?? [] }
}
