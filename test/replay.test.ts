import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Broker } from '../broker/broker.ts'
import { BrokerMemory } from '../broker/memory.ts'
import { demoFleet } from '../device-sim/fleets/demo.ts'
import { SimulatedEstate } from '../device-sim/live.ts'
import { demoRegistry } from '../device-sim/registry-file.ts'
import { loadScenario } from '../device-sim/scenarios/scenario.ts'
import { CredentialVerifier, issueCredential } from '../estate/credentials.ts'
import { CurrentRegistry } from '../estate/current-registry.ts'
import { OrderBook } from '../estate/order-book.ts'
import { openRecords } from '../estate/records.ts'
import { parseRegistryFile } from '../estate/registry-file.ts'
import { saveRegistry } from '../estate/registry-store.ts'
import { serverKey, serviceSecret } from '../estate/server-key.ts'
import { Ingest } from '../ingest/ingest.ts'
import type { Clock } from '../platform/clock.ts'
import { parseConfig } from '../platform/config.ts'
import { IntakeLog } from '../platform/intake-log.ts'
import { Lifecycle } from '../platform/lifecycle.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { hurriedClock } from './support/hurried-clock.ts'
import { until } from './support/system.ts'

/** What is lost on the way comes back: the simulated estate, the real broker with its permissions, the real
 *  ingest; everybody's clock runs twenty times as fast. */

const folder = mkdtempSync(join(tmpdir(), 'replay-'))
const lifecycle = new Lifecycle(silentLog)

afterEach(async () => {
  await lifecycle.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function startServer(clock: Clock) {
  const records = await openRecords(join(folder, 'records.db'))
  lifecycle.onStop('records', () => records.destroy())
  const content = parseRegistryFile(demoRegistry())
  await records.transaction().execute((trx) => saveRegistry(trx, content))
  const key = serverKey(folder)
  const credentials = new Map<string, string>()
  for (const { id: device } of content.devices) {
    const issued = await issueCredential(records, key, { device, atMs: clock.now() })
    credentials.set(device, issued?.password ?? '')
  }
  const common = { clock, logger: silentLog, metrics: openMetrics('test') }
  const intakeFile = join(folder, 'intake.db')
  const intake = new IntakeLog({ file: intakeFile, ...common })
  await intake.start()
  lifecycle.onStop('intake log', () => intake.stop())
  const memory = new BrokerMemory({ file: join(folder, 'broker.db'), onCursor: () => {}, ...common })
  await memory.start(intakeFile)
  lifecycle.onStop('memory of the broker', () => memory.stop())
  const verifier = new CredentialVerifier(records, key)
  const verify = verifier.verify.bind(verifier)
  const broker = new Broker({ host: '127.0.0.1', port: 0, verify, intake, memory, ...common })
  const { port } = await broker.start()
  lifecycle.onStop('broker', () => broker.stop())
  const registry = new CurrentRegistry({ records, ...common })
  await registry.start()
  lifecycle.onStop('registry', () => registry.stop())
  const orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  const brokerUrl = `mqtt://127.0.0.1:${port}`
  const ingest = new Ingest({
    config: parseConfig({ DATA_DIR: folder }),
    mqtt: { url: brokerUrl, login: { username: 'srv-ingest', password: serviceSecret(key, 'srv-ingest') } },
    records,
    registry,
    orders,
    ...common,
  })
  await ingest.start((cause) => {
    throw cause
  })
  lifecycle.onStop('ingest', () => ingest.stop())
  return { brokerUrl, credentials, ingest, orders }
}

test('what was numbered and never sent is asked for, comes as back-fill, and history is complete', async () => {
  const clock = hurriedClock(20)
  const { brokerUrl, credentials, ingest, orders } = await startServer(clock)
  const estate = new SimulatedEstate({
    brokerUrl,
    credentials,
    fleet: demoFleet(),
    scenario: loadScenario('calm'),
    seed: 5,
    clock,
    log: silentLog,
  })
  const beganMs = clock.now()
  estate.start()
  lifecycle.onStop('estate', () => estate.stop())
  await until('the whole estate', () => estate.counts().connected === 64 || undefined)
  estate.lose(0.2)
  await until('messages that were lost', () => estate.counts().lost >= 12 || undefined)
  estate.lose(0)
  const { lost } = estate.counts()

  const filled = await until(
    'the gaps closed',
    async () => {
      const { total } = await ingest.ledger({ part: '', after: '', limit: 1 })
      return total.filled >= lost ? total : undefined
    },
    60_000,
  )
  expect(filled, 'each lost number came once').toMatchObject({ filled: lost, missing: 0 })
  expect(filled).toMatchObject({ regresses: 0, clones: 0 })

  const stationMs = { kind: 'heat-station', device: 'hengkang-station-heat', signal: 'p_ret_kpa' } as const
  const toMs = Math.floor(clock.now() / 10_000) * 10_000 - 10_000
  const fromMs = Math.ceil(beganMs / 10_000) * 10_000 + 20_000
  const points = (toMs - fromMs) / 10_000
  const buckets = await ingest.history.range({ ...stationMs, fromMs, toMs, points })
  expect(
    buckets.map(({ count }) => count),
    'the station every ten seconds, each once',
  ).toEqual(Array.from({ length: points }, () => 1))

  const { total } = await until('an empty queue', async () => {
    const now = await ingest.ledger({ part: '', after: '', limit: 1 })
    return now.total.pending === 0 ? now : undefined
  })
  expect(total).toMatchObject({ duplicate: 0, quarantined: 0, accepted: total.stored })
  expect(await orders.list(), 'nobody was called').toEqual([])
}, 120_000)
