import { describe, expect, test } from 'vitest'
import { latest } from '../twenty-houses.fixture.ts'
import { ordersOf, sayingRooms, tellStory, type Stretch, type Story } from './heating.fixture.ts'

/** H01 to H12, each as a morning that somebody could have lived through. Where fifty households and more feel it, an
 *  order is a step graver than its rule. */

const from = (at: number, values: Stretch['values']): Stretch => ({ from: at, values })
const all = (stretches: readonly Stretch[]) =>
  Object.fromEntries(Array.from({ length: 20 }, (_, index) => [index + 1, stretches]))
type Row = [sentence: string, story: Story, orders: string[]]

describe('pressure', () => {
  test.each<Row>([
    ['a morning like any other calls nobody', { minutes: 240, houses: all([]) }, []],
    [
      'primary water leaks in: the return climbs past the relief valve',
      {
        minutes: 20,
        station: [from(5, (at) => ({ p_ret_kpa: Math.min(345, 224 + (at - 5) * 20), mu_lph: 0 }))],
      },
      ['H03 station P1'],
    ],
    [
      'a relief valve that brings it back down to the set pressure is no burst',
      {
        minutes: 60,
        station: [
          from(5, { p_ret_kpa: 330 }),
          from(30, (at) => ({ p_ret_kpa: Math.max(224, 330 - (at - 30) * 60) })),
        ],
      },
      ['H03 station P1'],
    ],
    [
      'a gauge of one house that shows too little beside a healthy station is no loss of pressure',
      { minutes: 30, houses: { 7: [from(5, { p_ret_kpa: 120 })] } },
      [],
    ],
    [
      'fast as a burst falls, two samples are enough',
      { minutes: 7, station: [from(5, (at) => ({ p_ret_kpa: Math.round(224 - (at - 5) * 33) }))] },
      ['H01 station P1'],
    ],
    [
      'a burst that starves the pump is one order, and of a burst',
      {
        minutes: 30,
        station: [
          from(5, (at) => ({ p_ret_kpa: Math.max(15, Math.round(224 - (at - 5) * 60)) })),
          from(10, { p_ret_kpa: 10, dp_kpa: 0, pump_run: 0, flow_lph: 2_600 }),
        ],
      },
      ['H01 station P1'],
    ],
    [
      'a clogged strainer is cleaned some day',
      { minutes: 40, station: [from(5, { p_suct_kpa: 165 })] },
      ['H12 station P4'],
    ],
    [
      'a strainer without flow says nothing of its dirt, but the pump stands',
      { minutes: 40, station: [from(5, { pump_run: 0, dp_kpa: 0, flow_lph: 2_600 })] },
      ['H05 station P1'],
    ],
  ])('%s', (_, story, expected) => {
    expect(ordersOf(story)).toEqual(expected)
  })
})

describe('make-up', () => {
  test.each<Row>([
    [
      'a hidden leak shows in the make-up alone, after hours, and nobody feels it yet',
      { minutes: 260, station: [from(60, { mu_lph: 700 })] },
      ['H04 station P3'],
    ],
    [
      'an hour of it is no leak yet',
      { minutes: 150, station: [from(60, { mu_lph: 700 }), from(120, {})] },
      [],
    ],
    [
      'one per cent of the circulation is graver',
      { minutes: 260, station: [from(60, { mu_lph: 1_300 })] },
      ['H04 station P2'],
    ],
    [
      'a pump that gives all it can is heard within minutes',
      { minutes: 30, station: [from(10, { mu_lph: 3_300 })] },
      ['H04 station P2'],
    ],
    [
      'what this station has never needed is a leak too, though it is little elsewhere',
      { minutes: 480, station: [from(90, { mu_lph: 400 })] },
      ['H04 station P3'],
    ],
    ['a low tank', { minutes: 20, station: [from(5, { tank_pct: 15 })] }, ['H06 station P1']],
    ['an empty tank', { minutes: 20, station: [from(5, { tank_pct: 8 })] }, ['H06 station P1']],
    [
      'a dead make-up pump, and the pressure that sinks hours later, are one order',
      {
        minutes: 120,
        station: [
          from(5, (at) => ({
            mu_fault: 1,
            mu_lph: 0,
            p_ret_kpa: Math.max(120, Math.round(224 - (at - 5) * 0.9)),
          })),
        ],
      },
      ['H06 station P1'],
    ],
  ])('%s', (_, story, expected) => {
    expect(ordersOf(story)).toEqual(expected)
  })
})

