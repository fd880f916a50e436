import { beforeAll, describe, expect, test } from 'vitest'
import { decode } from '../../firmware-contracts/decode.ts'
import type { Refusal } from '../../firmware-contracts/message.ts'
import type { Outgoing } from './message.ts'
import { violations } from './misspeaking.ts'
import { birthsIn, demo, numbersIn, of, readingsIn, running, saidIn, startMs } from './said.fixture.ts'

/** Every fault of one device, each at a building of its own, in one run. */

const at = (building: number, fault: string, params: object = {}) => ({
  fault,
  target: `hengkang-b${String(building).padStart(2, '0')}`,
  t: 300,
  until: 900,
  params,
})
const signal = 'p_ret_kpa'
const names = Object.keys(violations)
const faults = [
  at(1, 'sensor-stuck', { signal }),
  at(2, 'sensor-drift', { signal, perHour: 600 }),
  at(3, 'sensor-spikes', { signal, by: 80, share: 0.5 }),
  at(4, 'sensor-out-of-range', { signal, value: 9_999 }),
  at(5, 'sensor-broken', { signal }),
  at(6, 'clock-off', { offS: 400 }),
  at(7, 'clock-lost'),
  at(8, 'numbers-repeated', { share: 1 }),
  at(9, 'numbers-regress'),
  at(10, 'device-cloned'),
  ...names.map((violation, index) => at(11 + index, 'firmware-bad', { violation })),
  { ...at(1, 'battery-low', { mv: 3_000 }), target: 'hengkang-b02-r201', t: 0 },
  { ...at(1, 'sensor-stuck', { signal: 'u_dv' }), target: 'hengkang-shed1-p03', t: 0, until: 1_500 },
]

let all: Outgoing[]
const heard = (building: number) => of(`hengkang-b${String(building).padStart(2, '0')}-heat`, all)
const during = (message: Outgoing) => message.t >= startMs + 300_000 && message.t < startMs + 900_000
const sound = (message: Outgoing) => message.t < startMs + 300_000
const valuesOf = (said: readonly Outgoing[], name = signal) =>
  readingsIn(said).flatMap(({ values }) => values[name] ?? [])
const refusalsIn = (said: readonly Outgoing[]): Refusal[] =>
  said.flatMap(({ topic, payload }) => {
    const decoded = decode(topic, payload)
    return decoded.ok ? [] : [decoded.refusal]
  })

beforeAll(() => {
  all = saidIn(22, demo({ faults }))
})

describe('a sensor', () => {
  test('that is stuck shows one value, and lives again when it is repaired', () => {
    expect(new Set(valuesOf(heard(1).filter(during))).size).toBe(1)
    expect(new Set(valuesOf(heard(1).filter((message) => !during(message)))).size).toBeGreaterThan(3)
  })

  test('that drifts is 100 kPa off after ten minutes', () => {
    const last = Number(valuesOf(heard(2).filter(during)).at(-1))
    expect(last - Number(valuesOf(heard(2))[0])).toBeGreaterThan(75)
  })

  test('with a loose wire jumps up and down', () => {
    const values = valuesOf(heard(3).filter(during)).map(Number)
    expect(values.some((value) => value < 180)).toBe(true)
    expect(values.some((value) => value > 270)).toBe(true)
  })

  test('whose wire is off shows what the contract refuses', () => {
    expect(refusalsIn(heard(4).filter(during))).toMatchObject(
      heard(4)
        .filter(during)
        .map(() => ({ reason: 'value-invalid', path: `d.${signal}` })),
    )
  })

  test('that is broken is absent, with a letter', () => {
    const broken = readingsIn(heard(5).filter(during))
    expect(broken.length).toBeGreaterThan(5)
    for (const { values, quality } of broken) {
      expect(values).not.toHaveProperty(signal)
      expect(quality).toEqual({ [signal]: 'F' })
    }
  })

  test('of a port leaves the other ports alone', () => {
    const port = (name: string) =>
      new Set(
        readingsIn(of('hengkang-shed1-charger', all)).flatMap((reading) =>
          reading.port === name && reading.class === 'tele' ? (reading.values['u_dv'] ?? []) : [],
        ),
      )
    expect(port('p03').size).toBe(1)
    expect(port('p04').size).toBeGreaterThan(1)
  })

  test('that the device does not have is the scenario’s mistake, and says what there is', () => {
    const odd = [at(1, 'sensor-stuck', { signal: 'i_ma' })].map((fault) => ({ ...fault, t: 0 }))
    expect(() => running(demo({ faults: odd })).tick()).toThrow(/no signal i_ma[^]*p_sup_kpa/)
  })
})

test('a low battery is told', () => {
  expect(valuesOf(of('hengkang-b02-r201-room', all), 'vbat_mv')).toEqual([3_000])
})

test('a clock that is off says so in every reading, and is right again when repaired', () => {
  const offMs = (message: Outgoing) => (readingsIn([message])[0]?.t ?? message.t) - message.t
  for (const message of heard(6).filter(during)) expect(Math.abs(offMs(message) - 400_000)).toBeLessThan(100)
  for (const message of heard(6).filter(sound)) expect(Math.abs(offMs(message))).toBeLessThan(100)
})

test('a boot without a clock begins in 2000', () => {
  const lost = readingsIn(heard(7).filter(during)).filter(({ boot }) => boot === 2)
  expect(lost.length).toBeGreaterThan(5)
  for (const { t, clock } of lost) {
    expect(new Date(t).getUTCFullYear()).toBe(2000)
    expect(clock).toBe('u')
  }
})

test('who misses acknowledgements says everything twice, word for word', () => {
  const twice = Map.groupBy(heard(8).filter(during), ({ payload }) => String(payload))
  expect([...twice.values()].slice(1, -1).every((copies) => copies.length === 2)).toBe(true)
})

test('who forgets its numbers begins again under the same boot', () => {
  expect(birthsIn(heard(9)).map(({ boot }) => boot)).toEqual([1])
  expect(numbersIn(heard(9)).filter((seq) => seq === 3)).toEqual([3, 3])
})

test('a copied board says other things under the same numbers', () => {
  const bySeq = Map.groupBy(readingsIn(heard(10).filter(during)), ({ seq }) => seq)
  const pairs = [...bySeq.values()].filter(({ length }) => length === 2)
  expect(pairs.length).toBeGreaterThan(5)
  for (const [one, other] of pairs) expect(other?.values).not.toEqual(one?.values)
})

describe('a bad firmware', () => {
  test.each(names.map((name, index) => [name, 11 + index] as const))(
    'with %s in its readings is refused, after its birth has said which version it is',
    (name, building) => {
      const bad = heard(building).filter(({ t }) => t >= startMs + 660_000 && t < startMs + 900_000)
      const readings = bad.filter(({ topic }) => topic.endsWith('/tele'))
      expect(birthsIn(heard(building)).map(({ firmware }) => firmware)).toEqual(['1.0.0', '1.1.0', '1.1.1'])
      const offMs = (message: Outgoing) => (readingsIn([message])[0]?.t ?? 0) - message.t
      if (name === 'seconds') expect(readings.every((message) => offMs(message) < -1e12)).toBe(true)
      else expect(refusalsIn(readings)).toHaveLength(readings.length)
      expect(readings.length).toBeGreaterThan(2)
    },
  )
})
