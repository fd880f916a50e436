import { Agent, request } from 'node:http'
import { z } from 'zod'

/** How much has arrived in InfluxDB, asked of InfluxDB itself. */
const answer = z.object({
  results: z.tuple([
    z.object({
      error: z.string().optional(),
      series: z
        .array(
          z.object({
            tags: z.record(z.string(), z.string()).default({}),
            columns: z.array(z.string()),
            values: z.array(z.array(z.unknown())),
          }),
        )
        .default([]),
    }),
  ]),
})
type Series = z.infer<typeof answer>['results'][0]['series'][number]

export const measurement = 'heat-entrance'

export class InfluxMeter {
  readonly #url: string
  readonly #database: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })

  constructor(options: { url: string; database: string }) {
    this.#url = options.url
    this.#database = options.database
  }

  async createDatabase(): Promise<void> {
    await this.#ask(`CREATE DATABASE "${this.#database}"`, 'POST')
  }

  /** Points that the database has taken since InfluxDB started, a point written twice included: cheap enough
   *  to be asked many times a second. */
  async confirmed(): Promise<number> {
    const shards = await this.#ask(`SHOW STATS FOR 'shard'`)
    return shards
      .filter(({ tags }) => tags['database'] === this.#database)
      .reduce((sum, shard) => sum + z.number().parse(rowsOf(shard)[0]?.['writePointsOk']), 0)
  }

  /** Points that are there, of all devices but one: counts them one by one, and takes its time. */
  async points(except: string): Promise<number> {
    const [counted] = await this.#ask(
      `SELECT count(p_ret_kpa) FROM "${measurement}" WHERE device <> '${except}'`,
    )
    return counted ? z.number().parse(rowsOf(counted)[0]?.['count']) : 0
  }

  /** Times of a device's readings after `afterMs`, oldest first, epoch ms. */
  async timesAfter(device: string, afterMs: number): Promise<number[]> {
    const [found] = await this.#ask(
      `SELECT p_ret_kpa FROM "${measurement}" WHERE device = '${device}' AND time > ${afterMs}ms`,
    )
    return found ? rowsOf(found).map(({ time }) => z.number().parse(time)) : []
  }

  close(): void {
    this.#agent.destroy()
  }

  async #ask(statement: string, method = 'GET'): Promise<Series[]> {
    const parameters = new URLSearchParams({ db: this.#database, epoch: 'ms', q: statement })
    const text = await textFrom(`${this.#url}/query?${parameters}`, { method, agent: this.#agent })
    const [{ error, series }] = answer.parse(JSON.parse(text)).results
    if (error !== undefined) throw new Error(`InfluxDB: ${error} (${statement})`)
    return series
  }
}

function rowsOf({ columns, values }: Series): Record<string, unknown>[] {
  return values.map((row) => Object.fromEntries(row.map((value, at) => [columns[at] ?? '', value])))
}

/** Cheaper than fetch, and asked hundreds of times a second. */
function textFrom(url: string, options: { method: string; agent: Agent }): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(url, options, (reply) => {
      let text = ''
      reply.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      reply.on('end', () => resolve(text))
    })
    asking.on('error', reject)
    asking.end()
  })
}
