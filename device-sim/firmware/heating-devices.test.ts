import { describe, expect, test } from 'vitest'
import { decode } from '../../firmware-contracts/decode.ts'
import type { Reading } from '../../firmware-contracts/message.ts'
import { demoFleet } from '../fleets/demo.ts'
import { parseScenario } from '../scenarios/scenario.ts'
import { simulate } from '../simulation.ts'

/** What station, entrances and thermometers tell of what happens to them. */
const startMs = Date.parse('2026-01-15T00:00:00+08:00')
const station = 'hengkang-station'

/** Readings of the devices whose id ends so, of an estate without sheds; a refused message throws. */
function told(hours: number, by: string, ...faults: object[]): Reading[] {
  return toldIn({ faults }, hours, by)
}

function toldIn(conditions: object, hours: number, by: string): Reading[] {
  const [estate] = demoFleet().estates
  if (!estate) throw new Error('the demo has an estate')
  const onBattery = estate.buildings
    .slice(5, 6)
    .map((each) => ({ ...each, entrancePower: 'battery' as const }))
  const fleet = {
    ...demoFleet(),
    estates: [{ ...estate, sheds: [], buildings: [...estate.buildings.slice(0, 5), ...onBattery] }],
  }
  const scenario = parseScenario('test', { name: 'test', about: '', ...conditions })
  const messages = simulate({ fleet, scenario, seed: 5, startMs }, startMs + hours * 3_600_000)
  return [...messages].flatMap(({ topic, payload }) => {
    const decoded = decode(topic, payload)
    if (!decoded.ok) throw new Error(`${topic}: ${decoded.refusal.reason}`)
    return decoded.message.type === 'readings' && topic.includes(`${by}/`) ? decoded.message.readings : []
  })
}

const ofClass = (all: readonly Reading[], messageClass: string) =>
  all.filter((reading) => reading.class === messageClass)
const after = (all: readonly Reading[], seconds: number) =>
  all.filter(({ t }) => t >= startMs + seconds * 1000)

describe('a pump trips, its standby takes over, and the pump is mended', () => {
  const trip = { fault: 'pump-trip', t: 60, until: 400, target: station, params: { standbyAfterS: 120 } }
  const all = told(0.2, 'hengkang-station-heat', trip)

  test('the retained state says each step within ten seconds', () => {
    const states = ofClass(all, 'state').map(({ t, values }) => ({
      secondsIn: Math.floor((t - startMs) / 10_000) * 10,
      run: values['pump_run'],
      fault: values['pump_fault'],
    }))
    const steps = states.filter(
      ({ run, fault }, at) => run !== states[at - 1]?.run || fault !== states[at - 1]?.fault,
    )
    expect(steps.map(({ run, fault }) => [run, fault])).toEqual([
      [1, 0],
      [0, 1],
      [1, 1],
      [1, 0],
    ])
    expect(steps.map(({ secondsIn }) => secondsIn)).toEqual([0, 60, 180, 400])
  })

  test('events: the pump changed three times, its alarm came and went', () => {
    const words = ofClass(all, 'event').map(({ values }) => values['ev'])
    expect(words).toEqual(['changed', 'alarm', 'changed', 'changed', 'cleared'])
  })

  test('while it stands there is no difference of pressure, no speed, and hardly a flow', () => {
    const standing = after(ofClass(all, 'tele'), 70).find(({ values }) => values['pump_run'] === 0)
    expect(standing?.values['dp_kpa']).toBeLessThan(6)
    expect(standing?.values['pump_hz10']).toBe(0)
    expect(standing?.values['flow_lph']).toBeLessThan(4_000)
  })
})

test('a make-up pump that fails says so with its fault bit, and the make-up is nothing', () => {
  const all = told(0.1, 'hengkang-station-heat', { fault: 'make-up-failed', t: 60, target: station })
  const since = after(ofClass(all, 'tele'), 70)
  expect(since.length).toBeGreaterThan(10)
  for (const { values } of since) expect(values).toMatchObject({ mu_fault: 1, mu_lph: 0 })
  expect(ofClass(all, 'event').map(({ values }) => values['ev'])).toEqual(['changed', 'alarm'])
})

test('a burst passes the station’s own limit once, however the pressure trembles around it', () => {
  const all = told(0.25, 'hengkang-station-heat', {
    fault: 'burst',
    t: 60,
    until: 300,
    target: 'hengkang-b03',
    params: { m3h: 6 },
  })
  const words = ofClass(all, 'event').map(({ values }) => values['ev'])
  expect(words.filter((word) => word === 'alarm')).toHaveLength(1)
})

test('a stuck primary valve: command and position part; a clogged strainer: return and suction part', () => {
  const all = told(
    0.5,
    'hengkang-station-heat',
    { fault: 'primary-valve-stuck', t: 60, target: station, params: { open: 0.05 } },
    { fault: 'strainer-clogged', t: 60, target: station },
  )
  const last = ofClass(all, 'tele').at(-1)?.values ?? {}
  expect(last['valve_fb_pct']).toBe(5)
  expect(last['valve_pct']).toBe(100)
  expect(Number(last['p_ret_kpa']) - Number(last['p_suct_kpa'])).toBeGreaterThan(50)
})

