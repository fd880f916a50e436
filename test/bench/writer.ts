import { Agent, request } from 'node:http'
import { influxServer } from '../../ingest/history/influx-server.ts'
import { InfluxStore } from '../../ingest/history/influx-store.ts'
import { LineProtocol } from '../../ingest/history/line-protocol.ts'
import type { Batch, Point } from '../../ingest/history/store.ts'
import { systemClock } from '../../platform/clock.ts'
import { startInfluxd } from '../support/influxd.ts'

/** What our writer costs: `InfluxStore.write` beside the least that could be done, `http.request` with lines made
 *  beforehand, into the same InfluxDB, one request in flight, in turns. */
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
  for (const side of sides) await speed(side, { size, roundMs: 500 })
  const ratios: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const rates = new Map<string, Speed>()
    for (const side of repeat % 2 === 0 ? sides : sides.toReversed())
      rates.set(side.name, await speed(side, { size, roundMs }))
    const raw = rates.get('raw HTTP')
    const ours = rates.get('writer')
    if (!raw || !ours) continue
    ratios.push(ours.perSecond / raw.perSecond)
    const said = [...rates].map(
      ([name, { perSecond, cpuUs }]) =>
        `${name} ${Math.round(perSecond)}/s at ${cpuUs.toFixed(2)} µs of our CPU each`,
    )
    process.stdout.write(
      `${size} readings a batch: ${said.join(', ')}, ${percent(ours.perSecond / raw.perSecond)}\n`,
    )
  }
  await store.stop()
  agent.destroy()
  return ratios.toSorted((a, b) => a - b)[Math.floor(repeats / 2)] ?? 0
}

interface Speed {
  perSecond: number
  /** Processor time of this process for a reading, µs. */
  cpuUs: number
}

async function speed({ write }: Side, { size, roundMs }: { size: number; roundMs: number }): Promise<Speed> {
  const startMs = performance.now()
  const cpuBefore = process.cpuUsage()
  let written = 0
  while (performance.now() - startMs < roundMs) await write(written++ % batchesMade)
  const { user, system } = process.cpuUsage(cpuBefore)
  const readings = written * size
  return {
    perSecond: readings / ((performance.now() - startMs) / 1_000),
    cpuUs: (user + system) / readings,
  }
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
