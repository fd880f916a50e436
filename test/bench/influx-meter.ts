import { Agent, request } from 'node:http'
import { z } from 'zod'

/** How much has arrived in InfluxDB, asked of InfluxDB itself. */
const answer = z.object({
  results: z.tuple([
    z.object({
      error: z.string().optional(),
      series: z
        .array(z.object({ columns: z.array(z.string()), values: z.array(z.array(z.unknown())) }))
        .optional(),
    }),
  ]),
})

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

  /** Points that it has confirmed since it started, a point written twice included: cheap enough to be asked
   *  many times a second. */
  async confirmed(): Promise<number> {
    const rows = await this.#ask(`SHOW STATS FOR 'httpd'`)
    return z.number().parse(rows[0]?.['pointsWrittenOK'])
  }

  /** Points that are there: counts all of them, and takes its time. */
  async points(): Promise<number> {
    const rows = await this.#ask(`SELECT count(p_ret_kpa) FROM "${measurement}"`)
    return z.number().default(0).parse(rows[0]?.['count'])
  }

  /** Times of a device's readings after `afterMs`, oldest first, epoch ms. */
  async timesAfter(device: string, afterMs: number): Promise<number[]> {
    const rows = await this.#ask(
      `SELECT p_ret_kpa FROM "${measurement}" WHERE device = '${device}' AND time > ${afterMs}ms`,
    )
    return z
      .array(z.object({ time: z.number() }))
      .parse(rows)
      .map(({ time }) => time)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Rows of the first series. */
  async #ask(statement: string, method = 'GET'): Promise<Record<string, unknown>[]> {
    const parameters = new URLSearchParams({ db: this.#database, epoch: 'ms', q: statement })
    const text = await textFrom(`${this.#url}/query?${parameters}`, { method, agent: this.#agent })
    const [{ error, series }] = answer.parse(JSON.parse(text)).results
    if (error !== undefined) throw new Error(`InfluxDB: ${error} (${statement})`)
    const [first] = series ?? []
    return (first?.values ?? []).map((values) =>
      Object.fromEntries(values.map((value, at) => [first?.columns[at] ?? '', value])),
    )
  }
}

/** Cheaper than fetch, and asked a thousand times a second. */
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
