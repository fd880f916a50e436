import { beforeAll, describe, expect, test } from 'vitest'
import type { Outgoing } from './message.ts'
import {
  birthsIn,
  classOf,
  demo,
  messagesIn,
  numbersIn,
  of,
  readingsIn,
  saidIn,
  startMs,
  upTo,
} from './said.fixture.ts'

const minute = 60_000
const atMs = (minutes: number) => startMs + minutes * minute
const statesIn = (said: readonly Outgoing[]) =>
  messagesIn(said).flatMap((message) => (message.type === 'connection' ? [message.state] : []))

describe('a shed whose line is dead for half an hour', () => {
  const fault = { fault: 'device-silent', target: 'hengkang-shed1', t: 600, until: 2_400 }
  let said: Outgoing[]

  beforeAll(() => {
    said = of('hengkang-shed1-charger', saidIn(60, demo({ faults: [fault] })))
  })

  test('is missed by the broker after one and a half keepalives, and says nothing itself', () => {
    const silent = said.filter(({ t }) => t >= atMs(10) && t < atMs(40))
    expect(silent.map(({ t, will, retain }) => ({ t, will, retain }))).toEqual([
      { t: atMs(10) + 45_000, will: true, retain: true },
    ])
    expect(statesIn(silent)).toEqual(['lost'])
  })

  test('comes back within two minutes: conn, meta, state, the present, and only then the past', () => {
    const back = said.filter(({ t }) => t >= atMs(40))
    const firstMs = back[0]?.t ?? 0
    expect(firstMs).toBeGreaterThan(atMs(40))
    expect(firstMs).toBeLessThanOrEqual(atMs(42))
    const order = back.map(classOf)
    expect([...new Set(order)].slice(0, 5)).toEqual(['conn', 'meta', 'state', 'tele', 'hist'])
    const history = back.filter((message) => classOf(message) === 'hist')
    const gapsMs = history.slice(1).map(({ t }, index) => t - (history[index]?.t ?? 0))
    expect(Math.min(...gapsMs), 'a message a second').toBeGreaterThanOrEqual(1_000)
    const begins = history.map((message) => readingsIn([message])[0]?.seq ?? 0)
    expect(begins, 'oldest first').toEqual(begins.toSorted((a, b) => a - b))
  })

  test('has in the end said every number once', () => {
    const numbers = numbersIn(said)
    expect(numbers).toEqual(upTo(numbers.length))
  })
})

test('a gateway that is silent silences its children; they have nothing to introduce when it is back', () => {
  const faults = [{ fault: 'gateway-silent', target: 'hengkang-b02-gw', t: 600, until: 2_400 }]
  const said = saidIn(60, { ...demo({ faults }), uploadS: 600 })
  const meter = of('hengkang-b02-f101-water', said)
  expect(meter.filter(({ t }) => t >= atMs(10) && t < atMs(40))).toEqual([])
  expect(statesIn(meter)).toEqual(['ready'])
  expect(statesIn(of('hengkang-b02-gw', said))).toEqual(['ready', 'lost', 'ready'])
  expect(meter.map(classOf)).toContain('hist')
  const numbers = numbersIn(meter)
  expect(numbers, 'what it could not upload comes as history').toEqual(upTo(numbers.length))
})

test('a device without power does not even sample, and comes back with the next boot counter', () => {
  const faults = [{ fault: 'device-unpowered', target: 'hengkang-station', t: 600, until: 1_200 }]
  const said = of('hengkang-station-heat', saidIn(30, demo({ faults })))
  const readings = readingsIn(said)
  expect(readings.filter(({ t }) => t >= atMs(10) && t < atMs(20))).toEqual([])
  expect(birthsIn(said)).toMatchObject([
    { boot: 1, bootReason: 'power_on' },
    { boot: 2, bootReason: 'power_on' },
  ])
  for (const boot of [1, 2]) expect(numbersIn(said, boot)).toEqual(upTo(numbersIn(said, boot).length))
})

test('a boot within seconds is a new connection: the broker gives up the old one first', () => {
  const faults = [{ fault: 'reboot-loop', target: 'hengkang-b05', t: 600, until: 1_210 }]
  const said = of('hengkang-b05-heat', saidIn(30, demo({ faults })))
  expect(statesIn(said)).toEqual(['ready', 'lost', 'ready', 'lost', 'ready', 'lost', 'ready'])
  expect(birthsIn(said).map(({ boot, bootReason }) => `${boot} ${bootReason}`)).toEqual([
    '1 power_on',
    '2 watchdog',
    '3 watchdog',
    '4 watchdog',
  ])
  const wills = messagesIn(said.filter(({ will }) => will))
  expect(wills).toMatchObject([{ boot: 1 }, { boot: 2 }, { boot: 3 }])
})

test('an estate without power is silent but for the wills; then everything boots, and its pumps turn', () => {
  const faults = [{ fault: 'power-cut', target: 'hengkang', t: 300, until: 900 }]
  const said = saidIn(30, demo({ faults }))
  const dark = said.filter(({ t }) => t >= atMs(5) && t < atMs(15))
  expect(dark.every(({ will }) => will)).toBe(true)
  expect(dark).toHaveLength(64)
  const born = birthsIn(said.filter(({ t, device, topic }) => t >= atMs(15) && topic.includes(`/${device}/`)))
  expect(born).toHaveLength(64)
  expect(born.every(({ boot }) => boot === 2)).toBe(true)
  expect(new Set(born.map(({ t }) => t)).size, 'not all at once').toBeGreaterThan(60)
  const pressures = readingsIn(of('hengkang-station-heat', said)).flatMap(
    ({ values }) => values['dp_kpa'] ?? [],
  )
  expect(Math.min(...pressures.map(Number))).toBeGreaterThan(100)
  const stops = readingsIn(said).flatMap(({ values }) => values['stop_reason'] ?? [])
  expect(stops, 'who was charging is not').toContain('no_power')
})

test('outages that overlap end when the last of them does', () => {
  const faults = [
    { fault: 'estate-silent', target: 'hengkang', t: 300, until: 900 },
    { fault: 'device-silent', target: 'hengkang-b05', t: 600, until: 1_200 },
  ]
  const said = saidIn(30, demo({ faults }))
  const silence = (device: string) => of(device, said).find(({ t, will }) => t >= atMs(5) && !will)?.t ?? 0
  expect(silence('hengkang-b05-heat')).toBeGreaterThan(atMs(20))
  expect(silence('hengkang-b06-heat')).toBeLessThan(atMs(17))
  expect(new Set(said.filter(({ will }) => will).map(({ device }) => device)).size).toBe(64)
})
