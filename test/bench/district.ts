import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { fleets } from '../../device-sim/fleets/fleets.ts'
import { registryFile } from '../../device-sim/registry-file.ts'
import { ordinaryDay } from '../../device-sim/scenarios/scenario.ts'
import { Simulation } from '../../device-sim/simulation.ts'
import { runCommand } from '../../estate/commands.ts'
import { CurrentRegistry } from '../../estate/current-registry.ts'
import { OrderBook } from '../../estate/order-book.ts'
import { openRecords } from '../../estate/records.ts'
import { serverKey } from '../../estate/server-key.ts'
import { Ingest } from '../../ingest/ingest.ts'
import { keepAlive, systemClock as clock } from '../../platform/clock.ts'
import { parseConfig } from '../../platform/config.ts'
import { IntakeLog } from '../../platform/intake-log.ts'
import { openIntakeReader } from '../../platform/intake-reader.ts'
import type { Lifecycle } from '../../platform/lifecycle.ts'
import { openLog } from '../../platform/log.ts'
import { openMetrics, type Metrics } from '../../platform/metrics.ts'

/** `npm run bench -- district`: ingest with all devices of the district, each of which has spoken. How long it takes
 *  to start, what it keeps in memory, and for how long at most it does nothing else, which is what a work order or a
 *  page waits. Two lives: the first deals with a log that is full, the second finds everything remembered, and hears
 *  a thousand messages a second, while somebody scrapes and somebody looks at the ledger. */
const perS = 1_000
const steadyS = 30
const everyMs = 20
const lookMs = 20
const visitEveryMs = 2_000
const timeZone = 'Asia/Shanghai'
const consumers = ['history', 'watch']

export async function district(options: readonly string[], started: Lifecycle): Promise<void> {
  const [phase, folder] = options
  started.onStop('process', keepAlive())
  if (phase === '--fill' && folder !== undefined) return fill(folder)
  if (phase === '--live' && folder !== undefined) return live(folder, started)
  const made = mkdtempSync(join(tmpdir(), 'district-'))
  started.onStop('folder', () => rmSync(made, { recursive: true, force: true }))
  const program = join(import.meta.dirname, 'bench.ts')
  for (const next of ['--fill', '--live', '--live'])
    execFileSync(process.execPath, [program, 'district', next, made], { stdio: 'inherit' })
}

/** The registry of the fleet, and a log in which each of its devices has spoken once. */
async function fill(dataDir: string): Promise<void> {
  const fleet = fleets.district.build()
  const records = await openRecords(join(dataDir, 'records.db'))
  const asked = { name: 'registry import', registry: registryFile(fleet), dryRun: false } as const
  const key = serverKey(dataDir)
  await timed('registry imported', () =>
    runCommand({ records, key, timeZone, clock }, { ...asked, credentials: false }),
  )
  await records.destroy()
  const nowMs = clock.now()
  const simulation = new Simulation({
    ...{ fleet, scenario: ordinaryDay, seed: 1, startMs: nowMs, boot: 1, without: [], keeps: false },
  })
  const intake = openIntake(dataDir)
  await intake.start()
  let waiting: Promise<void>[] = []
  for (const { device } of simulation.devices) {
    for (const message of simulation.report(device, nowMs + 1_000))
      waiting.push(appended(intake, { ...message, publisher: message.device, receivedMs: nowMs }))
    if (waiting.length < 10_000) continue
    await Promise.all(waiting)
    waiting = []
  }
  await Promise.all(waiting)
  await intake.stop()
}

async function live(dataDir: string, started: Lifecycle): Promise<void> {
  const metrics = openMetrics('ingest')
  const ingest = await makeIngest(dataDir, metrics, started)
  const delays = monitorEventLoopDelay({ resolution: 5 })
  await timed('ingest started', () =>
    ingest.start((cause) => {
      throw cause
    }),
  )
  started.onStop('ingest', () => ingest.stop())
  const reader = openIntakeReader(join(dataDir, 'intake.db'))
  started.onStop('reader', () => reader.close())
  delays.enable()
  await timed('log dealt with', async () => {
    while (consumers.some((consumer) => (ingest.cursors()[consumer] ?? 0) < reader.end())) await pause(lookMs)
  })
  said('while it was', delays)
  await hearMore(dataDir, { ingest, metrics, reader, delays }, started)
  said(`${steadyS} s of ${perS} messages a second`, delays)
}

