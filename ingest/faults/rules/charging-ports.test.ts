import { describe, expect, test } from 'vitest'
import { newEngine, opened, type Event } from '../twenty-houses.fixture.ts'
import { ordersAfter, port, portNode, tellShed, type Curve } from './charging.fixture.ts'

const at = portNode()

/** A port's temperature, in the frost, with a load or without. */
const warm = (curve: Curve, more: Record<string, number> = { p_w10: 4_200, t_amb_c10: -50 }) =>
  curve.map(([second, c10]) => port(second, { t_port_c10: c10, ...more }))

describe('C02 port critically hot', () => {
  test.each<[string, Event[], string[]]>([
    ['65 °C for ten seconds under load', warm([[0, 600], [10, 650], [20, 660]]), [`C02 P1 ${at}`]],
    ['one sample of 65 °C is none', warm([[0, 300], [300, 660], [600, 300]]), []],
    [
      'without a load, but 25 K warmer than the air: the battery heats itself',
      warm([[0, 620], [600, 650], [610, 660]], { p_w10: 0, t_amb_c10: 300 }),
      [`C02 P1 ${at}`],
    ],
    [
      'an idle port in the sun is none',
      warm([[0, 620], [600, 650], [700, 655]], { p_w10: 0, t_amb_c10: 450 }),
      [`C03 P3 ${at}`],
    ],
    [
      'five kelvin a minute over two minutes, long before it is hot',
      warm([[0, 0], [30, 20], [60, 50], [90, 80], [120, 105], [150, 130]]),
      [`C02 P1 ${at}`],
    ],
    ['four kelvin a minute are the load’s own', warm([[0, 0], [60, 40], [120, 80], [180, 120], [240, 160]]), []],
    ['one wild sample downwards is no rise', warm([[0, 200], [60, -400], [120, 200], [200, 200], [240, 200]]), []],
    ['one wild sample upwards is none either', warm([[0, 200], [60, 200], [150, 600], [180, 200]]), []],
    ['what the port itself has tripped for needs no second sample', [port(0, { ev: 'alarm', error: 'high_temperature' }, { class: 'event' })], [`C02 P1 ${at}`]],
  ])('%s', (_, events, orders) => expect(ordersAfter(events)).toEqual(orders)) // prettier-ignore

  test('a port that gets hot and then hotter is one order, which becomes graver', () => {
    const climbing = warm(Array.from({ length: 60 }, (_, step) => [step * 30, 450 + step * 5]))
    const changes = tellShed(climbing)
    expect(opened(changes).map(({ rule }) => rule)).toEqual(['C03'])
    expect(changes.at(-1)).toMatchObject({
      type: 'updated',
      report: { rule: 'C02', severity: 'P1', root: at },
    })
  })

  test('a broken sensor (D04) is no heat', () => {
    const broken = warm([[0, 600], [10, 700], [60, 700]]).map((event) =>
      event.type === 'reading'
        ? { ...event, reading: { ...event.reading, quality: { t_port_c10: 'F' as const } } }
        : event,
    ) // prettier-ignore
    expect(ordersAfter(broken)).toEqual([`D04 P3 ${at}`])
  })
})

describe('C03 port hot', () => {
  test.each<[string, Event[], string[]]>([
    ['55 °C for a minute', warm([[0, 550], [30, 550], [60, 555]], { p_w10: 0 }), [`C03 P3 ${at}`]],
    ['for half a minute is none', warm([[0, 550], [30, 555], [60, 490]], { p_w10: 0 }), []],
    ['54 °C is none', warm([[0, 540], [60, 545], [120, 545]], { p_w10: 0 }), []],
  ])('%s', (_, events, orders) => expect(ordersAfter(events)).toEqual(orders)) // prettier-ignore
})

test('C04 a relay that its controller found welded is a grave order at once', () => {
  const found = port(0, { ev: 'alarm', error: 'power_switch_failure', weld: 1 }, { class: 'event' })
  expect(opened(tellShed([found]))).toMatchObject([{ rule: 'C04', severity: 'P1', affected: [at] }])
})

describe('C05 port overloaded', () => {
  const stop = (second: number, sid: number) => [
    port(second, { ev: 'session_start', sid }, { class: 'event' }),
    port(second + 20, { ev: 'session_stop', stop_reason: 'over_current', sid }, { class: 'event' }),
    port(second + 20.1, { ev: 'alarm', error: 'over_current', sid }, { class: 'event' }),
    port(second + 20.2, { phase: 'finishing', error: 'over_current', sid }, { class: 'state' }),
    port(second + 320, { phase: 'idle', error: 'over_current' }, { class: 'state' }),
    port(second + 620, { phase: 'idle', error: 'over_current' }, { class: 'state' }),
  ]
  const hours = 3_600

  test.each<[string, Event[], string[]]>([
    ['once is a notice', stop(0, 1), [`C05 P4 ${at}`]],
    ['told by the port’s state alone, the events lost', stop(0, 1).slice(3), [`C05 P4 ${at}`]],
    ['6 A for five seconds', [port(0, { i_ma: 6_000 }), port(6, { i_ma: 6_000 })], [`C05 P4 ${at}`]],
    ['a charger that starts with 6 A is none', [port(0, { i_ma: 6_000 }), port(6, { i_ma: 2_000 })], []],
    ['twice in a day is a notice', [...stop(0, 1), ...stop(900, 2)], [`C05 P4 ${at}`]],
    [
      'a session that the shed ended, because all together were too many, is none of the port',
      [port(0, { ev: 'session_stop', stop_reason: 'overload', sid: 1 }, { class: 'event' })],
      [],
    ],
  ])('%s', (_, events, orders) => expect(ordersAfter(events)).toEqual(orders)) // prettier-ignore

  test('the third time in a day is worth a visit; three times in two days is not', () => {
    const gravest = (events: readonly Event[]) => {
      const changes = tellShed(events)
      return changes.flatMap((change) => ('report' in change ? [change.report.severity] : [])).sort()[0]
    }
    const within = (hoursApart: number) =>
      [0, 1, 2].flatMap((nth) => [
        ...stop(nth * hoursApart * hours, nth + 1),
        port((nth * hoursApart + 1.5) * hours, { phase: 'idle', error: 'none' }, { class: 'state' }),
        port((nth * hoursApart + 2.6) * hours, { phase: 'idle', error: 'none' }, { class: 'state' }),
      ])
    expect(gravest(within(3))).toBe('P2')
    expect(gravest(within(16))).toBe('P4')
  })
})

describe('C06 earth leakage of a port', () => {
  test.each<[string, Event, string[]]>([
    ['more than 30 mA', port(0, { ev: 'alarm', i_res_ma: 35 }, { class: 'event' }), [`C06 P2 ${at}`]],
    ['30 mA are borne', port(0, { ev: 'alarm', i_res_ma: 30 }, { class: 'event' }), []],
    ['the trip itself, its event lost', port(0, { error: 'ground_failure' }, { class: 'state' }), [`C06 P2 ${at}`]],
  ])('%s', (_, event, orders) => expect(ordersAfter([event])).toEqual(orders)) // prettier-ignore

  test('stays until somebody has tested the insulation', () => {
    const engine = newEngine()
    const mended = [0, 300, 600].map((second) => port(60 + second, { error: 'none' }, { class: 'state' }))
    const tripped = port(0, { error: 'ground_failure' }, { class: 'state' })
    const changes = tellShed([tripped, ...mended], engine)
    expect(changes.filter(({ type }) => type === 'recovered')).toEqual([])
    expect(engine.alarms()).toMatchObject([{ rule: 'C06', state: 'latched' }])
  })
})
