import { describe, expect, test } from 'vitest'
import { loopSays } from './heating-loop.fixture.ts'
import {
  connects,
  inOrder,
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

  describe('taken for done while the current still flows', () => {
    const flowing = Array.from({ length: 90 }, (_, at) => port(120 + at * 30, { relay_cmd: 0, i_ma: 900 }))
    const key = 'hengkang-shed1-p02|relay-welded'
    const closedAt = morning + 13 * minute
    const closing = (done: boolean) => {
      const engine = newEngine()
      tellAll(engine, [...welded, ...flowing.filter(({ atMs }) => atMs <= closedAt)])
      engine.inspected(key, 'li', closedAt, done)
      return tellAll(
        engine,
        flowing.filter(({ atMs }) => atMs > closedAt),
      )
    }

    test('is the same fault once more, half an hour later, and says why', () => {
      const [again, ...more] = opened(closing(true))
      expect(more).toEqual([])
      expect(again).toMatchObject({ key, openedAtMs: closedAt })
      expect(again?.reason.en).toContain('its order was closed at 07:13:00, and it goes on')
    })

    test('stays as it is when people called its order off', () => {
      expect(opened(closing(false))).toEqual([])
    })
  })

  test('two ports welded are two orders', () => {
    const both = welded.flatMap((event) =>
      event.type === 'reading' ? [event, { ...event, reading: { ...event.reading, port: 'p03' } }] : [],
    )
    expect(opened(tellAll(newEngine(), both))).toHaveLength(2)
  })
})
