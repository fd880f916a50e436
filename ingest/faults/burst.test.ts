import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { faultSnapshot } from './engine-state.ts'
import type { IncidentReport } from '../../estate/work-order.ts'
import type { IncidentChange } from './changes.ts'
import { burstAtB14, burstMs, loopSays, mulberry32 } from './heating-loop.fixture.ts'
import {
  connects,
  entranceOf,
  houses,
  inOrder,
  latest,
  minute,
  morning,
  newEngine,
  newEngineWith,
  opened,
  says,
  tell,
  tellAll,
  ticks,
  type Event,
} from './twenty-houses.fixture.ts'

const station = 'hengkang-station'
const burst = loopSays(burstAtB14)

describe('a burst of the secondary main near building 14', () => {
  const changes = tellAll(newEngine(), burst)

  test('is one incident, at the heat station, and none of a building', () => {
    expect(opened(changes).map(({ key }) => key)).toEqual([`${station}|pressure-loss`])
    expect(changes.filter(({ type }) => type === 'merged')).toEqual([])
  })

  test('names the station in both languages, and is grave', () => {
    expect(opened(changes)[0]).toMatchObject({
      rule: 'H01',
      severity: 'P1',
      root: station,
      site: 'hengkang',
      title: {
        zh: '恒康家园换热站 二次网疑似爆管',
        en: 'Hengkang Homes heat station: suspected secondary main burst',
      },
    })
  })

  test('opens within 30 s of the first sample below the band', () => {
    const engine = newEngine()
    const at = burst.find((event) => opened(tell(engine, event)).length > 0)?.atMs ?? Infinity
    const below = burst.find(
      ({ type, atMs, ...event }) =>
        type === 'reading' &&
        atMs > burstMs &&
        'reading' in event &&
        event.reading.device === `${station}-heat` &&
        Number(event.reading.values['p_ret_kpa']) < 174,
    )
    expect(at - (below?.atMs ?? 0)).toBeLessThanOrEqual(30_000)
  })

  test('has every alarm of the station and of the twenty houses as evidence', () => {
    const [report] = latest(changes)
    const nodes = new Set(report?.evidence.map(({ node }) => node))
    expect(nodes).toEqual(new Set([station, ...houses]))
    expect(report?.evidence.length).toBeGreaterThanOrEqual(42)
    expect(new Set(report?.evidence.map(({ rule }) => rule))).toEqual(new Set(['H01', 'H02']))
  })

  test('concerns all houses of the station and their households', () => {
    expect(opened(changes)[0]).toMatchObject({ affected: houses, households: 1_200 })
  })

  test('gives its reason: how many alarms, the deepest drop, the first out', () => {
    expect(latest(changes)[0]?.reason.en).toMatch(
      /^\+\d{2} alarms explained by the suspected secondary main burst at Hengkang Homes heat station .*; deepest drop at building 14 \(−\d+ kPa\); first out 07:0[56]:\d\d$/,
    )
  })

  test('suppresses the alarms of the houses, and loses none', () => {
    const engine = newEngine()
    tellAll(engine, burst)
    const states = new Set(
      engine.alarms().flatMap(({ node, state }) => (houses.includes(node) ? [state] : [])),
    )
    expect(states).toEqual(new Set(['suppressed']))
  })

  test.each([3, 8, 19])('seed %i: the deepest drop is at the house nearest the break', (seed) => {
    const [report] = latest(tellAll(newEngine(), loopSays({ ...burstAtB14, seed, at: seed % 20 })))
    const number = (seed % 20) + 1
    const near = [number - 1, number, number + 1].map((house) => `building ${house} `)
    expect(near.some((house) => report?.reason.en.includes(`deepest drop at ${house}`))).toBe(true)
  })
})

test('without its station the houses alone point to it', () => {
  const housesOnly = burst.filter(
    (event) => event.type === 'reading' && event.reading.kind === 'heat-entrance',
  )
  const changes = tellAll(newEngine(), housesOnly)
  expect(latest(changes).map(({ root, rule }) => [root, rule])).toEqual([[station, 'H01']])
  expect(latest(changes)[0]?.reason.en).toMatch(/\d+ of \d+ places below it alarm/)
})

describe('a leak that only lowers the return pressure', () => {
  const leak = loopSays({ minutes: 40, kpaAt: (at) => Math.max(186, 224 - at * 2) })
  const severityWhere = (manyHouseholds: number) => {
    const changes = tellAll(newEngineWith({ correlation: { manyHouseholds } }), leak)
    expect(opened(changes)).toHaveLength(1)
    return latest(changes).map(({ key, rule, severity, reason }) => ({ key, rule, severity, reason }))
  }

  test('is one order, a step graver because 1,200 households feel it', () => {
    const [order] = severityWhere(50)
    expect(order).toMatchObject({ key: `${station}|pressure-loss`, rule: 'H02', severity: 'P1' })
    expect(order?.reason.en).toContain('P1, one step up, since 1200 households feel it')
  })

  test('is as grave as its rule where so many are not many', () => {
    expect(severityWhere(2_000)).toMatchObject([{ rule: 'H02', severity: 'P2' }])
  })
})