describe('circulation', () => {
  const stands = { pump_run: 0, dp_kpa: 0, flow_lph: 2_600 }
  const lost = { dp_kpa: 1, flow_lph: 130 }
  test.each<Row>([
    ['a pump that trips', { minutes: 10, station: [from(5, stands)] }, ['H05 station P1']],
    ['a standby that takes over in time', { minutes: 10, station: [from(5, stands), from(5.3, {})] }, []],
    [
      'a pump that says it runs, and lifts a fifth of what it used to',
      { minutes: 60, station: [from(40, { dp_kpa: 25, flow_lph: 39_000 })] },
      ['H05 station P1'],
    ],
    [
      'the houses of a pump that has tripped are part of its order',
      { minutes: 60, station: [from(40, stands)], houses: all([from(40, lost)]) },
      ['H05 station P1'],
    ],
    [
      'a silent station whose houses all stand still has no power; that the pressure sinks later is part of it',
      {
        minutes: 110,
        station: 'silent',
        houses: all([from(40, (at) => ({ ...lost, p_ret_kpa: Math.round(227 - (at - 40)) }))]),
      },
      ['H05 station P1'],
    ],
    [
      'what leaked out while there was no power is filled up first',
      {
        minutes: 80,
        dark: { from: 20, to: 50 },
        station: [
          from(50, (at) => ({
            p_ret_kpa: Math.min(224, Math.round(130 + (at - 50) * 8)),
            mu_lph: 3_400,
            ...(at < 56 && stands),
          })),
          from(63, {}),
        ],
      },
      [],
    ],
    [
      'a house that was unheard when the others recovered has time to say so itself',
      {
        minutes: 150,
        station: [from(40, stands), from(60, {})],
        houses: all([from(40, lost), from(60, {})]),
        unheard: { house: 7, from: 50, to: 110 },
      },
      ['H05 station P1'],
    ],
    [
      'a burst while the pump stands is an order of its own',
      {
        minutes: 60,
        station: [
          from(10, stands),
          from(40, (at) => ({ ...stands, p_ret_kpa: Math.max(10, Math.round(224 - (at - 40) * 60)) })),
        ],
      },
      ['H01 station P1', 'H05 station P1'],
    ],
    [
      'an entrance valve that was shut and forgotten',
      { minutes: 80, houses: { 6: [from(40, { flow_lph: 90 })] } },
      ['H09 b06 P1'],
    ],
    [
      'one that was shut before anybody looked',
      { minutes: 40, houses: { 6: [from(0, { flow_lph: 20 })] } },
      ['H09 b06 P1'],
    ],
    [
      'air in the pipes of a house: a fifth of the flow, and that comes back cold',
      { minutes: 240, houses: { 8: [from(40, { flow_lph: 900, t_ret_c10: 300 })] } },
      ['H08 b08 P2'],
    ],
    [
      'half of the flow that comes back warm enough is a matter of balance, not of an order',
      { minutes: 240, houses: { 8: [from(40, { flow_lph: 1_900, t_ret_c10: 400 })] } },
      [],
    ],
  ])('%s', (_, story, expected) => {
    expect(ordersOf(story)).toEqual(expected)
  })

  test('why the silent station is thought to stand still', () => {
    const [report] = latest(tellStory({ minutes: 60, station: 'silent', houses: all([from(40, lost)]) }))
    expect(report?.reason.en).toMatch(/20 of 20 places below it alarm/)
  })
})

describe('temperature', () => {
  const cold = (belowC: number, fromMinute: number) => (at: number) => (at < fromMinute ? 20 : belowC)
  const [low = '', middle = '', top = ''] = sayingRooms
  test.each<Row>([
    [
      'a supply that is 7 K too cold',
      { minutes: 100, station: [from(45, { t_sup_c10: 550 })] },
      ['H07 station P2'],
    ],
    ['15 K too cold', { minutes: 100, station: [from(45, { t_sup_c10: 470 })] }, ['H07 station P1']],
    [
      'hotter than plastic pipes bear',
      { minutes: 50, station: [from(45, { t_sup_c10: 870 })] },
      ['H07 station P1'],
    ],
    [
      'a station that has always heated 8 K less than its design is as it should be',
      { minutes: 240, station: [from(0, { t_sup_c10: 540 })] },
      [],
    ],
    [
      'a cold loop after the pump has started is getting there',
      {
        minutes: 120,
        station: [
          from(45, { pump_run: 0, dp_kpa: 0, flow_lph: 2_600 }),
          from(45.3, (at) => ({ t_sup_c10: Math.min(620, Math.round(400 + (at - 45) * 5)) })),
        ],
      },
      [],
    ],
    ['one flat that stays cold', { minutes: 300, rooms: { [top]: cold(16, 60) } }, ['H10 b06-r601 P3']],
    [
      'a flat that is a little cold in frost beyond the design has what can be had',
      {
        minutes: 300,
        station: [from(0, { t_out_c10: -120, t_sup_c10: 820 })],
        rooms: { [top]: cold(17.3, 60) },
      },
      [],
    ],
    [
      'which is no excuse in a frost that the heating was designed for',
      {
        minutes: 300,
        station: [from(0, { t_out_c10: -80, t_sup_c10: 750 })],
        rooms: { [top]: cold(17.3, 60) },
      },
      ['H10 b06-r601 P3'],
    ],
    [
      'three flats of a riser are one order, at the riser',
      { minutes: 300, rooms: { [low]: cold(16, 60), [middle]: cold(15.5, 60), [top]: cold(16, 60) } },
      ['H10 b06-riser P2'],
    ],
    [
      'a window that is opened for an hour',
      { minutes: 300, rooms: { [top]: (at) => (at > 60 && at < 130 ? 15 : 20) } },
      [],
    ],
    [
      'flats that go cold behind a shut valve are the valve’s',
      {
        minutes: 420,
        houses: { 6: [from(40, { flow_lph: 90 })] },
        rooms: { [low]: cold(16, 200), [middle]: cold(16, 200), [top]: cold(16, 200) },
      },
      ['H09 b06 P1'],
    ],
    [
      'the valve is shut and the pipes are about to freeze: one order, the gravest',
      {
        minutes: 120,
        houses: { 3: [from(40, { flow_lph: 0 }), from(80, { flow_lph: 0, t_ret_c10: 30, t_sup_c10: 40 })] },
      },
      ['H11 b03 P1'],
    ],
    [
      'a cold pipe on a mild day does not freeze',
      {
        minutes: 120,
        station: [from(0, { t_out_c10: 60, t_sup_c10: 480 })],
        houses: { 3: [from(40, { t_ret_c10: 40 })] },
      },
      [],
    ],
  ])('%s', (_, story, expected) => {
    expect(ordersOf(story)).toEqual(expected)
  })
})
