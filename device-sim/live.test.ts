import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { demoFleet } from './fleets/demo.ts'
import { SimulatedEstate, type SimulatedEstateOptions } from './live.ts'
import { registryFile } from './registry-file.ts'
import { loadScenario, ordinaryDay, parseScenario } from './scenarios/scenario.ts'
import { TestBroker } from './test-broker.fixture.ts'

const fleet = demoFleet()
const credentials = new Map(
  registryFile(fleet).devices.map(({ id }) => [String(id), `secret of ${String(id)}`]),
)
const broker = new TestBroker()
let estate: SimulatedEstate | undefined

function open(options: Partial<SimulatedEstateOptions> = {}): SimulatedEstate {
  estate = new SimulatedEstate({
    brokerUrl: `mqtt://127.0.0.1:${broker.port}`,
    credentials,
    fleet,
    scenario: loadScenario('calm'),
    seed: 5,
    speed: 60,
    maxWaitMs: 200,
    clock: systemClock,
    log: silentLog,
    ...options,
  })
  return estate
}

afterEach(async () => {
  await estate?.stop()
  await broker.stop()
})

const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 20_000, interval: 20 })

test('a broker that is cut off and comes back has heard every number of every device', async () => {
  await broker.start()
  const live = open({ speed: 240 })
  live.start()
  await until(() => live.counts().connected === 64 && live.counts().acknowledged > 500)
  await broker.stop()
  const cutOffMs = live.nowMs()
  await until(() => live.counts().connected === 0 && live.counts().waiting > 50)
  await until(() => live.nowMs() > cutOffMs + 180_000)
  await broker.start()
  await until(() => live.counts().connected === 64)
  const spoken = ['hengkang-station-heat', 'hengkang-b14-heat', 'hengkang-shed1-charger', 'hengkang-b02-gw']
  const isComplete = (device: string) => broker.numbers(device).length === broker.numbers(device).at(-1)
  const hasCaughtUp = (device: string) =>
    broker.heard.some(({ address }) => address.device === device && address.class === 'hist')
  await until(() => spoken.every((device) => isComplete(device) && broker.numbers(device).length > 1))
  await until(() => hasCaughtUp('hengkang-station-heat') && hasCaughtUp('hengkang-shed1-charger'))

  expect(live.counts().forgotten).toBe(0)
  expect([...broker.users].length).toBe(64)
})

test('after a reconnect a device says that it is ready, and on leaving that it leaves', async () => {
  await broker.start()
  const live = open()
  live.start()
  await until(() => live.counts().connected === 64)
  await broker.stop()
  await until(() => live.counts().connected === 0)
  broker.heard.length = 0
  await broker.start()
  const stationSays = (state: string) => () =>
    broker.heard.some(
      (message) =>
        message.type === 'connection' &&
        message.address.device === 'hengkang-station-heat' &&
        message.state === state,
    )
  await until(stationSays('ready'))
  await live.stop()
  expect(stationSays('bye')()).toBe(true)
})

test('a line that dies in the scenario is really cut: the will, then the device again, then what it missed', async () => {
  broker.heard.length = 0
  await broker.start()
  const faults = [{ fault: 'device-silent', target: 'hengkang-shed1', t: 720, until: 1_260 }]
  const live = open({ scenario: parseScenario('test', { ...ordinaryDay, faults }), speed: 240 })
  live.start()
  const shed = () => broker.heard.filter(({ address }) => address.device === 'hengkang-shed1-charger')
  await until(() => shed().some(({ address }) => address.class === 'hist'))
  await until(() => {
    const numbers = broker.numbers('hengkang-shed1-charger')
    return numbers.length === numbers.at(-1)
  })
  const states = shed().flatMap((message) => (message.type === 'connection' ? [message.state] : []))
  expect(states).toEqual(['ready', 'lost', 'ready'])
  expect(live.counts()).toMatchObject({ devices: 64, connected: 64 })
})

test('a broker that went away does not keep the devices from leaving', async () => {
  await broker.start()
  const live = open()
  live.start()
  await until(() => live.counts().connected === 64)
  await broker.stop()
  await live.stop()
  expect(live.counts().connected).toBe(0)
})

test('without a password for each device nothing starts, and the message names them', () => {
  const some = new Map([...credentials].filter(([device]) => device !== 'hengkang-b05-heat'))
  expect(() => open({ credentials: some }).start()).toThrow('hengkang-b05-heat')
})
