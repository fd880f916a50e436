import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDbStore } from '../../ingest/history/duckdb-store.ts'
import { influxServer } from '../../ingest/history/influx-server.ts'
import { InfluxStore } from '../../ingest/history/influx-store.ts'
import { dayMs, forever, minuteMs, keepOf } from '../../ingest/history/resolution.ts'
import type { HistoryStore, Point } from '../../ingest/history/store.ts'
import { VirtualClock } from '../../platform/clock.ts'
import { startInfluxd } from '../support/influxd.ts'
import { median, percentile } from './percentile.ts'

/** A year of one signal, sampled every minute, among other devices: how long a chart of it takes, and how long a
 *  round of the upkeep. */
const endMs = Date.UTC(2026, 0, 1)
const points = 500
const queries = 60

interface Subject {
  name: string
  store: HistoryStore
  clock: VirtualClock
  /** Bytes on disk, where it is a file. */
  size?: () => Promise<number>
  stop: () => Promise<void>
}

/** Prints a line for each store and stretch; last the worst p95 of a year. */
export async function history(options: readonly string[]): Promise<void> {
  const days = options.includes('--quick') ? 60 : 365
  const devices = 2
  const worst: number[] = []
  for (const open of [embedded, influx]) {
    const subject = await open()
    try {
      worst.push(await measure(subject, { days, devices }))
    } finally {
      await subject.store.stop()
      await subject.stop()
    }
  }
  process.stdout.write(`history p95 of ${days} days ${Math.max(...worst).toFixed(0)} ms\n`)
}

async function measure(
  subject: Subject,
  { days, devices }: { days: number; devices: number },
): Promise<number> {
  const { name, store, clock } = subject
  await store.start()
  clock.advance(endMs - days * dayMs)
  const loadMs = await taken(() => load(subject, { days, devices }))
  const size = subject.size ? `, ${((await subject.size()) / 1e6).toFixed(0)} MB` : ''
  const samples = days * 1_440 * devices * 2
  print(`${name}: ${samples} samples with rollups in ${(loadMs / 1_000).toFixed(1)} s${size}`)
  let p95 = 0
  for (const span of [1, 7, 30, days]) {
    const times: number[] = []
    for (let nth = 0; nth < queries; nth++) {
      const toMs = endMs - nth * minuteMs
      const query = {
        ...heatEntrance(nth % devices),
        signal: 'p_ret_kpa',
        fromMs: toMs - span * dayMs,
        toMs,
        points,
      }
      times.push(await taken(() => store.range(query)))
    }
    p95 = percentile(times, 95)
    print(`${name}: ${span} days p50 ${median(times).toFixed(1)} ms p95 ${p95.toFixed(1)} ms`)
  }
  return p95
}

/** Two days at a time, and the upkeep that follows them. */
async function load(
  { name, store, clock }: Subject,
  { days, devices }: { days: number; devices: number },
): Promise<void> {
  const rounds: number[] = []
  let position = 0
  for (let day = 0; day < days; day += 2) {
    const batch: Point[] = []
    for (let minute = 0; minute < 2 * 1_440; minute++)
      for (let device = 0; device < devices; device++)
        batch.push(sample(++position, { device, t: endMs - (days - day) * dayMs + minute * minuteMs }))
    await store.write({ from: batch[0]?.position ?? 0, to: position, points: batch })
    clock.advance(2 * dayMs)
    rounds.push(await taken(() => store.upkeep()))
  }
  print(`${name}: upkeep after two days of ${devices} devices p50 ${median(rounds).toFixed(0)} ms`)
}

function heatEntrance(nth: number) {
  return { kind: 'heat-entrance', device: `bench-b${nth}-heat` } as const
}

function sample(position: number, { device, t }: { device: number; t: number }): Point {
  const fields = { p_sup_kpa: 500 + ((position * 31) % 50), p_ret_kpa: 352 + ((position * 7) % 9) }
  return { position, site: 'bench', ...heatEntrance(device), t, boot: 17, seq: position, fields }
}

async function embedded(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-history-'))
  const file = join(folder, 'history.duckdb')
  const clock = new VirtualClock()
  return {
    name: 'DuckDB',
    clock,
    store: new DuckDbStore({
      file,
      timeZone: 'Asia/Shanghai',
      clock,
      keep: keepOf({ raw: 35, minute: 366, hour: 3_653 }),
    }),
    size: async () => (await stat(file)).size,
    stop: () => rm(folder, { recursive: true }),
  }
}

/** Its own clock would refuse readings of a year ago, so it keeps for ever here; charts are drawn all the same. */
async function influx(): Promise<Subject> {
  const influxd = await startInfluxd()
  const clock = new VirtualClock()
  const server = influxServer({ url: influxd.url, database: 'bench' })
  return {
    name: 'InfluxDB',
    clock,
    store: new InfluxStore({
      server,
      timeZone: 'Asia/Shanghai',
      clock,
      keep: forever,
      marksFile: ':memory:',
    }),
    stop: () => influxd.stop(),
  }
}

async function taken(task: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await task()
  return performance.now() - startMs
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
