import { describe, expect, test } from 'vitest'
import { buildRegistry } from '../../../estate/registry-index.ts'
import { FaultEngine } from '../engine.ts'
import { parametersFrom } from '../parameters.ts'
import {
  connects,
  latest,
  minute,
  morning,
  newEngine,
  opened,
  tell,
  twentyHouses,
  type Event,
} from '../twenty-houses.fixture.ts'
import {
  charger,
  ordersAfter,
  port,
  portNode,
  shed,
  shedNode,
  tellShed,
  type Curve,
} from './charging.fixture.ts'

const contacts = { smoke: 0, water: 0, door: 0, estop: 0, extinguisher: 0, breaker: 1 }
const saying = (signal: string, curve: Curve) =>
  curve.map(([second, value]) => shed(second, { [signal]: value }))
const ports = ['p01', 'p02', 'p03']

describe('C01 smoke in a charging shed', () => {
  test('the detector’s own alarm calls at once, and concerns all ports of the shed', () => {
    const alarm = shed(0, { ev: 'alarm', ...contacts, smoke: 1, breaker: 0 }, 'event')
    expect(opened(tellShed([alarm]))).toMatchObject([
      {
        rule: 'C01',
        severity: 'P1',
        root: shedNode,
        title: { en: 'Hengkang Homes charging shed: smoke in charging shed' },
        affected: ports.map(portNode),
      },
    ])
  })

  test.each<[string, Event[], string[]]>([
    ['two samples two seconds apart, where the event was lost', saying('smoke', [[0, 0], [30, 1], [32, 1]]), [`C01 P1 ${shedNode}`]],
    ['one sample is none', saying('smoke', [[0, 0], [30, 1], [60, 0]]), []],
    ['an opened door while it smokes is no second fire', [shed(0, { ev: 'alarm', ...contacts, smoke: 1 }, 'event'), shed(60, { ev: 'alarm', ...contacts, smoke: 1, door: 1 }, 'event')], [`C01 P1 ${shedNode}`]],
    ['an extinguisher that went off is none', [shed(0, { ev: 'alarm', ...contacts, extinguisher: 1, breaker: 0 }, 'event'), ...saying('u_dv', [[1, 2_250], [60, 2_250]])], []],
  ])('%s', (_, events, orders) => expect(ordersAfter(events)).toEqual(orders)) // prettier-ignore

  test('a fire is one order, from the hot port to the silent controller, and it stays', () => {
    const burning: Event[] = [
      port(0, { t_port_c10: 640, p_w10: 4_200 }),
      port(10, { t_port_c10: 660, p_w10: 4_200 }),
      port(20, { t_port_c10: 690, p_w10: 4_200 }),
      shed(60, { ev: 'alarm', ...contacts, smoke: 1, breaker: 0 }, 'event'),
      connects(charger, morning + 5 * minute, 'lost'),
    ]
    const engine = newEngine()
    const changes = tellShed(burning, engine)
    expect(opened(changes).map(({ key, rule }) => [key, rule])).toEqual([
      [`${portNode()}|overheating`, 'C02'],
    ])
    expect(latest(changes)).toMatchObject([{ rule: 'C01', severity: 'P1', root: shedNode }])
    expect(changes.filter(({ type }) => type === 'recovered')).toEqual([])
    const states = engine.alarms().map(({ rule, state, beneath }) => [rule, beneath ?? state])
    expect(states).toEqual(expect.arrayContaining([['C01', 'active-unacknowledged'], ['C02', 'active-unacknowledged']])) // prettier-ignore
  })

  test('a port that burns in a shed that smokes already is told at once', () => {
    const engine = newEngine()
    tellShed([shed(0, { ev: 'alarm', ...contacts, smoke: 1 }, 'event')], engine)
    const hot = tell(engine, port(300, { error: 'high_temperature' }, { class: 'event' }))
    expect(hot).toMatchObject([{ type: 'updated', report: { rule: 'C01', evidence: [{}, { rule: 'C02' }] } }])
    const port2 = engine.alarms().find(({ rule }) => rule === 'C02')
    expect(port2?.state, 'a life-safety alarm is never suppressed').toBe('active-unacknowledged')
  })

  test('smoke in a shed that was dark before does not explain the dark, nor the port that was dead before that', () => {
    const blown = port(0, { fuse: 1 }, { class: 'state' })
    const dark = saying('u_dv', [[600, 0], [660, 0]]) // prettier-ignore
    const smoke = shed(1_200, { ev: 'alarm', ...contacts, smoke: 1 }, 'event')
    const changes = tellShed([blown, ...dark, smoke])
    expect(latest(changes).map(({ rule, root }) => [rule, root])).toEqual([
      ['C07', portNode()],
      ['C09', shedNode],
      ['C01', shedNode],
    ])
  })

  test('a shed that burned stays an order of its own when the whole estate falls silent', () => {
    const devices = twentyHouses.devices.filter(({ comms }) => comms === undefined)
    const lives = devices.map(({ id }) => connects(id, morning))
    const smoke = shed(30, { ev: 'alarm', ...contacts, smoke: 1 }, 'event')
    const dead = connects(charger, morning + 1 * minute, 'lost')
    const silent = devices.map(({ id }) => connects(id, morning + 2 * minute, 'lost'))
    const changes = tellShed([...lives, smoke, dead, ...silent])
    expect(latest(changes).map(({ key, rule }) => [key, rule])).toEqual([
      [`${shedNode}|smoke`, 'C01'],
      ['hengkang|silence', 'D02'],
    ])
  })
})

