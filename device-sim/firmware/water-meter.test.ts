import { describe, expect, test } from 'vitest'
import { decode } from '../../firmware-contracts/decode.ts'
import type { Reading } from '../../firmware-contracts/message.ts'
import { meterStatus } from '../../firmware-contracts/words.ts'
import type { Fleet } from '../fleet.ts'
import { demoFleet } from '../fleets/demo.ts'
import { parseScenario } from '../scenarios/scenario.ts'
import { simulate, Simulation } from '../simulation.ts'
import { batteryLeft, meterBattery } from './meter-battery.ts'

/** What the meters of one house say, through the whole simulation. */
const startMs = Date.parse('2026-01-15T00:00:00+08:00')
const [estate] = demoFleet().estates
if (!estate) throw new Error('the demo has an estate')
const house: Fleet = {
  ...demoFleet(),
  estates: [{ ...estate, buildings: estate.buildings.slice(0, 1), sheds: [] }],
}
const main = 'hengkang-b01-water'
const [flat, neighbour] = ['hengkang-b01-f101-water', 'hengkang-b01-f102-water']

interface Said extends Reading {
  saidMs: number
}

function told(days: number, ...faults: object[]): Said[] {
  const scenario = parseScenario('test', { name: 'test', about: '', faults })
  return [...simulate({ fleet: house, scenario, seed: 5, startMs }, startMs + days * 86_400_000)].flatMap(
    ({ t, topic, payload }) => {
      const decoded = decode(topic, payload)
      if (!decoded.ok) throw new Error(`${topic}: ${JSON.stringify(decoded.refusal)}`)
      const { message } = decoded
      return message.type === 'readings' ? message.readings.map((reading) => ({ ...reading, saidMs: t })) : []
    },
  )
}

const at = (device: string) => (reading: Said) => reading.device === device
const of = (messageClass: string) => (reading: Said) => reading.class === messageClass
const bitsOf = ({ values: { status } }: Said) => meterStatus(typeof status === 'number' ? status : 0)
const uploads = (all: readonly Said[], device: string) => [
  ...new Set(
    all
      .filter(at(device))
      .filter(of('batch'))
      .map(({ saidMs }) => saidMs),
  ),
]

const calm = told(3)
const struck = told(
  3,
  { fault: 'flat-leak', t: 3_600, until: 180_000, target: flat, params: { lph: 8 } },
  { fault: 'meter-tampered', t: 7_000, until: 90_000, target: neighbour },
  { fault: 'reverse-flow', t: 9_000, target: main, params: { l: 60, everyH: 24 } },
)

test('behind a closed valve a gauge says nothing below zero', () => {
  const pressures = told(0.5, { fault: 'main-shut', t: 3_600, target: 'hengkang-b01' })
    .filter(at(main))
    .flatMap(({ values: { p_kpa: kpa } }) => (typeof kpa === 'number' ? [kpa] : []))
  expect(Math.min(...pressures)).toBe(0)
})

describe('a flat’s meter', () => {
  test('uploads its day once a day, in a slot of its own that a restart keeps', () => {
    const [born, ...daily] = uploads(calm, flat)
    expect(born).toBeLessThan(startMs + 2_000)
    expect(daily).toHaveLength(3)
    expect(daily.map((atMs, nth) => atMs - (daily[0] ?? 0) - nth * 86_400_000)).toEqual([0, 0, 0])
    expect(uploads(calm, neighbour)[1]).not.toBe(daily[0])
  })

  test('samples every quarter of an hour, in a second of its own, and tells of its health with every upload', () => {
    const rows = calm.filter(at(flat)).filter(of('batch'))
    const health = rows.filter(({ values }) => values['vbat_mv'] !== undefined)
    const sampled = rows.filter((row) => !health.includes(row)).map(({ t }) => t % 900_000)
    expect(new Set(sampled).size).toBe(1)
    expect(sampled[0]).toBeLessThan(60_000)
    expect(health).toHaveLength(uploads(calm, flat).length)
    expect(health.at(-1)?.values).toMatchObject({ valve: 'open', status: 0, rev_l: 0, t_amb_c10: 100 })
  })

  test('that was unheard for two days says afterwards what it could not, in the order of its numbers', () => {
    const [begin, end] = [3_600, 200_000]
    const said = told(
      3,
      { fault: 'device-silent', t: begin, until: end, target: flat },
      { fault: 'meter-tampered', t: 7_000, until: 90_000, target: flat },
    ).filter(at(flat))
    const numbers = said.filter(of('hist')).map(({ seq }) => seq)
    expect(numbers.length).toBeGreaterThan(150)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  })

  test('raises no bit on a calm day', () => {
    expect(calm.filter(of('event')).filter(({ kind }) => kind === 'water-meter')).toEqual([])
  })

  test('suspects a leak after a day without a dry quarter, tells at once, and then speaks four times a day', () => {
    const events = struck.filter(at(flat)).filter(of('event'))
    const [raised, cleared] = events
    expect(raised && bitsOf(raised)).toEqual(['leak'])
    expect(raised?.values['ev']).toBe('alarm')
    const raisedMs = (raised?.t ?? 0) - startMs - 3_600_000
    expect(Math.abs(raisedMs / 86_400_000 - 1)).toBeLessThan(0.1)
    expect(cleared?.values).toMatchObject({ ev: 'cleared', status: 0 })
    const meanwhile = uploads(struck, flat).filter(
      (ms) => ms > (raised?.saidMs ?? 0) && ms < (cleared?.saidMs ?? 0),
    )
    const gapsMs = meanwhile.slice(1).map((ms, nth) => ms - (meanwhile[nth] ?? 0))
    expect(gapsMs.length).toBeGreaterThan(2)
    expect(gapsMs.slice(1).every((gapMs) => gapMs === 6 * 3_600_000)).toBe(true)
  })

  test('feels a magnet, says so in its state, and says when it is gone', () => {
    const events = struck.filter(at(neighbour)).filter(of('event'))
    expect(events.map(bitsOf)).toEqual([['tamper'], []])
    const states = struck.filter(at(neighbour)).filter(of('state'))
    expect(states.some((state) => bitsOf(state).includes('tamper'))).toBe(true)
  })
})

