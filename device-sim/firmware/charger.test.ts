import { beforeAll, describe, expect, test } from 'vitest'
import { decode } from '../../firmware-contracts/decode.ts'
import type { Reading } from '../../firmware-contracts/message.ts'
import type { Estate, Fleet } from '../fleet.ts'
import { demoFleet } from '../fleets/demo.ts'
import { chargingFaults } from '../plant/charging-faults.ts'
import { hourMs, minuteMs } from '../plant/day.ts'
import { ordinaryDay, parseScenario } from '../scenarios/scenario.ts'
import { simulate, Simulation } from '../simulation.ts'
import { answersIn, readingsIn, speak } from './said.fixture.ts'

/** Every row of the charging fault table, each in a shed of its own, in one night; and what the controllers say
 *  of it. The rules of the catalogue (domain.md B) look for exactly that. */
const startMs = Date.parse('2026-01-15T00:00:00+08:00')
const struckS = 600
const repairedS = 11 * 3_600

const shedId = (index: number) => `hengkang-s${index + 1}`
const struck = chargingFaults.map(({ fault, at }, index) => ({
  fault,
  t: struckS,
  until: repairedS,
  target: at.includes('port') ? `${shedId(index)}-p02` : shedId(index),
  // More than a port's meter can show.
  ...(fault === 'overload' && { params: { factor: 8 } }),
}))

function fleet(): Fleet {
  const demo = demoFleet()
  const [estate] = demo.estates
  if (!estate) throw new Error('the demo has an estate')
  const sheds = struck.map((_, index): Estate['sheds'][number] => ({
    id: shedId(index),
    number: index + 1,
    ports: 4,
  }))
  return { ...demo, estates: [{ ...estate, buildings: estate.buildings.slice(0, 6), sheds }] }
}

const night = {
  fleet: fleet(),
  scenario: parseScenario('test', { ...ordinaryDay, faults: struck }),
  seed: 5,
  startMs,
}

interface Said {
  afterS: number
  class: string
  port: string | undefined
  values: Reading['values']
}

let said: Map<string, Said[]>
const of = (fault: string) => said.get(fault) ?? []
const value = ({ values }: Said, name: string) => Number(values[name] ?? NaN)
const firstS = (fault: string, found: (one: Said) => boolean) => of(fault).find(found)?.afterS ?? Infinity
const eventsOf = (fault: string, ev: string) =>
  of(fault).filter(({ values, afterS }) => afterS >= 0 && values['ev'] === ev)

beforeAll(() => {
  said = new Map()
  for (const { topic, payload } of simulate(night, startMs + 12 * hourMs)) {
    const [, , , , device = ''] = topic.split('/')
    const index = struck.findIndex((_, at) => device === `${shedId(at)}-charger`)
    const fault = struck[index]?.fault
    if (fault === undefined) continue
    const decoded = decode(topic, payload)
    if (!decoded.ok) throw new Error(`${topic}: ${JSON.stringify(decoded.refusal)}`)
    if (decoded.message.type !== 'readings') continue
    for (const reading of decoded.message.readings) {
      const { port, class: messageClass, values } = reading
      const one = { afterS: (reading.t - startMs) / 1000 - struckS, class: messageClass, port, values }
      const told = said.get(fault) ?? []
      told.push(one)
      said.set(fault, told)
    }
  }
})

