import { Agent, request } from 'node:http'
import { influxServer } from '../../ingest/history/influx-server.ts'
import { InfluxStore } from '../../ingest/history/influx-store.ts'
import { LineProtocol } from '../../ingest/history/line-protocol.ts'
import type { Batch, Point } from '../../ingest/history/store.ts'
import { systemClock } from '../../platform/clock.ts'
import { startInfluxd } from '../support/influxd.ts'
import { median } from './percentile.ts'

/** What our writer costs: `InfluxStore.write` beside the least that could be done, `http.request` with lines made
 *  beforehand, into the same InfluxDB, one request in flight. The two take turns batch by batch, so that whatever
 *  else the machine does falls on both. */
const repeats = 3
const devices = 1_000
const batchesMade = 40

interface Side {
  name: string
  /** Writes the nth batch. */
  write: (nth: number) => Promise<unknown>
}

/** Prints a line for each batch size, and last the lowest ratio. */
export async function writer(options: readonly string[]): Promise<void> {
  const roundMs = options.includes('--quick') ? 1_000 : 3_000
  const influxd = await startInfluxd()
  try {
    const ratios: number[] = []
    for (const size of [5_000, 500]) ratios.push(await compare({ url: influxd.url, size, roundMs }))
    process.stdout.write(`writer at least ${percent(Math.min(...ratios))} of raw HTTP\n`)
  } finally {
    await influxd.stop()
  }
}

async function compare({
  url,
  size,
  roundMs,
}: {
  url: string
  size: number
  roundMs: number
}): Promise<number> {
  const batches = Array.from({ length: batchesMade }, (_, nth) => batchOf(nth, size))
  const lines = new LineProtocol()
  const bodies = batches.map(({ points }) => Buffer.from(lines.body(points)))
  const agent = new Agent({ keepAlive: true })
  const server = influxServer({ url, database: `bench-${size}` })
  const store = new InfluxStore({
    server,
    timeZone: 'Asia/Shanghai',
    clock: systemClock,
    marksFile: ':memory:',
  })
  await store.start()
  const target = new URL(`${url}${server.writePath('raw')}`)
  const sides: Side[] = [
    { name: 'raw HTTP', write: (nth) => post(target, agent, bodies[nth] ?? Buffer.alloc(0)) },
    { name: 'writer', write: (nth) => store.write(batches[nth] ?? batchOf(nth, size)) },
  ]
  await store.ping()
  await turns(sides, { size, roundMs: 500 })
  const ratios: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const [raw, ours] = await turns(sides, { size, roundMs })
    if (!raw || !ours) continue
    ratios.push(ours.perSecond / raw.perSecond)
    const said = [raw, ours].map(
      ({ name, perSecond, cpuUs }) =>
        `${name} ${Math.round(perSecond)}/s at ${cpuUs.toFixed(2)} µs of our CPU each`,
    )
    process.stdout.write(`${size} readings a batch: ${said.join(', ')}, ${percent(ratios.at(-1) ?? 0)}\n`)
  }
  await store.stop()
  agent.destroy()
  return median(ratios)
}

interface Speed {
  name: string
  perSecond: number
  /** Processor time of this process for a reading, µs. */
  cpuUs: number
}

/** Each side is at it for about `roundMs`. */
async function turns(
  sides: readonly Side[],
  { size, roundMs }: { size: number; roundMs: number },
): Promise<Speed[]> {
  const spent = sides.map((side) => ({ side, readings: 0, ms: 0, cpuUs: 0 }))
  const endMs = performance.now() + roundMs * sides.length
  for (let nth = 0; performance.now() < endMs; nth++)
    for (const turn of nth % 2 === 0 ? spent : spent.toReversed()) {
      const startMs = performance.now()
      const before = process.cpuUsage()
      await turn.side.write(nth % batchesMade)
      const { user, system } = process.cpuUsage(before)
      turn.ms += performance.now() - startMs
      turn.cpuUs += user + system
      turn.readings += size
    }
  return spent.map(({ side: { name }, readings, ms, cpuUs }) => ({
    name,
    perSecond: readings / (ms / 1_000),
    cpuUs: cpuUs / readings,
  }))
}

function post(target: URL, agent: Agent, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      target,
      { method: 'POST', agent, headers: { 'content-length': body.length } },
      (response) => {
        response
          .resume()
          .once('end', () =>
            response.statusCode === 204
              ? resolve()
              : reject(new Error(`InfluxDB answered ${response.statusCode}`)),
          )
      },
    )
    call.once('error', reject).end(body)
  })
}

/** One reading a second of each heat entrance. */
function batchOf(nth: number, size: number): Batch {
  const nowMs = Date.now()
  const points = Array.from({ length: size }, (_, at): Point => {
    const position = nth * size + at + 1
    const device = `bench-b${String(position % devices).padStart(4, '0')}-heat`
    const second = Math.floor(position / devices)
    return {
      position,
      site: 'bench',
      kind: 'heat-entrance',
      device,
      t: nowMs - 3_600_000 + second * 1_000,
      apartNs: 0,
      boot: 17,
      seq: second,
      fields: { p_sup_kpa: 500 + (position % 50), p_ret_kpa: 352, t_sup_c10: 601, t_ret_c10: 433 },
    }
  })
  return { from: nth * size + 1, to: (nth + 1) * size, points }
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`
}