describe('C06 the breaker of a shed', () => {
  const tripped = { ...contacts, breaker: 0 }
  test('is one grave order, which explains why no port has voltage', () => {
    const events = [
      ...saying('u_dv', [[0, 2_250]]),
      shed(30, { ev: 'alarm', ...tripped, water: 1 }, 'event'),
      ...saying('u_dv', [[31, 0], [60, 0], [90, 0]]),
    ] // prettier-ignore
    expect(opened(tellShed(events)).map(({ rule, severity, root, affected }) => [rule, severity, root, affected.length])).toEqual([['C06', 'P1', shedNode, 3]]) // prettier-ignore
  })

  test.each<[string, Record<string, number>, number, string[]]>([
    ['water on the floor opens the contactor, and the voltage stays', { water: 1 }, 2_250, []],
    ['the emergency stop', { estop: 1 }, 2_250, []],
    [
      'the emergency stop of a shed without power is a matter of the feeder',
      { estop: 1 },
      0,
      [`C09 P2 ${shedNode}`],
    ],
  ])('%s is no leakage', (_, contact, dv, orders) => {
    const cut = shed(0, { ev: 'alarm', ...tripped, ...contact }, 'event')
    expect(ordersAfter([cut, ...saying('u_dv', [[1, dv], [31, dv], [61, dv]])])).toEqual(orders) // prettier-ignore
  })
})

