import { beforeAll, describe, expect, test } from 'vitest'
import { decode } from '../firmware-contracts/decode.ts'
import type { Reading } from '../firmware-contracts/message.ts'
import type { Outgoing } from './firmware/message.ts'
import type { Fleet } from './fleet.ts'
import { demoFleet } from './fleets/demo.ts'
import { hourMs } from './plant/day.ts'
import { loadScenario, ordinaryDay, parseScenario } from './scenarios/scenario.ts'
import { digest, simulate, Simulation, type SimulationOptions } from './simulation.ts'

const startMs = Date.parse('2026-01-15T00:00:00+08:00')
const calm: SimulationOptions = { fleet: demoFleet(), scenario: loadScenario('calm'), seed: 5, startMs }
const burst: SimulationOptions = { ...calm, scenario: loadScenario('burst') }

const run = (options: SimulationOptions, hours: number) => [
  ...simulate(options, options.startMs + hours * hourMs),
]
const ordinaryDayWith = (events: object) => parseScenario('test', { ...ordinaryDay, ...events })
const topicDevice = ({ topic }: Outgoing) => topic.split('/')[4] ?? ''
const sayings = (messages: readonly Outgoing[], device: string) =>
  messages.filter((message) => topicDevice(message) === device)

function readings(messages: readonly Outgoing[]): Reading[] {
  return messages.flatMap(({ topic, payload }) => {
    const decoded = decode(topic, payload)
    return decoded.ok && decoded.message.type === 'readings' ? decoded.message.readings : []
  })
}

/** Values of one signal, in time order. */
function series(all: readonly Reading[], device: RegExp, signal: string): { t: number; value: number }[] {
  return all.flatMap(({ device: name, t, values }) => {
    const value = values[signal]
    return device.test(name) && typeof value === 'number' ? [{ t, value }] : []
  })
}

const valuesOf = (all: readonly Reading[], device: RegExp, signal: string) =>
  series(all, device, signal).map(({ value }) => value)

describe('same seed, same bytes', () => {
  /** Birth messages are left out: they carry the contract's hash, and change with every contract. */
  const unborn = (messages: readonly Outgoing[]) => messages.filter(({ topic }) => !topic.endsWith('/meta'))

  test('an hour of the burst is pinned', () => {
    expect(digest(unborn(run(burst, 1)))).toEqual({
      messages: 6911,
      sha256: 'b8ee966e0165a8cbf4ef8014057dce182bcb1fe05250b26f17caef74394675d1',
    })
  })

  test('again the same, with another seed another', () => {
    expect(digest(run(burst, 0.2))).toEqual(digest(run(burst, 0.2)))
    expect(digest(run({ ...burst, seed: 6 }, 0.2))).not.toEqual(digest(run(burst, 0.2)))
  })

  test('a fleet that gains a shed changes nobody else’s bytes', () => {
    const [estate] = calm.fleet.estates
    if (!estate) throw new Error('the demo has an estate')
    const shed = { id: 'hengkang-shed0', number: 0, ports: 4 }
    const larger: Fleet = { ...calm.fleet, estates: [{ ...estate, sheds: [shed, ...estate.sheds] }] }
    const others = run({ ...calm, fleet: larger }, 0.2).filter(
      (message) => topicDevice(message) !== 'hengkang-shed0-charger',
    )
    expect(digest(others)).toEqual(digest(run(calm, 0.2)))
  })

  test('a device left to a real one leaves the others as they were', () => {
    const without = ['hengkang-b03-heat', 'hengkang-b04-gw']
    const all = run(calm, 0.2)
    const others = all.filter(
      ({ device, topic }) => !without.includes(device) && !topic.includes('/hengkang-b03-heat/'),
    )
    expect(others.length).toBeLessThan(all.length)
    expect(digest(run({ ...calm, without }, 0.2))).toEqual(digest(others))
  })
})