test('a calm day pages nobody', () => {
  expect(tellAll(newEngine(), loopSays({ minutes: 120 }))).toEqual([])
})

test('a house that loses its pressure alone is its own order, until the station follows', () => {
  const low = (minuteNow: number) => says({ device: entranceOf('hengkang-b03'), atMs: morning + minuteNow * minute, values: { p_ret_kpa: 185 } }) // prettier-ignore
  const alone = Array.from({ length: 10 }, (_, at) => low(at))
  const engine = newEngine()
  const first = tellAll(engine, inOrder([...alone, ...ticks(morning, morning + 10 * minute)]))
  expect(opened(first).map(({ key }) => key)).toEqual(['hengkang-b03|pressure-loss'])
  const falling = Array.from({ length: 30 }, (_, at) =>
    says({
      device: `${station}-heat`,
      atMs: morning + 10 * minute + at * 10_000,
      values: { p_ret_kpa: 150 },
    }),
  )
  const then = tellAll(engine, falling)
  expect(pressureLosses(opened(then))).toEqual([])
  expect(pressureLosses(latest(then))).toMatchObject([
    { key: 'hengkang-b03|pressure-loss', root: station, rule: 'H01', severity: 'P1' },
  ])
})

test('two houses with orders of their own become one when the station is found to be the cause', () => {
  const low = (house: string, at: number) => says({ device: entranceOf(house), atMs: morning + at * minute, values: { p_ret_kpa: 185 } }) // prettier-ignore
  const alone = ['hengkang-b03', 'hengkang-b11'].flatMap((house, late) =>
    Array.from({ length: 10 }, (_, at) => low(house, at + late)),
  )
  const engine = newEngine()
  const first = tellAll(engine, inOrder([...alone, ...ticks(morning, morning + 11 * minute)]))
  expect(opened(first)).toHaveLength(2)
  const then = tellAll(
    engine,
    Array.from({ length: 4 }, (_, at) =>
      says({
        device: `${station}-heat`,
        atMs: morning + 11 * minute + at * 10_000,
        values: { p_ret_kpa: 150 },
      }),
    ),
  )
  expect(then.map(({ type }) => type)).toEqual(['merged', 'updated'])
  expect(then[0]).toMatchObject({ from: 'hengkang-b11|pressure-loss', into: 'hengkang-b03|pressure-loss' })
})

describe('after the repair', () => {
  const repaired = loopSays({ minutes: 60, breakM3h: 12, fromMinute: 5, repairedMinute: 20 })

  test('the machine says that it is over, once', () => {
    const changes = tellAll(newEngine(), repaired)
    const recovered = changes.filter(({ type }) => type === 'recovered')
    expect(recovered).toMatchObject([{ key: `${station}|pressure-loss` }])
  })

  test.each([
    ['minutes after the recovery', 45],
    ['hours after it', 240],
  ])('a relapse %s is the same incident, opened anew', (_, laterMinutes) => {
    const engine = newEngine()
    const until = morning + laterMinutes * minute
    const first = tellAll(
      engine,
      repaired.filter(({ atMs }) => atMs < until),
    )
    expect(first.at(-1)?.type).toBe('recovered')
    const again = burst.map((event) => shifted(event, laterMinutes * minute))
    const relapse = tellAll(engine, [...ticks(morning + 45 * minute, until), ...again])
    const openings = pressureLosses(opened([...first, ...relapse]))
    expect(openings.map(({ key }) => key)).toEqual([`${station}|pressure-loss`, `${station}|pressure-loss`])
    expect(openings[1]?.openedAtMs).toBeGreaterThan(until)
  })

  test('the line of the station that dies minutes after it is another story, not the burst again', () => {
    const until = morning + 45 * minute
    const device = 'hengkang-station-heat'
    const withPump = repaired.map((event): Event => {
      if (event.type !== 'reading' || event.reading.device !== device) return event
      const stands = event.atMs >= morning + 8 * minute && event.atMs < morning + 13 * minute
      const values = { ...event.reading.values, pump_run: stands ? 0 : 1 }
      return { ...event, reading: { ...event.reading, values } }
    })
    const story = [
      ...withPump.filter(({ atMs }) => atMs < until),
      connects(device, until, 'lost'),
      ...ticks(until, until + 60 * minute),
    ]
    const openings = opened(tellAll(newEngine(), story)).filter(({ root }) => root === station)
    expect(openings.map(({ key }) => key)).toEqual([`${station}|pressure-loss`, `${station}|silence`])
  })
})

const pressureLosses = (reports: readonly IncidentReport[]) =>
  reports.filter(({ causeClass }) => causeClass === 'pressure-loss')

function shifted(event: Event, byMs: number): Event {
  if (event.type !== 'reading') return { ...event, atMs: event.atMs + byMs }
  const { reading, atMs } = event
  return {
    type: 'reading',
    atMs: atMs + byMs,
    reading: { ...reading, t: reading.t + byMs, seq: reading.seq + byMs },
  }
}