describe('C09 supply of a shed', () => {
  test.each<[string, Event[], string[]]>([
    ['below 198 V for a minute', saying('u_dv', [[0, 1_860], [30, 1_860], [60, 1_860]]), [`C09 P3 ${shedNode}`]],
    ['above 235 V for a minute', saying('u_dv', [[0, 2_360], [30, 2_370], [60, 2_360]]), [`C09 P3 ${shedNode}`]],
    ['no voltage for half a minute', saying('u_dv', [[0, 0], [30, 0]]), [`C09 P2 ${shedNode}`]],
    ['within −10 and +7 % is none', saying('u_dv', [[0, 1_980], [60, 2_350], [120, 1_985]]), []],
    ['wild voltages when the power comes back are none', saying('u_dv', [[0, 1_700], [10, 2_500], [20, 2_600], [30, 1_900], [60, 2_250], [90, 2_250]]), []],
  ])('%s', (_, events, orders) => expect(ordersAfter(events)).toEqual(orders)) // prettier-ignore

  test('a feeder that sags and then fails is one order, which becomes graver', () => {
    const sagging = saying('u_dv', [[0, 1_860], [60, 1_860], [120, 1_860], [180, 0], [240, 0]]) // prettier-ignore
    const changes = tellShed(sagging)
    expect(opened(changes)).toHaveLength(1)
    expect(latest(changes)).toMatchObject([{ rule: 'C09', severity: 'P2', root: shedNode, affected: ports.map(portNode) }]) // prettier-ignore
    expect(latest(changes)[0]?.evidence).toMatchObject([{ value: 1_860 }, { value: 0 }])
  })

  test('explains that its controller falls silent when its battery is empty', () => {
    const dark = [...saying('u_dv', [[0, 0], [60, 0]]), connects(charger, morning + 90_000, 'lost')] // prettier-ignore
    expect(ordersAfter(dark)).toEqual([`C09 P2 ${shedNode}`])
  })

  test('where only the ports measure it, it is still one order at the shed', () => {
    const dark = ports.flatMap((name, at) =>
      [0, 30, 60].map((second) => port(second + at, { u_dv: 0 }, { name })),
    )
    expect(opened(tellShed(dark))).toMatchObject([
      { rule: 'C09', severity: 'P2', root: shedNode, title: { en: expect.stringContaining('without power') }, affected: ports.map(portNode) },
    ]) // prettier-ignore
  })

  test('one port without voltage is a matter of that port', () => {
    const dark = [0, 30, 60].map((second) => port(second, { u_dv: 0 }))
    expect(ordersAfter(dark)).toEqual([`C09 P3 ${portNode()}`])
  })
})

describe('C10 shed overloaded', () => {
  test.each<[string, Curve, string[]]>([
    ['above 8.7 kW for ten seconds', [[0, 8_800], [30, 8_800]], [`C10 P3 ${shedNode}`]],
    ['above 7.8 kW for five minutes: nobody new may charge', [[0, 7_900], [150, 7_900], [300, 7_900]], [`C10 P3 ${shedNode}`]],
    ['a crowded minute is none', [[0, 7_900], [60, 7_900], [90, 6_900]], []],
  ])('%s', (_, curve, orders) => expect(ordersAfter(saying('p_total_w', curve))).toEqual(orders)) // prettier-ignore
})

describe('C11 door open', () => {
  const openFor = (minutes: number, fromSecond = 0) =>
    saying(
      'door',
      Array.from({ length: minutes + 1 }, (_, at) => [fromSecond + at * 60, 1]),
    )

  test.each<[string, Event[], string[]]>([
    ['ten minutes', openFor(10), [`C11 P3 ${shedNode}`]],
    ['nine minutes are a resident with shopping bags', openFor(9), []],
  ])('%s', (_, events, orders) => expect(ordersAfter(events)).toEqual(orders))

  test('an electrician who repairs a port leaves the door open and calls nobody', () => {
    const blown = port(0, { fuse: 1, phase: 'faulted', error: 'no_output' }, { class: 'state' })
    expect(ordersAfter([blown, ...openFor(20, 600)])).toEqual([`C07 P3 ${portNode()}`])
  })

  test('a cabinet must be shut while it charges', () => {
    const parameters = parametersFrom({ hengkang: { C11: { cabinets: true } } })
    const cabinets = () =>
      new FaultEngine({ registry: buildRegistry(twentyHouses), parameters, timeZone: 'Asia/Shanghai' })
    const ordersOf = (watts: number) => opened(tellShed([shed(0, { p_total_w: watts }), ...saying('door', [[1, 1], [31, 1], [61, 1]])], cabinets())).map(({ rule, severity }) => `${rule} ${severity}`) // prettier-ignore
    expect(ordersOf(420)).toEqual(['C11 P2'])
    expect(ordersOf(15)).toEqual([])
  })
})
