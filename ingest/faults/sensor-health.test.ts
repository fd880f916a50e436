import { describe, expect, test } from 'vitest'
import type { Reading } from '../../firmware-contracts/message.ts'
import { mulberry32 } from './heating-loop.fixture.ts'
import {
  inOrder,
  minute,
  morning,
  newEngine,
  opened,
  says,
  tellAll,
  ticks,
  type Event,
} from './twenty-houses.fixture.ts'

/** D03 and D04: can a sensor be believed, and who is fooled by one that cannot? Traces of the entrance of building 7 and
 *  of its station, a minute apart. */

const hour = 60 * minute
const five = 'hengkang-b07-heat'
const station = 'hengkang-station-heat'
type Values = Record<string, number>

/** What a sound entrance measures: a little noise everywhere. */
function sound(chance: () => number): Values {
  const noise = (by: number) => Math.round((chance() + chance() + chance() - 1.5) * by)
  const p_ret_kpa = 230 + noise(3)
  const p_sup_kpa = 330 + noise(3)
  return {
    p_sup_kpa,
    p_ret_kpa,
    dp_kpa: p_sup_kpa - p_ret_kpa,
    t_sup_c10: 600 + noise(20),
    t_ret_c10: 400 + noise(15),
    flow_lph: 4_000 + noise(80),
  }
}

interface Ill {
  values: (values: Values, at: number, chance: () => number) => Values
  quality?: Reading['quality']
  /** What ails it ails the whole loop. */
  everywhere?: true
}

/** `minutes` of an entrance, ill from `from` on, beside a sound station. */
function samples(minutes: number, { values, quality = {}, everywhere }: Ill, from = 30): Event[] {
  const chance = mulberry32(11)
  return Array.from({ length: minutes }, (_, at) => {
    const atMs = morning + at * minute
    const ill = at >= from
    const own = sound(chance)
    const seen = ill ? values(own, at - from, chance) : own
    return [
      says({ device: station, atMs, values: everywhere ? seen : sound(chance) }),
      says({ device: five, atMs: atMs + 20_000, values: seen, ...(ill && { quality }) }),
    ]
  }).flat()
}

/** Rule and signal of every alarm that ever stood, and the orders. */
function heard(events: readonly Event[]) {
  const engine = newEngine()
  const last = Math.max(...events.map(({ atMs }) => atMs))
  const stood = new Set<string>()
  const orders = inOrder([...events, ...ticks(morning, last, 30_000)]).flatMap((event) => {
    const changes = tellAll(engine, [event])
    for (const { rule, signal, state } of engine.alarms())
      if (state.startsWith('active') && rule !== 'D01') stood.add(`${rule} ${signal}`)
    return opened(changes).map(({ rule, root }) => `${rule} ${root}`)
  })
  return { stood: [...stood], orders: orders.filter((order) => !order.startsWith('D01')) }
}

const without = (values: Values, signal: string): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name !== signal))

describe('a sensor that shows what cannot be (D04)', () => {
  const ills: Record<string, readonly [Ill, readonly string[]]> = {
    'the end of its range, three times': [
      { values: (own) => ({ ...own, t_ret_c10: 1_300 }) },
      ['D04 t_ret_c10'],
    ],
    'the end of its range, twice': [
      { values: (own, at) => (at < 2 ? { ...own, t_ret_c10: 1_300 } : own) },
      [],
    ],
    'nothing, and its device says so': [
      { values: (own) => without(own, 'p_sup_kpa'), quality: { p_sup_kpa: 'F' } },
      ['D04 p_sup_kpa'],
    ],
    'nothing, while its sister speaks': [{ values: (own) => without(own, 't_sup_c10') }, ['D04 t_sup_c10']],
    'jumps of 40 K, up and down': [
      { values: (own, at) => ({ ...own, t_sup_c10: 600 + (at % 2) * 400 }) },
      ['D04 t_sup_c10'],
    ],
    'jumps of 200 kPa, up and down': [
      { values: (own, at) => ({ ...own, p_ret_kpa: 230 + (at % 2) * 200 }) },
      ['D04 p_ret_kpa'],
    ],
    'one step of 40 K, which the pump may do': [
      { values: (own) => ({ ...own, t_sup_c10: 200, t_ret_c10: 200 }) },
      [],
    ],
    'one wild sample': [{ values: (own, at) => (at === 0 ? { ...own, t_sup_c10: 1_100 } : own) }, []],
  }

  test.each(Object.entries(ills))('%s', (_, [ill, expected]) => {
    expect(heard(samples(45, ill)).stood.filter((each) => each.startsWith('D'))).toEqual(expected)
  })

  test('is one order, and over when it was sound for half an hour', () => {
    const mended = samples(120, {
      values: (own, at) => (at < 20 ? { ...own, t_ret_c10: 1_300 } : own),
    })
    const engine = newEngine()
    const changes = tellAll(engine, inOrder([...mended, ...ticks(morning, morning + 2 * hour)]))
    expect(opened(changes)).toMatchObject([{ rule: 'D04', root: 'hengkang-b07', severity: 'P3' }])
    expect(changes.at(-1)).toMatchObject({ type: 'recovered', key: 'hengkang-b07|sensor-fault' })
  })
})