test('told to close its valve a meter does, tells its state and acknowledges; a stuck one says so', () => {
  const stuck = { fault: 'water-valve-stuck', t: 0, target: neighbour }
  const scenario = parseScenario('test', { name: 'test', about: '', faults: [stuck] })
  const simulation = new Simulation({ fleet: house, scenario, seed: 5, startMs })
  while (simulation.nowMs < startMs + 60_000) simulation.tick()
  for (const device of [flat, neighbour])
    simulation.hear(device, 'valve', { id: 'c1', exp: startMs + 3_600_000, args: { to: 'closed' } })
  simulation.hear(flat, 'valve', { id: 'c2', exp: startMs + 3_600_000, args: { to: 'ajar' } })
  const said = Array.from({ length: 4 }, () => simulation.tick()).flat()
  const saying = (end: string) =>
    said.flatMap(({ topic, payload }) =>
      topic.endsWith(end) ? [JSON.parse(new TextDecoder().decode(payload))] : [],
    )
  expect(saying(`${flat}/ack/valve`)).toMatchObject([
    { id: 'c1', ok: 1 },
    { id: 'c2', ok: 0, code: 'invalid' },
  ])
  expect(saying(`${flat}/state`)).toMatchObject([{ d: { valve: 'closed' } }])
  expect(saying(`${neighbour}/ack/valve`)).toMatchObject([{ id: 'c1', ok: 0, code: 'stuck' }])
  expect(saying(`${neighbour}/state`)).toMatchObject([{ d: { valve: 'fault' } }])
})

test('a building’s meter counts what runs backwards apart, and shows the bit for a day', () => {
  const all = struck.filter(at(main))
  const reversed = all.filter(of('tele')).map(({ values }) => values['rev_l'])
  expect(Number(reversed.at(-1)) - Number(reversed[0])).toBeGreaterThan(120)
  expect(all.filter(of('event')).flatMap(bitsOf)).toContain('reverse')
})

test('a lithium cell lasts for years, and where the radio shouts is exchanged before it is empty', () => {
  const cells = Array.from({ length: 2_000 }, (_, nth) => meterBattery(5, `meter-${nth}`))
  const years = Array.from({ length: 60 }, (_, month) => startMs + month * 30 * 86_400_000)
  const volts = cells.flatMap(({ voltsAt }) => years.map(voltsAt))
  expect(Math.min(...volts)).toBeGreaterThan(2_950)
  expect(Math.max(...volts)).toBeLessThanOrEqual(3_650)
  const aDay = cells.map(({ voltsAt }) => voltsAt(startMs) - voltsAt(startMs + 86_400_000))
  const shouting = aDay.filter((mv) => Math.abs(mv - 1.5) < 0.01).length
  expect(shouting / cells.length).toBeGreaterThan(0.002)
  expect(shouting / cells.length).toBeLessThan(0.05)
  expect([batteryLeft(3_650), batteryLeft(2_900), batteryLeft(2_000)]).toEqual([100, 0, 0])
})

test('an exchanged meter is born anew, and its register begins where the new one stood', () => {
  const exchange = { fault: 'meter-exchanged', t: 40_000, target: flat, params: { startsAtL: 3 } }
  const rows = told(1, exchange).filter(at(flat)).filter(of('batch'))
  const boots = Map.groupBy(rows, ({ boot }) => boot)
  expect(boots.size).toBe(2)
  const [before = [], after = []] = boots.values()
  expect(before.every(({ values }) => Number(values['vol_l']) > 1_000)).toBe(true)
  expect(after[0]?.values['vol_l']).toBe(3)
})