test('an entrance tells once a minute, and noise does not make it tell more', () => {
  expect(told(1, 'hengkang-b02-heat')).toHaveLength(61)
})

test('an entrance that was without power for an hour does not make up for it', () => {
  const cut = { fault: 'device-unpowered', t: 600, until: 4_200, target: 'hengkang-b02' }
  const all = ofClass(told(1.5, 'hengkang-b02-heat', cut), 'tele')
  expect(after(all, 4_200).length).toBeGreaterThan(17)
  expect(after(all, 4_200).length).toBeLessThan(23)
})

test('on a battery an entrance tells every ten minutes, and of a burst within one', () => {
  const faults = [{ fault: 'burst', t: 3_600, target: 'hengkang-b03', params: { m3h: 12 } }]
  const all = told(1.1, 'hengkang-b06-heat', ...faults)
  const before = all.filter(({ t }) => t < startMs + 3_600_000)
  expect(before).toHaveLength(7)
  const [first] = after(all, 3_600)
  expect(first?.t).toBeLessThanOrEqual(startMs + 3_660_000)
})

test('an entrance whose valve is shut keeps its pressures and loses its flow', () => {
  const all = told(0.2, 'hengkang-b02-heat', { fault: 'valve-shut', t: 60, target: 'hengkang-b02' })
  const first = all[0]?.values ?? {}
  const last = all.at(-1)?.values ?? {}
  expect(Math.abs(Number(last['dp_kpa']) - Number(first['dp_kpa']))).toBeLessThan(12)
  expect(last['flow_lph']).toBeLessThan(0.1 * Number(first['flow_lph']))
})

test('a thermometer tells half degrees every quarter of an hour, and an open window', () => {
  const window = { fault: 'window-open', t: 3_600, target: 'hengkang-b02-r401', params: { share: 0.5 } }
  const all = told(4, 'hengkang-b02-r401-room', window)
  const rooms = all.map(({ values }) => Number(values['t_room_c10']))
  expect(all).toHaveLength(17)
  for (const room of rooms) expect(room % 5).toBe(0)
  expect(rooms[0]).toBeGreaterThan(180)
  expect(rooms.at(-1)).toBeLessThan(150)
  const neighbour = told(4, 'hengkang-b02-r201-room', window).map(({ values }) =>
    Number(values['t_room_c10']),
  )
  expect(Math.min(...neighbour)).toBeGreaterThanOrEqual(180)
})

test('opening night as the station tells it: no pressure, then full and turning, then warm', () => {
  const season = [
    { t: 0, mode: 'fill-test' },
    { t: 3 * 3_600, mode: 'ramp' },
  ]
  const all = toldIn({ season, weather: { meanC: 5 } }, 8, 'hengkang-station-heat')
  const at = (hours: number) => after(ofClass(all, 'tele'), hours * 3_600)[0]?.values ?? {}
  expect(at(0.5)).toMatchObject({
    p_ret_kpa: expect.toSatisfy((kpa: number) => kpa < 6),
    pump_run: 0,
    valve_pct: 0,
  })
  expect(at(2.9)).toMatchObject({
    p_ret_kpa: expect.toSatisfy((kpa: number) => kpa > 209),
    pump_run: 1,
    valve_pct: 0,
  })
  expect(Number(at(6)['t_sup_c10']) - Number(at(3)['t_sup_c10'])).toBeGreaterThan(100)
  expect(ofClass(all, 'event').map(({ values }) => values['ev'])).toEqual(
    expect.arrayContaining(['changed', 'cleared']),
  )
})

/** Whatever sensors would show is within what the contract calls possible; `told` throws if not. */
test.each([
  { weather: { meanC: -30, swingC: 15 }, season: 'heating' },
  { weather: { meanC: 35, swingC: 15 }, season: 'off' },
] as const)('whatever breaks in $season, nothing is told that the contract forbids', (conditions) => {
  const faults = [
    { fault: 'primary-leak', t: 60, target: station, params: { m3h: 20 } },
    { fault: 'relief-blocked', t: 60, target: station },
    { fault: 'primary-valve-stuck', t: 60, target: station },
    { fault: 'off-curve', t: 60, target: station, params: { offsetK: 40 } },
    { fault: 'freezing', t: 60, target: 'hengkang-b03' },
    { fault: 'air-lock', t: 60, target: 'hengkang-b04', params: { factor: 1_000 } },
    { fault: 'window-open', t: 60, target: 'hengkang-b02-r401', params: { share: 1 } },
    { fault: 'primary-leak', t: 12_000, until: 12_001, target: station },
    { fault: 'burst', t: 12_000, target: 'hengkang-b05', params: { m3h: 60 } },
    { fault: 'tank-inlet-shut', t: 12_000, target: station },
  ]
  expect(toldIn({ ...conditions, faults }, 8, '').length).toBeGreaterThan(1_000)
})