describe('a sensor that does not move (D03)', () => {
  const still = (signal: string, value: number): Ill => ({ values: (own) => ({ ...own, [signal]: value }) })

  test.each([
    [
      'a return pressure that stands for six hours while the supply moves',
      still('p_ret_kpa', 228),
      ['D03 p_ret_kpa'],
    ],
    ['a flow that stands while the pressures move', still('flow_lph', 4_020), ['D03 flow_lph']],
    ['a flow of nothing, through a shut valve', still('flow_lph', 0), []],
    [
      'everything but the clock, while the station’s move',
      { values: () => sound(() => 0.5) },
      ['D03 dp_kpa', 'D03 p_ret_kpa', 'D03 p_sup_kpa', 'D03 t_ret_c10', 'D03 t_sup_c10'],
    ],
    [
      'a return pressure that flickers by its last digit',
      { values: (own: Values, at: number) => ({ ...own, p_ret_kpa: 228 + (at % 2) }) },
      ['D03 p_ret_kpa'],
    ],
    [
      'a return pressure that moves now and then',
      { values: (own: Values, at: number) => ({ ...own, p_ret_kpa: 228 + Math.floor(at / 120) * 2 }) },
      [],
    ],
  ])('%s', (_, ill, expected) => {
    const { stood } = heard(samples(6 * 60 + 45, ill))
    expect(stood.filter((each) => each.startsWith('D')).toSorted()).toEqual(expected)
  })

  test('is not yet one after five hours', () => {
    expect(heard(samples(5 * 60 + 30, still('p_ret_kpa', 228))).stood).toEqual([])
  })
})

describe('nobody is fooled', () => {
  const main: Record<string, Ill> = {
    'one sample without pressure is no burst': {
      values: (own, at) => (at === 0 ? { ...own, p_ret_kpa: 60 } : own),
    },
    'one sample too high is no fall afterwards': {
      values: (own, at) => (at === 0 ? { ...own, p_ret_kpa: 330 } : own),
    },
    'a return gauge that drifts away is no over-pressure, and mended it is no burst': {
      values: (own, at) => ({ ...own, p_ret_kpa: (own['p_ret_kpa'] ?? 0) + (at < 400 ? at : 0) }),
    },
    'a loose wire at the return gauge is an order for a sensor': {
      values: (own, _, chance) => ({
        ...own,
        p_ret_kpa: (own['p_ret_kpa'] ?? 0) - (chance() < 0.4 ? 150 : 0),
      }),
    },
  }

  test.each(Object.entries(main))('%s', (name, ill) => {
    const { orders } = heard(samples(460, ill))
    expect(orders).toEqual(name.includes('loose wire') ? ['D04 hengkang-b07'] : [])
  })

  test('a main that bursts is believed, for its three gauges agree', () => {
    const burst: Ill = {
      everywhere: true,
      values: (own, at) => {
        const fall = Math.min(200, 60 * (at + 1))
        return { ...own, p_ret_kpa: 230 - fall, p_sup_kpa: 330 - fall, dp_kpa: 100 }
      },
    }
    expect(heard(samples(40, burst)).orders).toContain('H01 hengkang-station')
  })
})
