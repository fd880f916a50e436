import { describe, expect, test } from 'vitest'
import { morning, opened, says, tellAll, ticks, type Event } from '../twenty-houses.fixture.ts'
import { meterEngine } from './household-meters.fixture.ts'

/** Nights of a house of sixty homes, told by the register of its main meter. */

const meter = 'hengkang-b05-water'
const fiveMinutesMs = 300_000
const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** 02:00 of the first night. */
const firstNightMs = morning + 19 * hourMs

interface Night {
  lph: number
  /** Mean flow of the day before it, L/h. */
  dayLph?: number
  lost?: boolean
}

function houseSays(nights: readonly Night[]): Event[] {
  let litres = 40_000
  const sampled = (atMs: number, lph: number): Event => {
    litres += lph / 12
    return says({ device: meter, atMs, values: { vol_l: Math.round(litres) } })
  }
  return nights.flatMap(({ lph, dayLph = 900, lost = false }, night) => {
    litres += dayLph * 22
    const fromMs = firstNightMs + night * dayMs
    const hours = Array.from({ length: 26 }, (_, at) => sampled(fromMs + at * fiveMinutesMs, lph))
    return lost ? hours.slice(-1) : hours
  })
}

const ordersOf = (nights: readonly Night[]) => {
  const events = houseSays(nights)
  const endMs = events.at(-1)?.atMs ?? 0
  return opened(tellAll(meterEngine(), [...events, ...ticks(endMs, endMs + 120_000)])).filter(
    ({ causeClass }) => causeClass !== 'silence',
  )
}

/** What two weeks of a sound house look like. */
const usual = [70, 55, 90, 60, 45, 110, 65, 75, 50, 85, 60, 95, 70, 55].map((lph) => ({ lph }))
const nights = (count: number, lph: number, dayLph = 900) =>
  Array.from({ length: count }, () => ({ lph, dayLph }))

describe('W04 night flow of a house', () => {
  test('a leak of 250 L/h is an order after three nights', () => {
    const leak = nights(3, 310, 1_150)
    expect(ordersOf([...usual, ...leak.slice(1)])).toEqual([])
    expect(ordersOf([...usual, ...leak])).toMatchObject([
      {
        rule: 'W04',
        severity: 'P3',
        root: 'hengkang-b05-main',
        evidence: [{ signal: 'flow_lph', value: 310, limit: 145 }],
      },
    ])
  })

  test.each<[string, Night[]]>([
    ['two high nights, and one as usual between', [...nights(2, 310), { lph: 60 }, ...nights(2, 310)]],
    ['nights that are a little higher', nights(5, 120)],
    ['a house that fills for the festival: its days grow as well', nights(5, 170, 2_000)],
    ['a house that empties', nights(5, 20, 400)],
    ['a house that empties and fills again', [...nights(6, 25, 400), ...nights(5, 95)]],
  ])('%s calls nobody', (_, story) => {
    expect(ordersOf([...usual, ...story])).toEqual([])
  })

  test('a night of which too little was heard is no night', () => {
    const lost = { lph: 310, lost: true }
    expect(ordersOf([...usual, { lph: 310 }, lost, { lph: 310 }])).toEqual([])
    expect(ordersOf([...usual, { lph: 310 }, lost, ...nights(2, 310)])).toHaveLength(1)
  })

  test('a leak does not become usual, however long it lasts, and ends after two nights', () => {
    const story = houseSays([...usual, ...nights(30, 310, 1_150)])
    const engine = meterEngine()
    tellAll(engine, story)
    expect(engine.alarms().filter(({ rule }) => rule === 'W04')).toMatchObject([
      { state: 'active-unacknowledged' },
    ])
    const changes = tellAll(meterEngine(), houseSays([...usual, ...nights(6, 310, 1_150), ...nights(3, 60)]))
    expect(
      changes.filter(
        ({ type, ...change }) => type === 'recovered' && JSON.stringify(change).includes('hidden-leak'),
      ),
    ).toHaveLength(1)
  })

  test.each([
    ['a new house whose homes use 8 L/h each by night', 480, ['W04']],
    ['a new house whose homes use 3 L/h each', 180, []],
  ])('%s', (_, lph, rules) => {
    expect(ordersOf(nights(4, lph)).map(({ rule }) => rule)).toEqual(rules)
  })

  test('is explained by a main that has burst', () => {
    const at = firstNightMs - hourMs
    const burst = [400, 400, 250, 240].map((p_kpa, sample) =>
      says({ device: meter, atMs: at + sample * 60_000, values: { p_kpa, flow_lph: 30_000 } }),
    )
    const leaking = houseSays(nights(4, 900))
    expect(opened(tellAll(meterEngine(), [...burst, ...leaking])).map(({ rule }) => rule)).not.toContain(
      'W04',
    )
  })
})