describe('what the rules look for', () => {
  test('C01: a burning battery smokes after three minutes, which is told within two seconds, and the shed cuts itself off', () => {
    const fault = 'thermal-runaway'
    const smokeS = firstS(fault, ({ class: kind, values }) => kind === 'event' && values['smoke'] === 1)
    expect(smokeS).toBeGreaterThanOrEqual(180)
    expect(smokeS).toBeLessThan(180 + 7)
    const stop = eventsOf(fault, 'session_stop').find(({ port, afterS }) => port === 'p02' && afterS > 0)
    expect(stop?.values['stop_reason']).toBe('smoke')
    expect(of(fault).findLast(({ class: kind, port }) => kind === 'state' && !port)?.values).toMatchObject({
      breaker: 1,
    })
    const after = of(fault).filter(
      ({ class: kind, port, afterS }) => kind === 'tele' && port && afterS > smokeS && afterS < 3_600,
    )
    expect(after.every((tele) => value(tele, 'p_w10') === 0)).toBe(true)
  })

  test('C02: it warms by more than 5 K a minute before', () => {
    const temperatures = of('thermal-runaway').filter(
      ({ class: kind, port, afterS }) => kind === 'tele' && port === 'p02' && afterS > 0 && afterS < 180,
    )
    const [first, last] = [temperatures[0], temperatures.at(-1)]
    if (!first || !last) throw new Error('its temperature is told')
    const perMinute =
      ((value(last, 't_port_c10') - value(first, 't_port_c10')) / 10 / (last.afterS - first.afterS)) * 60
    expect(perMinute).toBeGreaterThan(5)
  })

  test('C03 and C02: a bad contact passes 55 °C within 20 minutes, opens its relay at 65 °C, and cools', () => {
    const fault = 'bad-contact'
    const hot = (c10: number) => firstS(fault, (one) => value(one, 't_port_c10') >= c10)
    expect(hot(550)).toBeGreaterThan(8 * 60)
    expect(hot(550)).toBeLessThan(20 * 60)
    expect(hot(650)).toBeLessThan(35 * 60)
    const stop = eventsOf(fault, 'session_stop').find(({ afterS }) => afterS > 60)
    expect(stop?.values['stop_reason']).toBe('over_temperature')
    expect(Math.max(...of(fault).map((one) => value(one, 't_port_c10') || 0))).toBeLessThan(670)
    const temperatures = of(fault).filter((one) => value(one, 't_port_c10') > 500)
    const gaps = temperatures.map(({ afterS }, at) => afterS - (temperatures[at - 1]?.afterS ?? afterS))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10)
    const last = of(fault).findLast((one) => value(one, 't_port_c10') > -400 && one.port === 'p02')
    expect(Number(last?.values['t_port_c10'])).toBeLessThan(100)
  })

  test('C04: a welded relay goes on feeding what the controller switched off, until it is replaced', () => {
    const fault = 'relay-welded'
    const held = of(fault).find((one) => value(one, 'relay_cmd') === 0 && value(one, 'i_ma') > 100)
    expect(held?.afterS).toBeLessThan(60)
    expect(eventsOf(fault, 'alarm')[0]?.values).toMatchObject({ error: 'power_switch_failure', weld: 1 })
    expect(eventsOf(fault, 'cleared')[0]?.afterS).toBeGreaterThanOrEqual(repairedS - struckS)
  })

  test('C05: several chargers on one socket draw more than 5.5 A, and the port stops', () => {
    const fault = 'overload'
    expect(firstS(fault, (one) => value(one, 'i_ma') > 5_500)).toBeLessThan(90)
    expect(eventsOf(fault, 'session_stop')[0]?.values['stop_reason']).toBe('over_current')
    expect(eventsOf(fault, 'alarm')[0]?.values['error']).toBe('over_current')
  })

  test('C06: 35 mA to earth trip the port; the breaker of the shed leaves no voltage', () => {
    expect(eventsOf('earth-leakage', 'alarm')[0]?.values).toMatchObject({
      error: 'ground_failure',
      i_res_ma: 35,
    })
    expect(eventsOf('shed-leakage', 'alarm')[0]?.values).toMatchObject({ breaker: 0 })
    expect(firstS('shed-leakage', (one) => one.values['u_dv'] === 0)).toBeLessThan(10)
  })

  test('C07: whoever charges at a dead port tries three times and gets nothing', () => {
    const stops = eventsOf('port-dead', 'session_stop').filter(
      ({ values }) => values['stop_reason'] === 'no_power',
    )
    expect(stops).toHaveLength(3)
    expect(stops.every(({ port }) => port === 'p02')).toBe(true)
    expect(stops[2]?.afterS).toBeLessThan(10 * 60)
  })

  test('C08: what is never full is stopped after ten hours', () => {
    const stop = eventsOf('never-full', 'session_stop').find(
      ({ values }) => values['stop_reason'] === 'time_limit',
    )
    expect(Math.abs((stop?.afterS ?? 0) / 36_000 - 1)).toBeLessThan(0.01)
  })

  test('C09: an outage shows no voltage at any port at once; a bad feeder shows 188 V', () => {
    const dead = of('shed-outage').filter((one) => one.values['u_dv'] === 0)
    expect(new Set(dead.filter(({ afterS }) => afterS < 330).map(({ port }) => port)).size).toBe(5)
    const low = of('supply-voltage').filter(({ afterS }) => afterS > 5 && afterS < repairedS - struckS)
    for (const one of low)
      if ('u_dv' in one.values) expect(Math.abs(value(one, 'u_dv') - 1_880)).toBeLessThan(50)
  })

  test('C10: above 8.7 kW the shed sheds', () => {
    expect(firstS('shed-overload', (one) => value(one, 'p_total_w') > 8_700)).toBeLessThan(35)
  })

  test('C11: an open door, water, a pressed button and a released extinguisher are told within two seconds', () => {
    for (const [fault, name] of [
      ['shed-door-open', 'door'],
      ['shed-water', 'water'],
      ['emergency-stop', 'estop'],
      ['extinguisher-released', 'extinguisher'],
      ['shed-smoke', 'smoke'],
    ] as const) {
      const [event] = eventsOf(fault, 'alarm')
      expect(event?.values[name]).toBe(1)
      expect(event?.afterS).toBeLessThan(7)
      expect(eventsOf(fault, 'cleared')[0]?.values[name]).toBe(0)
    }
  })

  test('every row names a rule that one of these tests proves, and every charger rule has a row', () => {
    const rules = new Set(chargingFaults.flatMap(({ rules: named }) => named))
    expect([...rules].sort()).toEqual(
      Array.from({ length: 11 }, (_, at) => `C${String(at + 1).padStart(2, '0')}`),
    )
  })
})

