import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { demoFleet } from './fleets/demo.ts'
import { LoadRun, type LoadOptions } from './load.ts'
import { registryFile } from './registry-file.ts'
import { TestBroker } from './test-broker.fixture.ts'

const fleet = demoFleet()
const credentials = new Map(
  registryFile(fleet).devices.map(({ id }) => [String(id), `secret of ${String(id)}`]),
)
let broker = new TestBroker()
beforeEach(async () => {
  broker = new TestBroker()
  await broker.start()
})
afterEach(() => broker.stop())

const load = (options: Partial<LoadOptions> = {}) =>
  new LoadRun({
    brokerUrl: `mqtt://127.0.0.1:${broker.port}`,
    credentials,
    fleet,
    seed: 5,
    ratePerS: 500,
    durationS: 1,
    clock: systemClock,
    log: silentLog,
    ...options,
  })

test('every line of an estate speaks, gateways for their meters, and all of it is acknowledged', async () => {
  const counts = await load().run()
  expect(counts).toMatchObject({ lines: 64, connected: 64, waiting: 0 })
  expect(counts.acknowledged).toBe(counts.sent)
  expect(counts.sent).toBeGreaterThan(300)
  const heard = new Set(broker.heard.map(({ address }) => address.kind))
  expect(heard).toEqual(
    new Set(['heat-station', 'heat-entrance', 'water-meter', 'gateway', 'charger', 'room-sensor']),
  )
})

test('a load of ten lines dials ten times', async () => {
  expect(await load({ connections: 10 }).run()).toMatchObject({ lines: 10, connected: 10 })
  expect(broker.users.size).toBe(10)
})