interface Hearing {
  ingest: Ingest
  metrics: Metrics
  reader: ReturnType<typeof openIntakeReader>
  delays: ReturnType<typeof monitorEventLoopDelay>
}

/** What was said is said again, by one device after the other. */
async function hearMore(
  dataDir: string,
  { ingest, metrics, reader, delays }: Hearing,
  started: Lifecycle,
): Promise<void> {
  const again = reader.read(reader.origin(), perS * steadyS)
  const intake = openIntake(dataDir)
  await intake.start()
  started.onStop('intake', () => intake.stop())
  await pause(everyMs)
  delays.reset()
  const waiting: Promise<void>[] = []
  const visits: Promise<unknown>[] = []
  const stop = [
    clock.every(everyMs, () => {
      for (const message of again.splice(0, (perS * everyMs) / 1_000))
        waiting.push(appended(intake, { ...message, device: message.publisher }))
    }),
    clock.every(visitEveryMs, () => {
      visits.push(timedQuietly('scrape', () => metrics.metrics()))
      visits.push(timedQuietly('ledger', () => ingest.ledger({ part: '', after: '', limit: 100 })))
    }),
  ]
  await pause(steadyS * 1_000)
  for (const cancel of stop) cancel()
  await Promise.all([...waiting, ...visits])
  for (const [what, tookMs] of longest) process.stdout.write(`  longest ${what} ${Math.round(tookMs)} ms\n`)
}

const longest = new Map<string, number>()

async function timedQuietly(what: string, task: () => Promise<unknown>): Promise<void> {
  const beganMs = performance.now()
  await task()
  longest.set(what, Math.max(longest.get(what) ?? 0, performance.now() - beganMs))
}

function openIntake(dataDir: string): IntakeLog {
  const logger = openLog('bench', 'warn')
  return new IntakeLog({ file: join(dataDir, 'intake.db'), clock, logger, metrics: openMetrics('intake') })
}

type Said = Parameters<IntakeLog['append']>[0]

function appended(
  intake: IntakeLog,
  said: Omit<Said, 'device' | 'will'> & { device: string; will?: boolean },
) {
  const device = said.topic.split('/')[4] ?? said.device
  return new Promise<void>((resolve, reject) =>
    intake.append({ will: false, ...said, device }, (error) => (error ? reject(error) : resolve())),
  )
}

async function makeIngest(dataDir: string, metrics: Metrics, started: Lifecycle): Promise<Ingest> {
  const logger = openLog('bench', 'error')
  const config = parseConfig({ DATA_DIR: dataDir })
  const records = await openRecords(join(dataDir, 'records.db'))
  started.onStop('records', () => records.destroy())
  const registry = new CurrentRegistry({ records, clock, logger })
  await timed('registry read', () => registry.start())
  started.onStop('registry', () => registry.stop())
  const orders = new OrderBook({ records, timeZone })
  const mqtt = { url: 'mqtt://127.0.0.1:9' }
  return new Ingest({ config, mqtt, records, registry, orders, clock, logger, metrics })
}

async function timed(what: string, task: () => Promise<unknown>): Promise<void> {
  const beganMs = performance.now()
  await task()
  process.stdout.write(`${what} in ${Math.round(performance.now() - beganMs)} ms\n`)
}

/** The longest turns of the event loop, and what the process holds. */
function said(when: string, delays: ReturnType<typeof monitorEventLoopDelay>): void {
  const ms = (nanoseconds: number) => Math.round(nanoseconds / 1e6)
  const { rss, heapUsed } = process.memoryUsage()
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20)
  process.stdout.write(
    `${when}: turns p99 ${ms(delays.percentile(99))} ms, longest ${ms(delays.max)} ms, ` +
      `heap ${mib(heapUsed)} of ${mib(rss)} MiB\n`,
  )
  delays.reset()
}
