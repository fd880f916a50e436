import { describe, expect, test } from 'vitest'
import { loopSays } from '../heating-loop.fixture.ts'
import {
  inOrder,
  latest,
  minute,
  morning,
  newEngine,
  opened,
  says,
  tellAll,
  ticks,
} from '../twenty-houses.fixture.ts'

const meter = 'hengkang-b05-water'
const mainSays = (atMinute: number, values: Record<string, number>) =>
  says({ device: meter, atMs: morning + atMinute * minute, values })
const flow = (atMinute: number, flow_lph: number) => mainSays(atMinute, { flow_lph })
const day = 24 * 60

/** Four days of usual mornings (1,500 L/h from seven to eight), a sample a minute in that hour. */
const usualMornings = [0, 1, 2, 3].flatMap((days) =>
  Array.from({ length: 60 }, (_, at) => flow(days * day + at, 1_400 + (at % 5) * 25)),
)
const burstFlow = (lph: number, minutes = 15) =>
  Array.from({ length: minutes }, (_, at) => flow(4 * day + at, lph))

describe('W01 building main burst', () => {
  const rulesOf = (lph: number, minutes?: number) =>
    opened(tellAll(newEngine(), [...usualMornings, ...burstFlow(lph, minutes)]))
      .filter(({ causeClass }) => causeClass !== 'silence')
      .map(({ rule, severity, root, affected, households }) => ({
        rule,
        severity,
        root,
        affected,
        households,
      }))

  test('three times the usual flow and 30 % of Q3 for ten minutes', () => {
    expect(rulesOf(14_000)).toEqual([
      { rule: 'W01', severity: 'P1', root: 'hengkang-b05-main', affected: ['hengkang-b05'], households: 60 },
    ])
  })

  test.each([
    ['more than usual, but less than 30 % of Q3', 7_000, 15],
    ['a burst flow for nine minutes only', 14_000, 10],
  ])('%s is none', (_, lph, minutes) => {
    expect(rulesOf(lph, minutes)).toEqual([])
  })

  test('names the house, not the meter', () => {
    const reports = opened(tellAll(newEngine(), [...usualMornings, ...burstFlow(14_000)]))
    expect(reports.find(({ rule }) => rule === 'W01')?.title).toEqual({
      zh: '恒康家园5号楼 楼栋水管爆裂或断水',
      en: 'Hengkang Homes building 5: building main burst or without water',
    })
  })

  test.each([
    ['a flow that some morning may have', 7_000, 0],
    ['a flow beyond 30 % of Q3 and three times what sixty homes draw at most', 9_000, 1],
  ])('before three days are known, %s: %i L/h, %i orders', (_, lph, orders) => {
    expect(opened(tellAll(newEngine(), burstFlow(lph)))).toHaveLength(orders)
  })

  const falling = (flow_lph: number) =>
    [400, 400, 400, 250, 240].map((p_kpa, at) => mainSays(at, { p_kpa, flow_lph }))

  test('but a pressure that falls by 100 kPa while it pours is, at once', () => {
    expect(opened(tellAll(newEngine(), falling(30_000)))).toMatchObject([
      { rule: 'W01', root: 'hengkang-b05-main' },
    ])
  })

  const without = (minutes: number) =>
    Array.from({ length: minutes }, (_, at) => mainSays(5 + at, { p_kpa: 20, flow_lph: 0 }))

  test.each([
    ['a dip of the street of five minutes calls nobody', 3, 0],
    ['a house without water for ten minutes is an order', 12, 1],
  ])('%s', (_, minutes, orders) => {
    const back = Array.from({ length: 5 }, (_, at) =>
      mainSays(5 + minutes + at, { p_kpa: 400, flow_lph: 900 }),
    )
    const story = [...falling(0), ...without(minutes), ...back]
    expect(opened(tellAll(newEngine(), story))).toHaveLength(orders)
  })

  test('a main that has emptied falls no further, and has not recovered by that', () => {
    const story = [...falling(30_000), ...without(60), ...ticks(morning + 65 * minute, morning + 66 * minute)]
    const changes = tellAll(newEngine(), story)
    expect(changes.filter(({ type }) => type === 'recovered')).toEqual([])
  })

  test('it has recovered when the pressure has been back for half an hour', () => {
    const back = Array.from({ length: 40 }, (_, at) => mainSays(5 + at, { p_kpa: 390, flow_lph: 900 }))
    const changes = tellAll(newEngine(), [...falling(30_000), ...back])
    expect(changes.at(-1)).toMatchObject({ type: 'recovered', key: 'hengkang-b05-main|water-main-burst' })
  })

  test('one wild pressure sample is none', () => {
    const wild = [400, 400, 400, 250, 400, 400].map((p_kpa, at) => mainSays(at, { p_kpa, flow_lph: 30_000 }))
    expect(tellAll(newEngine(), wild)).toEqual([])
  })

  test('in an upload of stored samples counts, although newer live samples came before', () => {
    const live = says({ device: meter, atMs: morning + 30 * minute, values: { p_kpa: 400 } })
    const upload = falling(30_000).map((event) =>
      event.type === 'reading' ? { ...event, reading: { ...event.reading, class: 'batch' as const } } : event,
    )
    expect(opened(tellAll(newEngine(), [live, ...upload]))).toMatchObject([{ rule: 'W01' }])
  })

  test('is an order of its own beside a burst of the heating', () => {
    const changes = tellAll(
      newEngine(),
      inOrder([...loopSays({ minutes: 15, breakM3h: 12, fromMinute: 2 }), ...falling(30_000)]),
    )
    expect(latest(changes).map(({ key }) => key).sort()).toEqual([
      'hengkang-b05-main|water-main-burst',
      'hengkang-station|pressure-loss',
    ]) // prettier-ignore
  })

  test('a flat meter raises none: its flow is not a main’s', () => {
    const flat = falling(30_000).map((event) =>
      event.type === 'reading'
        ? { ...event, reading: { ...event.reading, device: 'hengkang-b05-f101-water' } }
        : event,
    )
    expect(tellAll(newEngine(), flat)).toEqual([])
  })
})
