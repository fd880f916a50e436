import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Lifecycle } from '../../platform/lifecycle.ts'
import { openLog } from '../../platform/log.ts'
import { startInfluxd } from '../support/influxd.ts'
import { until } from '../support/system.ts'
import { contenders, database, type ContenderName } from './contenders.ts'
import { entrances, probeEntrance } from './entrances.ts'
import { InfluxMeter } from './influx-meter.ts'
import { Load } from './load.ts'
import { percentile } from './percentile.ts'
import { Probe } from './probe.ts'
import { ProcessorTime, type Shares } from './processor-time.ts'

/** One run of one contender, with an InfluxDB and a load generator of its own:
 *
 *      latency    1,000 readings/s, and a probe that is looked for in InfluxDB
 *      peak       as fast as readings come out at the other end: the load may be ahead of InfluxDB by a part of
 *                 a second, and no more, so that what is measured can be sustained
 *      overload   1.3 times the peak, whether it comes out or not (only where asked for)
 *
 *  After each of them everything must come out: what was acknowledged is counted in InfluxDB. */
const devices = 1_000
const latencyRatePerS = 1_000
const overloadFactor = 1.3
/** How far ahead of InfluxDB the load may be at its peak, s. */
const aheadS = 0.5
/** And at least, readings: before a rate is known. */
const aheadAtLeast = 5_000
const lookMs = 20
const warmUpMs = 5_000
const drainLimitMs = 60_000
const stopLimitMs = 20_000

export interface Figures {
  p50Ms: number
  p99Ms: number
  peak: Stretch
  overload?: Stretch
  /** What others used of the processor, in the worst of the stretches, cores. */
  foreign: number
  /** Acknowledged, and not in InfluxDB in the end. */
  lost: number
}

/** What a stretch of full load came to. */
export interface Stretch {
  readingsPerS: number
  /** How far the store was behind the publishers at the end, ms. */
  lagMs: number
  pubackP50Ms: number
  pubackP99Ms: number
  shares: Shares
}

export interface RunOptions {
  contender: ContenderName
  /** The program of the Node-RED that plays. */
  nodeRed: string
  /** Length of each stretch, after the warm-up. */
  lengthMs: number
  overload: boolean
  /** For whoever ends it early. */
  onStop: Lifecycle['onStop']
}

export async function run(options: RunOptions): Promise<Figures> {
  const { contender, lengthMs, overload, onStop } = options
  const started = new Lifecycle(openLog('bench', 'warn'), stopLimitMs)
  onStop(contender, () => started.stop())
  try {
    const { load, probe, meter } = await setUp(options, started)
    const { latencies, shares } = await latency(load, probe, lengthMs)
    let lost = await drain(load, meter)
    const full = { load, meter, lengthMs }
    const peak = await stretch(full, (stored, perS) => ({
      upTo: stored + Math.max(aheadAtLeast, perS * aheadS),
    }))
    lost += await drain(load, meter)
    const beyond = overload
      ? await stretch(full, () => ({ ratePerS: peak.readingsPerS * overloadFactor }))
      : undefined
    if (beyond) lost = await drain(load, meter)
    return {
      p50Ms: percentile(latencies, 50),
      p99Ms: percentile(latencies, 99),
      peak,
      ...(beyond && { overload: beyond }),
      foreign: Math.max(...[shares, peak.shares, beyond?.shares].map((each) => each?.foreign ?? 0)),
      lost,
    }
  } finally {
    await started.stop()
  }
}

async function setUp({ contender, nodeRed }: RunOptions, started: Lifecycle) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  started.onStop('folder', () => rmSync(folder, { recursive: true, force: true }))
  const influxd = await startInfluxd({ INFLUXDB_DATA_QUERY_LOG_ENABLED: 'false' })
  started.onStop('influxd', () => influxd.stop())
  const meter = new InfluxMeter({ url: influxd.url, database })
  started.onStop('meter', () => meter.close())
  await meter.createDatabase()
  const members = entrances(devices)
  const onStop = started.onStop.bind(started)
  const door = await contenders[contender]({ influxUrl: influxd.url, folder, members, nodeRed, onStop })
  const load = new Load({ ...door, entrances: members })
  started.onStop('load', () => load.stop())
  await load.start()
  const probe = new Probe({ ...door, meter })
  started.onStop('probe', () => probe.stop())
  await probe.start()
  return { load, probe, meter }
}

async function latency(load: Load, probe: Probe, lengthMs: number) {
  load.offer({ ratePerS: latencyRatePerS })
  await pause(warmUpMs)
  const time = new ProcessorTime()
  const latencies = await probe.latencies(lengthMs)
  return { latencies, shares: time.shares() }
}

interface FullLoad {
  load: Load
  meter: InfluxMeter
  lengthMs: number
}

/** Offers for a while what `offer` says, given the readings stored and how many of them a second. */
async function stretch(
  { load, meter, lengthMs }: FullLoad,
  offer: (stored: number, perS: number) => Parameters<Load['offer']>[0],
): Promise<Stretch> {
  // Everything before is stored: from here on InfluxDB's count runs beside the load's.
  const before = (await meter.confirmed()) - load.now.acknowledged
  const beganMs = performance.now()
  let time: ProcessorTime | undefined
  let [fromMs, from, stored] = [beganMs, load.now.sent, 0]
  for (;;) {
    stored = (await meter.confirmed()) - before
    const nowMs = performance.now()
    if (nowMs > beganMs + warmUpMs + lengthMs) break
    if (!time && nowMs > beganMs + warmUpMs) [time, fromMs, from] = [new ProcessorTime(), nowMs, stored]
    load.offer(offer(stored, ((stored - from) / Math.max(1, nowMs - fromMs)) * 1_000))
    await pause(lookMs)
  }
  const endMs = performance.timeOrigin + performance.now()
  if (!time) throw new Error('a stretch without a measurement')
  const shares = time.shares()
  const pubackMs = load.pubackMs(performance.timeOrigin + fromMs)
  return {
    readingsPerS: ((stored - from) / (endMs - performance.timeOrigin - fromMs)) * 1_000,
    lagMs: Math.max(0, endMs - load.sentAtMs(stored)),
    pubackP50Ms: percentile(pubackMs, 50),
    pubackP99Ms: percentile(pubackMs, 99),
    shares,
  }
}

/** Stops the load and waits until InfluxDB has everything; returns how many it has not. */
async function drain(load: Load, meter: InfluxMeter): Promise<number> {
  load.offer({ ratePerS: 0 })
  await until('the last PUBACK', () => load.quiet || undefined, drainLimitMs)
  const { acknowledged } = load.now
  const endMs = performance.now() + drainLimitMs
  for (;;) {
    const missing = acknowledged - (await meter.points(probeEntrance.device))
    if (missing <= 0 || performance.now() > endMs) return missing
    await pause(lookMs)
  }
}