describe('losing data never clears', () => {
  test('a station and houses that fall silent in a burst keep their incident', () => {
    const engine = newEngine()
    tellAll(engine, burst)
    const end = morning + 20 * minute
    const changes = tellAll(engine, ticks(end, end + 120 * minute))
    expect(changes.filter(({ type }) => type === 'recovered')).toEqual([])
    const frozen = engine.alarms().filter(({ rule }) => rule === 'H01' || rule === 'H02')
    expect(frozen).toHaveLength(64)
    expect(new Set(frozen.map(({ state, beneath }) => (state === 'suppressed' ? beneath : state)))).toEqual(
      new Set(['unknown']),
    )
  })

  test('a signal that the device calls broken is not believed', () => {
    const engine = newEngine()
    tellAll(engine, burst)
    const end = morning + 20 * minute
    const broken = Array.from({ length: 120 }, (_, at) =>
      says({
        device: `${station}-heat`,
        atMs: end + at * 10_000,
        values: { p_ret_kpa: 224 },
        quality: { p_ret_kpa: 'F' },
      }),
    )
    expect(tellAll(engine, broken).filter(({ type }) => type === 'recovered')).toEqual([])
  })

  test('back-fill is history: it neither raises nor clears', () => {
    const late = burst.flatMap((event) =>
      event.type === 'reading' ? [{ ...event, reading: { ...event.reading, class: 'hist' as const } }] : [],
    )
    expect(tellAll(newEngine(), late)).toEqual([])
  })
})

describe('whatever the network does', () => {
  const incidents = (events: readonly Event[]) =>
    latest(tellAll(newEngine(), events)).map(({ key, root, rule, severity }) => [key, root, rule, severity])
  const expected = incidents(burst)

  test('duplicates, stragglers and reordering end in the same incidents', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const chance = mulberry32(seed)
        const messy = burst.flatMap((event) => {
          const late = { ...event, atMs: event.atMs + chance() * 5_000 }
          return chance() < 0.02 ? [late, { ...event, atMs: event.atMs + chance() * 30_000 }] : [late]
        })
        expect(incidents(inOrder(messy))).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })

  test('duplicates change nothing at all, except that who sends everything twice is found out (D06)', () => {
    const twice = burst.flatMap((event) => [event, event])
    const told = tellAll(newEngine(), twice)
    const isRepetition = (change: IncidentChange) =>
      'report' in change && change.report.causeClass === 'doubtful-numbers'
    expect(told.filter((change) => !isRepetition(change))).toEqual(tellAll(newEngine(), burst))
    expect(
      new Set(told.filter(isRepetition).map((change) => 'report' in change && change.report.rule)),
    ).toEqual(new Set(['D06']))
  })

  test('ticks between the messages, few or many, change nothing', () => {
    const ticking = inOrder([...burst, ...ticks(morning, morning + 20 * minute, 1_300)])
    expect(tellAll(newEngine(), ticking)).toEqual(tellAll(newEngine(), burst))
  })
})

describe('restart', () => {
  const story = loopSays({ minutes: 50, breakM3h: 12, fromMinute: 3, repairedMinute: 12 })
  const uninterrupted = newEngine()
  const expected = tellAll(uninterrupted, story)

  test('in the middle of anything gives the changes of never having stopped', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: story.length - 1 }), { minLength: 1, maxLength: 4 }),
        (stops) => {
          const cuts = [0, ...stops.sort((a, b) => a - b), story.length]
          let engine = newEngine()
          const changes = cuts.slice(1).flatMap((cut, index) => {
            const made = tellAll(engine, story.slice(cuts[index], cut))
            const saved = faultSnapshot.parse(JSON.parse(JSON.stringify(engine.snapshot())))
            engine = newEngine()
            engine.restore(saved)
            return made
          })
          expect(changes).toEqual(expected)
          expect(engine.alarms()).toEqual(uninterrupted.alarms())
        },
      ),
      { numRuns: 25 },
    )
  })

  test('at every message of the minute in which the pending delays run out', () => {
    const engine = newEngine()
    const from = story.findIndex(({ atMs }) => atMs > morning + 3.5 * minute)
    tellAll(engine, story.slice(0, from))
    const expectedRest = tellAll(newEngineFrom(engine.snapshot()), story.slice(from))
    let hopping = newEngineFrom(engine.snapshot())
    const rest = story.slice(from).flatMap((event, index) => {
      if (index < 60) hopping = newEngineFrom(hopping.snapshot())
      return [...tell(hopping, event)]
    })
    expect(rest).toEqual(expectedRest)
  })

  test('what is no snapshot is refused', () => {
    expect(() => faultSnapshot.parse({ format: 'faults/0' })).toThrow(/format/)
  })
})

function newEngineFrom(snapshot: unknown) {
  const engine = newEngine()
  engine.restore(faultSnapshot.parse(snapshot))
  return engine
}
