import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
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
import { openMetrics } from '../../platform/metrics.ts'
import { startInfluxd } from '../support/influxd.ts'
import { database } from './contenders.ts'
import { entranceRegistry, entrances, type Entrance } from './entrances.ts'
import { percent } from './processor-time.ts'

/** `npm run bench -- ingest`: a log full of readings, and what ingest spends on one of them, from the log to a
 *  real InfluxDB. No load, no broker: the figure is processor time, which hardly depends on what else the machine
 *  does, so it tells before from after where readings a second cannot. */
const devices = 1_000
const readings = 400_000
const appendedAtOnce = 500
const lookMs = 20
const consumers = ['history', 'watch']

export async function ingestAlone(_options: readonly string[], started: Lifecycle): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-'))
  started.onStop('folder', () => rmSync(dataDir, { recursive: true, force: true }))
  started.onStop('process', keepAlive())
  const members = entrances(devices)
  const end = await fillLog(dataDir, members)
  const influxd = await startInfluxd()
  started.onStop('influxd', () => influxd.stop())
  const ingest = await makeIngest(dataDir, { influxUrl: influxd.url, members }, started)
  const [before, beganMs] = [process.cpuUsage(), performance.now()]
  await ingest.start((cause) => {
    throw cause
  })
  started.onStop('ingest', () => ingest.stop())
  while (consumers.some((consumer) => (ingest.cursors()[consumer] ?? 0) < end)) await pause(lookMs)
  const { user, system } = process.cpuUsage(before)
  const seconds = (performance.now() - beganMs) / 1_000
  const each = (micros: number) => `${(micros / readings).toFixed(2)} µs`
  process.stdout.write(
    `ingest alone: ${each(user + system)} of processor per reading (system ${each(system)}), ` +
      `${Math.round(readings / seconds)}/s at ${percent((user + system) / 1e6 / seconds)} of a core\n`,
  )
}

/** Resolves with the position of the last reading. */
async function fillLog(dataDir: string, members: readonly Entrance[]): Promise<number> {
  const logger = openLog('bench', 'warn')
  const file = join(dataDir, 'intake.db')
  const intake = new IntakeLog({ file, clock, logger, metrics: openMetrics('fill') })
  await intake.start()
  const beganMs = clock.now() - readings / devices
  for (let at = 0; at < readings; at += appendedAtOnce) {
    const batch = Array.from({ length: appendedAtOnce }, (_, index) =>
      readingOf(members, at + index, beganMs),
    )
    await Promise.all(
      batch.map(
        (message) =>
          new Promise<void>((resolve, reject) =>
            intake.append(message, (error) => (error ? reject(error) : resolve())),
          ),
      ),
    )
  }
  await intake.stop()
  const reader = openIntakeReader(file)
  const end = reader.end()
  reader.close()
  return end
}

function readingOf(members: readonly Entrance[], number: number, beganMs: number) {
  const { site = '', device = '' } = members[number % members.length] ?? {}
  const [seq, t] = [Math.floor(number / members.length) + 1, beganMs + Math.floor(number / members.length)]
  const digit = number % 10
  const payload = Buffer.from(
    `{"c":"heat-entrance/1.0","b":1,"s":${seq},"t":${t},"k":"n","d":{"p_sup_kpa":35${digit},"p_ret_kpa":22${digit},` +
      `"dp_kpa":130,"t_sup_c10":55${digit},"t_ret_c10":420,"flow_lph":1234${digit}}}`,
  )
  const topic = `est/1/${site}/heat-entrance/${device}/tele`
  return {
    device,
    publisher: device,
    topic,
    payload,
    receivedMs: t,
    will: false,
    retain: false,
    qos: 1 as const,
  }
}

async function makeIngest(
  dataDir: string,
  { influxUrl, members }: { influxUrl: string; members: readonly Entrance[] },
  started: Lifecycle,
): Promise<Ingest> {
  const logger = openLog('bench', 'error')
  const config = parseConfig({ DATA_DIR: dataDir, INFLUX_URL: influxUrl, INFLUX_DATABASE: database })
  const { timeZone } = config
  const records = await openRecords(join(dataDir, 'records.db'))
  started.onStop('records', () => records.destroy())
  const imported = { name: 'registry import', registry: entranceRegistry(members), dryRun: false } as const
  const key = serverKey(dataDir)
  await runCommand({ records, key, timeZone, clock }, { ...imported, credentials: false })
  const registry = new CurrentRegistry({ records, clock, logger })
  await registry.start()
  started.onStop('registry', () => registry.stop())
  const orders = new OrderBook({ records, timeZone })
  const mqtt = { url: 'mqtt://127.0.0.1:9' }
  return new Ingest({
    config,
    mqtt,
    records,
    registry,
    orders,
    clock,
    logger,
    metrics: openMetrics('ingest'),
  })
}
