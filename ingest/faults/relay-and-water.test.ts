import { describe, expect, test } from 'vitest'
import { loopSays } from './heating-loop.fixture.ts'
import {
  connects,
  inOrder,
  latest,
  minute,
  morning,
  newEngine,
  opened,
  says,
  tellAll,
  ticks,
  twentyHouses,
} from './twenty-houses.fixture.ts'

const charger = 'hengkang-shed1-charger'
const port = (atSecond: number, values: Record<string, number>, name = 'p02') =>
  says({ device: charger, port: name, atMs: morning + atSecond * 1_000, values })

const welded = [
  port(0, { relay_cmd: 1, i_ma: 2_000, p_w10: 1_500 }),
  port(30, { relay_cmd: 0, i_ma: 1_900, p_w10: 1_400 }),
  port(60, { relay_cmd: 0, i_ma: 1_900, p_w10: 1_400 }),
  port(90, { relay_cmd: 0, i_ma: 1_900, p_w10: 1_400 }),
]

describe('C04 relay welded', () => {
  test('current after the relay was told to open is a grave order at the port, at once', () => {
    const changes = tellAll(newEngine(), welded)
    expect(opened(changes)).toMatchObject([
      {
        key: 'hengkang-shed1-p02|relay-welded',
        rule: 'C04',
        severity: 'P1',
        root: 'hengkang-shed1-p02',
        affected: ['hengkang-shed1-p02'],
        title: { zh: '恒康家园2号口 继电器粘连' },
      },
    ])
    expect(opened(changes)[0]?.evidence).toMatchObject([{ signal: 'i_ma', value: 1_900, limit: 100 }])
  })

  test('a relay that opens as told is no fault', () => {
    const opening = [
      welded,
      [port(30, { relay_cmd: 0, i_ma: 0 }), port(60, { relay_cmd: 0, i_ma: 0 })],
    ].flat()
    const healthy = opening.filter(
      (event) => event.type === 'reading' && event.reading.values['i_ma'] !== 1_900,
    )
    expect(tellAll(newEngine(), healthy)).toEqual([])
  })

  test('one sample taken while the contacts part is no fault', () => {
    const parting = [...welded.slice(0, 2), port(60, { relay_cmd: 0, i_ma: 0 })]
    expect(tellAll(newEngine(), parting)).toEqual([])
  })

  test('the command on the state topic and the current on tele belong together', () => {
    const at = (second: number) => morning + second * 1_000
    const states = [
      says({ device: charger, port: 'p02', atMs: at(30), class: 'state', values: { relay_cmd: 0 } }),
    ]
    const currents = [31, 40, 55].map((second) => port(second, { i_ma: 500 }))
    expect(opened(tellAll(newEngine(), [...states, ...currents]))).toHaveLength(1)
  })

  test('is never swallowed: not by the power cut that silences its shed, nor by a burst', () => {
    const engine = newEngine()
    const direct = twentyHouses.devices.filter(({ comms }) => comms === undefined)
    const story = [
      ...[0, 2, 4].flatMap((at) => direct.map(({ id }) => connects(id, morning + at * minute))),
      ...loopSays({ minutes: 6, breakM3h: 25, fromMinute: 0 }),
      ...welded,
      ...direct.map(({ id }, index) => connects(id, morning + 6 * minute + index * 100, 'lost')),
      ...ticks(morning, morning + 12 * minute),
    ]
    const changes = tellAll(engine, inOrder(story))
    expect(new Set(opened(changes).map(({ key }) => key))).toEqual(
      new Set(['hengkang-shed1-p02|relay-welded', 'hengkang-station|pressure-loss', 'hengkang|silence']),
    )
    const weld = engine.alarms().find(({ rule }) => rule === 'C04')
    expect(weld).toMatchObject({ state: 'unknown', beneath: 'active-unacknowledged' })
  })

  test('stays latched after the current has gone, and recovers by inspection only', () => {
    const engine = newEngine()
    tellAll(engine, welded)
    const gone = Array.from({ length: 20 }, (_, at) => port(120 + at * 30, { relay_cmd: 0, i_ma: 0 }))
    const quiet = tellAll(engine, gone)
    expect(quiet.filter(({ type }) => type === 'recovered')).toEqual([])
    expect(engine.alarms()).toMatchObject([{ rule: 'C04', state: 'latched' }])
    engine.inspected('hengkang-shed1-p02|relay-welded', 'li', morning + 13 * minute)
    const after = tellAll(engine, ticks(morning + 13 * minute, morning + 13.2 * minute))
    expect(after).toMatchObject([{ type: 'recovered', key: 'hengkang-shed1-p02|relay-welded' }])
  })

  test('two ports welded are two orders', () => {
    const both = welded.flatMap((event) =>
      event.type === 'reading' ? [event, { ...event, reading: { ...event.reading, port: 'p03' } }] : [],
    )
    expect(opened(tellAll(newEngine(), both))).toHaveLength(2)
  })
})

const meter = 'hengkang-b05-water'
const flow = (atMinute: number, flow_lph: number) =>
  says({ device: meter, atMs: morning + atMinute * minute, values: { flow_lph } })
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
      zh: '恒康家园5号楼 楼栋水管爆裂',
      en: 'Hengkang Homes building 5: building main burst',
    })
  })

  test('before three days are known no flow is suspicious', () => {
    expect(tellAll(newEngine(), burstFlow(14_000))).toEqual([])
  })

  const falling = [400, 400, 400, 250, 240].map((p_kpa, at) =>
    says({ device: meter, atMs: morning + at * minute, values: { p_kpa } }),
  )

  test('but a pressure that falls by 100 kPa in five minutes is', () => {
    expect(opened(tellAll(newEngine(), falling))).toMatchObject([{ rule: 'W01', root: 'hengkang-b05-main' }])
  })

  test('one wild pressure sample is none', () => {
    const wild = falling.map((event, at) =>
      event.type === 'reading' && at !== 3
        ? { ...event, reading: { ...event.reading, values: { p_kpa: 400 } } }
        : event,
    )
    expect(tellAll(newEngine(), wild)).toEqual([])
  })

  test('in an upload of stored samples counts, although newer live samples came before', () => {
    const live = says({ device: meter, atMs: morning + 30 * minute, values: { p_kpa: 400 } })
    const upload = falling.map((event) =>
      event.type === 'reading' ? { ...event, reading: { ...event.reading, class: 'batch' as const } } : event,
    )
    expect(opened(tellAll(newEngine(), [live, ...upload]))).toMatchObject([{ rule: 'W01' }])
  })

  test('is an order of its own beside a burst of the heating', () => {
    const changes = tellAll(
      newEngine(),
      inOrder([...loopSays({ minutes: 15, breakM3h: 12, fromMinute: 2 }), ...falling]),
    )
    expect(latest(changes).map(({ key }) => key).sort()).toEqual([
      'hengkang-b05-main|water-main-burst',
      'hengkang-station|pressure-loss',
    ]) // prettier-ignore
  })

  test('a flat meter raises none: its flow is not a main’s', () => {
    const flat = falling.map((event) =>
      event.type === 'reading'
        ? { ...event, reading: { ...event.reading, device: 'hengkang-b05-f101-water' } }
        : event,
    )
    expect(tellAll(newEngine(), flat)).toEqual([])
  })
})