describe('a calm day', () => {
  let messages: Outgoing[]
  let all: Reading[]

  beforeAll(() => {
    messages = run(calm, 24)
    all = readings(messages)
  })

  test('every message of it follows the contract, and every device speaks', () => {
    const refused = messages.flatMap(({ topic, payload }) => {
      const decoded = decode(topic, payload)
      return decoded.ok ? [] : [{ topic, refusal: decoded.refusal }]
    })
    expect(refused).toEqual([])
    expect(new Set(messages.map(topicDevice)).size).toBe(1 + 20 * 5 + 15 + 3)
    expect(new Set(messages.map(({ device }) => device)).size).toBe(64)
  })

  test('time goes forward, and each device numbers what it says without a gap', () => {
    expect(messages.every(({ t }, at) => at === 0 || t >= (messages[at - 1]?.t ?? 0))).toBe(true)
    for (const device of ['hengkang-station-heat', 'hengkang-b14-heat', 'hengkang-shed1-charger']) {
      const numbers = readings(sayings(messages, device)).map(({ seq }) => seq)
      expect(numbers).toEqual(numbers.map((_, at) => at + 2))
    }
    const flat = readings(sayings(messages, 'hengkang-b07-f102-water')).map(({ seq }) => seq)
    expect(new Set(flat).size).toBe(flat.length)
  })

  test('pressures stay inside their bands from the first sample on', () => {
    for (const value of valuesOf(all, /-heat$/, 'p_ret_kpa')) expect(Math.abs(value - 224)).toBeLessThan(16)
    for (const value of valuesOf(all, /-heat$/, 'p_sup_kpa')) expect(Math.abs(value - 347.5)).toBeLessThan(28)
  })

  test('nothing looks like a burst: make-up small, water flows far below Q3, no relay welded', () => {
    for (const value of valuesOf(all, /station-heat$/, 'mu_lph')) expect(value).toBeLessThan(800)
    for (const value of valuesOf(all, /-b\d\d-water$/, 'flow_lph')) expect(value).toBeLessThan(0.3 * 25_000)
    const heldOn = all.filter(({ values }) => values['relay_cmd'] === 0 && values['relay_fb'] === 1)
    expect(heldOn).toEqual([])
  })

  test('registers never turn back', () => {
    for (const [device, signal] of [
      [/hengkang-b01-water$/, 'vol_l'],
      [/hengkang-b01-f101-water$/, 'vol_l'],
      [/station-heat$/, 'mu_l'],
      [/station-heat$/, 'heat_kwh'],
    ] as const) {
      const values = valuesOf(all, device, signal)
      expect(values.length).toBeGreaterThan(1)
      expect(values).toEqual(values.toSorted((a, b) => a - b))
    }
  })

  test('bikes come and go: sessions begin, and end full or unplugged', () => {
    const events = all.filter(({ class: messageClass, port }) => messageClass === 'event' && port)
    const reasons = new Set(events.flatMap(({ values }) => values['stop_reason'] ?? []))
    expect(events.filter(({ values }) => values['ev'] === 'session_start').length).toBeGreaterThan(25)
    expect([...reasons]).toEqual(expect.arrayContaining(['full', 'unplugged']))
  })

  test('what a gateway publishes for its children carries the gateway as sender', () => {
    const flat = sayings(messages, 'hengkang-b09-f101-water')
    expect(new Set(flat.map(({ device }) => device))).toEqual(new Set(['hengkang-b09-gw']))
    expect(flat.some(({ topic }) => topic.endsWith('/batch'))).toBe(true)
  })
})

test('a burst: 50 kPa down within five minutes, below static, deepest at building 14, told between the minutes', () => {
  const all = readings(run(burst, 0.15))
  const brokenMs = startMs + 120_000
  const station = series(all, /station-heat$/, 'p_ret_kpa')
  const before = station.filter(({ t }) => t < brokenMs)
  const soon = station.filter(({ t }) => t >= brokenMs && t < brokenMs + 120_000)
  expect(before.every(({ value }) => value > 209)).toBe(true)
  expect(Math.min(...soon.map(({ value }) => value))).toBeLessThan(174 - 1)
  const drops = Array.from({ length: 20 }, (_, index) => {
    const device = new RegExp(`-b${String(index + 1).padStart(2, '0')}-heat$`)
    const supply = series(all, device, 'p_sup_kpa').filter(({ t }) => t < brokenMs + 180_000)
    return (supply[0]?.value ?? 0) - Math.min(...supply.map(({ value }) => value))
  })
  expect(drops.indexOf(Math.max(...drops)) + 1).toBe(14)
  const b14 = series(all, /-b14-heat$/, 'p_ret_kpa').filter(({ t }) => t >= brokenMs && t < brokenMs + 60_000)
  expect(b14.length).toBeGreaterThan(2)
})

test('a burst that is repaired fills up again', () => {
  const scenario = ordinaryDayWith({
    faults: [{ t: 60, until: 600, target: 'hengkang-b14', fault: 'burst', params: { m3h: 12 } }],
  })
  const simulation = new Simulation({ ...calm, scenario })
  while (simulation.nowMs < startMs + 600_000) simulation.tick()
  expect(simulation.plants[0]?.loop.returnKpa).toBeLessThan(100)
  while (simulation.nowMs < startMs + 2 * hourMs) simulation.tick()
  expect(simulation.plants[0]?.loop.returnKpa).toBeGreaterThan(209)
})

test('a welded relay is told: commanded off, fed back on, current flowing, port out of order', () => {
  const scenario = ordinaryDayWith({
    faults: [{ t: 30, target: 'hengkang-shed2-p05', fault: 'relay-welded', params: {} }],
  })
  const all = readings(run({ ...calm, scenario }, 0.1)).filter(
    ({ device, port }) => device === 'hengkang-shed2-charger' && port === 'p05',
  )
  expect(all.findLast(({ class: messageClass }) => messageClass === 'state')?.values).toMatchObject({
    avail: 'faulted',
    relay_cmd: 0,
    relay_fb: 1,
  })
  const tele = all.findLast(({ class: messageClass }) => messageClass === 'tele')?.values
  expect(tele).toMatchObject({ relay_cmd: 0, relay_fb: 1 })
  expect(tele?.['i_ma']).toBeGreaterThan(100)
})

test('a scenario that names what the fleet does not have is refused, every mistake at once', () => {
  const scenario = ordinaryDayWith({
    faults: [{ t: 0, target: 'hengkang-b99', fault: 'burst', params: { m3h: 12 } }],
    visits: [{ t: 0, target: 'hengkang-shed9', minutes: 3 }],
  })
  expect(() => new Simulation({ ...calm, scenario })).toThrow(/hengkang-b99[^]*hengkang-shed9/)
})
