import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'
import { TestBroker } from '../test-broker.fixture.ts'
import { LiveReplay } from './live-replay.ts'
import { recordedDevice } from './recorded-meters.ts'
import { readRecording } from './recording.ts'

const extract = new URL('../../test/fixtures/recorded-water/households-3.csv', import.meta.url).pathname
const meters = ['m007', 'm031', 'm040']
const credentials = new Map(
  meters.map((meter) => [recordedDevice(meter), `secret of ${recordedDevice(meter)}`] as const),
)

let broker: TestBroker | undefined
afterEach(() => broker?.stop())

const replayAt = async (brokerUrl: string, passwords = credentials) =>
  new LiveReplay({
    recording: await readRecording(extract, 'Europe/Madrid'),
    brokerUrl,
    credentials: passwords,
    speed: 1e8,
    boot: 7,
    clock: systemClock,
    log: silentLog,
  })

test('a year of real meters goes through a broker line by line, and the replay ends by itself', async () => {
  broker = new TestBroker()
  await broker.start()
  const replay = await replayAt(`mqtt://127.0.0.1:${broker.port}`)
  replay.start()
  await vi.waitFor(() => expect(replay.isOver).toBe(true), { timeout: 10_000 })
  await replay.stop()
  const { meters: read, readings } = await readRecording(extract, 'Europe/Madrid')
  const heard = broker.heard.flatMap((message) => (message.type === 'readings' ? message.readings : []))
  expect(heard).toHaveLength(readings)
  for (const [meter, own] of read)
    expect(
      heard.filter(({ device }) => device === recordedDevice(meter)).map(({ values }) => values['vol_l']),
    ).toEqual(own.map(({ registerL }) => registerL))
  expect(replay.counts()).toMatchObject({ devices: 3, waiting: 0, forgotten: 0, rejected: 0 })
})

test('a meter without a password is named before anything is said', async () => {
  const known = new Map([...credentials].slice(1))
  const replay = await replayAt('mqtt://127.0.0.1:1', known)
  expect(() => replay.start()).toThrow(recordedDevice('m007'))
})