test('after the repair every port is as before', () => {
  const simulation = new Simulation({
    ...night,
    scenario: parseScenario('test', {
      ...ordinaryDay,
      faults: struck.map((one) => ({ ...one, until: 1_800 })),
    }),
  })
  while (simulation.nowMs < startMs + 40 * minuteMs) simulation.tick()
  const [plant] = simulation.plants
  const phases = new Set(plant?.sheds.flatMap(({ ports }) => ports.map(({ control }) => control.phase)))
  expect(phases.has('faulted')).toBe(false)
  expect(phases.has('disabled')).toBe(false)
})

test('the server stops a session, and says who did', () => {
  const visits = [{ t: 5, target: 'hengkang-s1', minutes: 30 }]
  const simulation = new Simulation({ ...night, scenario: parseScenario('test', { ...ordinaryDay, visits }) })
  const busy = readingsIn(speak(simulation, 2)).find(({ values }) => values['ev'] === 'session_start')
  const stop = (id: string, port: number) =>
    simulation.hear('hengkang-s1-charger', 'stop', { id, exp: startMs * 2, args: { port } })
  stop('stop-1', Number(busy?.port?.slice(1)))
  stop('stop-2', 99)
  const said = speak(simulation, 1)
  expect(answersIn(said)).toMatchObject([
    { id: 'stop-1', ok: true },
    { id: 'stop-2', ok: false, code: 'invalid' },
  ])
  const ended = readingsIn(said).find(({ values }) => values['ev'] === 'session_stop')
  expect(ended).toMatchObject({ port: busy?.port, values: { stop_reason: 'server' } })
})
