import { describe, expect, test } from 'vitest'
import { inOrder, morning, says, tellAll, ticks, type Event } from '../twenty-houses.fixture.ts'
import {
  bits,
  flatMeter,
  flatNode,
  meterEngine,
  ordersOf,
  quarterMs,
  quarters,
  uploads,
  usualDay,
} from './household-meters.fixture.ts'

const rulesOf = (events: readonly Event[]) => ordersOf(events).map(({ rule }) => rule)
const hourMs = 4 * quarterMs

describe('W02 a burst in a flat', () => {
  test('half an hour above 40 % of Q3 in the upload of the day', () => {
    const litres = [...quarters(20, 0), 100, 280, 300, 290, ...quarters(20, 0)]
    expect(ordersOf(uploads(litres))).toMatchObject([
      { rule: 'W02', severity: 'P2', root: flatNode, households: 1 },
    ])
    expect(ordersOf(uploads(litres))[0]?.evidence).toMatchObject([{ signal: 'flow_lph', limit: 1_000 }])
  })

  test.each<[string, number[]]>([
    ['a bath that fills for a quarter of an hour', [0, 0, 240, 280, 120, 0]],
    ['two quarters, each with much, and a pause between', [0, 280, 0, 280, 0]],
    ['an ordinary day', [...usualDay]],
  ])('%s is none', (_, litres) => {
    expect(rulesOf(uploads([...litres, ...quarters(8, 0)]))).toEqual([])
  })

  test('500 L/h for hours, as a hose that was left open: nobody showers for so long', () => {
    expect(rulesOf(uploads([...quarters(8, 0), ...quarters(14, 125), ...quarters(8, 0)]))).toEqual(['W02'])
    expect(rulesOf(uploads([...quarters(8, 0), ...quarters(10, 125), ...quarters(8, 0)]))).toEqual([])
  })

  test('the meter’s own word is enough, and opens one order with what its register says', () => {
    const litres = [...quarters(8, 0), ...quarters(12, 450), ...quarters(8, 0)]
    const story = [
      bits(['burst'], morning + 10.5 * quarterMs, { event: true }),
      bits(['burst'], morning + 11 * quarterMs),
    ]
    expect(rulesOf(story)).toEqual(['W02'])
    expect(rulesOf([...story, ...uploads(litres, { uploadEvery: 14 })])).toEqual(['W02'])
  })

  const pouring = uploads([...quarters(8, 0), ...quarters(12, 450), ...quarters(76, 0)])
  const typesOf = (events: readonly Event[]) =>
    tellAll(meterEngine(), [...events, ...ticks(morning + 24 * hourMs, morning + 24.1 * hourMs)])
      .filter((change) => !('key' in change) || change.key.endsWith('household-burst'))
      .map(({ type }) => type)
      .filter((type) => type !== 'updated')

  test('yesterday’s burst of which nobody has heard is an order, though it is over', () => {
    expect(typesOf(pouring)).toEqual(['opened', 'recovered'])
  })

  test('an upload that tells yesterday’s burst again, of which everybody knows, does not bring it back', () => {
    const told = [
      bits(['burst'], morning + 10.5 * quarterMs, { event: true }),
      bits([], morning + 21 * quarterMs, { event: true }),
      ...ticks(morning + 21 * quarterMs, morning + 24 * quarterMs),
    ]
    expect(typesOf([...told, ...pouring])).toEqual(['opened', 'recovered'])
  })

  test('a message lost on the way loses no water: the mean over the gap tells of it', () => {
    const litres = [...quarters(8, 0), ...quarters(8, 450), ...quarters(8, 0)]
    expect(rulesOf(uploads(litres, { without: (quarter) => quarter > 9 && quarter < 15 }))).toEqual(['W02'])
  })

  test('a meter exchanged for one that shows less, or more, is none', () => {
    const old = uploads(quarters(8, 2), { registerL: 640_000 })
    const fresh = (registerL: number) =>
      uploads(quarters(12, 2), { registerL, fromMs: morning + 9 * quarterMs, uploadEvery: 12 })
    expect(rulesOf([...old, ...fresh(0)])).toEqual([])
    expect(rulesOf([...old, ...fresh(901_000)])).toEqual([])
  })

  test('a register that turns back and comes up again has not counted that water twice', () => {
    const shown = [9_000, 9_004, 7_000, 7_003, 9_006, 9_010, 9_012]
    const story = shown.map((vol_l, quarter) =>
      says({ device: flatMeter, atMs: morning + quarter * quarterMs, class: 'batch', values: { vol_l } }),
    )
    expect(rulesOf(story)).toEqual([])
  })

  test('an event tells the register days after the last one, which is no sample of it', () => {
    const told = (vol_l: number, atMs: number) =>
      says({ device: flatMeter, atMs, class: 'event', values: { ev: 'cleared', vol_l, status: 0 } })
    expect(rulesOf([told(1_000, morning), told(3_000, morning + hourMs)])).toEqual([])
  })
})

describe('W03 water runs day and night in a flat', () => {
  const leakingDay = (perQuarter: number) => usualDay.map((litres) => litres + perQuarter)

  test('a cistern of 8 L/h is certain after a day without one dry hour, and not before', () => {
    const day = leakingDay(2)
    expect(rulesOf(uploads([...usualDay, ...day.slice(0, 80)], { uploadEvery: 8 }))).toEqual([])
    const orders = ordersOf(uploads([...usualDay, ...day, ...day.slice(0, 8)], { uploadEvery: 8 }))
    expect(orders).toMatchObject([{ rule: 'W03', severity: 'P3', root: flatNode }])
    expect(orders[0]?.evidence).toMatchObject([{ signal: 'flow_lph', value: 6, limit: 2.5 }])
  })

  test.each<[string, number[]]>([
    ['one dry hour in the night', [...quarters(60, 2), ...quarters(4, 0), ...quarters(60, 2)]],
    ['an hour of 2 L in the night', [...quarters(60, 2), 1, 0, 1, 0, ...quarters(60, 2)]],
    ['a dry hour that begins at no full hour', [...quarters(61, 2), ...quarters(4, 0), ...quarters(61, 2)]],
    ['a week of ordinary days', Array.from({ length: 7 }, () => [...usualDay]).flat()],
  ])('%s is no leak', (_, litres) => {
    expect(rulesOf(uploads(litres))).toEqual([])
  })

  test.each([
    ['three readings lost', (quarter: number) => quarter % 50 < 3, ['W03']],
    ['half a day of readings lost: nobody saw its hours', (quarter: number) => quarter % 90 < 48, []],
  ])('%s', (_, without, rules) => {
    expect(rulesOf(uploads(quarters(150, 2), { without }))).toEqual(rules)
  })

  test('hours that nobody saw prove a dry one when too little went through them', () => {
    const litres = [...quarters(70, 2), ...quarters(24, 0), ...quarters(70, 2)]
    expect(rulesOf(uploads(litres, { without: (quarter) => quarter > 70 && quarter < 94 }))).toEqual([])
  })

  test('a meter that reads once an hour, and not on the minute, is understood as well', () => {
    const hourly = (litresOf: (hour: number) => number) => {
      let vol_l = 700
      return Array.from({ length: 30 }, (_, hour) => {
        vol_l += litresOf(hour)
        const atMs = morning + hour * hourMs + (hour % 3) * 120_000
        return says({ device: flatMeter, atMs, class: 'batch', values: { vol_l } })
      })
    }
    expect(rulesOf(hourly(() => 5))).toEqual(['W03'])
    expect(rulesOf(hourly((hour) => (hour === 14 ? 0 : 5)))).toEqual([])
  })

  const leaking = uploads([...quarters(100, 6)], { uploadEvery: 4 })
  const after = (litres: readonly number[]) =>
    uploads(litres, {
      registerL: 5_600,
      fromMs: morning + 101 * quarterMs,
      uploadEvery: 4,
    })
  const recoveriesOf = (events: readonly Event[]) =>
    tellAll(meterEngine(), [...events, ...ticks(morning + 60 * hourMs, morning + 60.1 * hourMs)]).filter(
      ({ type }) => type === 'recovered',
    )

  test('one dry hour ends a leak of 24 L/h', () => {
    expect(recoveriesOf([...leaking, ...after(quarters(8, 0))])).toHaveLength(1)
  })

  test('a leak of 8 L/h is over after two clean nights, not after one', () => {
    const small = uploads(quarters(100, 2), { uploadEvery: 4 })
    const dry = (count: number) =>
      uploads([...quarters(8, 0), ...Array.from({ length: count }, () => usualDay).flat()], {
        registerL: 5_200,
        fromMs: morning + 101 * quarterMs,
        uploadEvery: 4,
      })
    expect(recoveriesOf([...small, ...dry(1)])).toHaveLength(0)
    expect(recoveriesOf([...small, ...dry(2)])).toHaveLength(1)
  })

  test('the meter’s own word has to stand for hours', () => {
    const at = (hours: number) => bits(['leak'], morning + hours * hourMs)
    expect(rulesOf([at(0), at(1)])).toEqual([])
    expect(rulesOf([at(0), at(7)])).toEqual(['W03'])
  })

  test('a burst that runs for a day is one order, not a burst and a leak', () => {
    expect(rulesOf(uploads(quarters(120, 300), { uploadEvery: 4 }))).toEqual(['W02'])
  })
})

describe('W05 reverse flow', () => {
  const back = (device: string, litres: readonly number[], everyMs: number) =>
    litres.map((rev_l, at) =>
      says({ device, atMs: morning + at * everyMs, class: 'batch', values: { rev_l } }),
    )
  const main = 'hengkang-b05-water'

  test.each([
    ['5 L in a day through a flat’s meter', flatMeter, [0, 2, 5], 6 * hourMs, ['P3']],
    ['3 L in a day', flatMeter, [0, 2, 3], 6 * hourMs, []],
    ['5 L, but in two days', flatMeter, [0, 3, 6], 30 * hourMs, []],
    ['10 L that came over four days', flatMeter, [0, 10], 96 * hourMs, []],
    ['50 L in a day through the meter of a house', main, [7, 30, 57], 6 * hourMs, ['P2']],
    ['20 L through the meter of a house', main, [7, 20, 27], 6 * hourMs, []],
    ['another meter, whose reverse register shows less', flatMeter, [40, 0, 1], hourMs, []],
  ])('%s', (_, device, litres, everyMs, severities) => {
    const orders = ordersOf(back(device, litres, everyMs))
    expect(orders.map(({ severity }) => severity)).toEqual(severities)
  })

  test('is explained by the main that has burst below which it happens, never by that of another house', () => {
    const burst = [400, 400, 400, 250, 240].map((p_kpa, at) =>
      says({ device: main, atMs: morning + at * 60_000, values: { p_kpa, flow_lph: 30_000 } }),
    )
    const siphon = (device: string) => back(device, [0, 8], 6 * 60_000)
    expect(rulesOf([...burst, ...siphon(flatMeter)])).toEqual(['W01'])
    expect(rulesOf([...burst, ...siphon('hengkang-b06-f101-water')])).toEqual(['W01', 'W05'])
  })
})

describe('W06 a meter tampered with', () => {
  test('a broken seal in two reports, however they say it; a person has to look', () => {
    const engine = meterEngine()
    const story = [
      bits(['cover'], morning, { event: true }),
      bits(['tamper'], morning + 8 * hourMs),
      bits([], morning + 9 * hourMs),
      ...ticks(morning + 9 * hourMs, morning + 9.1 * hourMs),
    ]
    const changes = tellAll(engine, story)
    expect(changes.map(({ type }) => type)).toEqual(['opened'])
    expect(engine.alarms()).toMatchObject([{ rule: 'W06', state: 'latched' }])
  })

  test.each<[string, Event[]]>([
    ['one report', [bits(['tamper'], morning), bits([], morning + hourMs)]],
    ['two words of one waking', [bits(['tamper'], morning, { event: true }), bits(['tamper'], morning + 40)]],
    ['bits of another kind', [bits(['reverse', 'low_battery'], morning), bits(['dry'], morning + hourMs)]],
  ])('%s is none', (_, story) => {
    expect(rulesOf(story)).toEqual([])
  })
})

describe('W07 a meter freezing', () => {
  const air = (celsius: readonly number[]) =>
    celsius.map((c, at) =>
      says({
        device: flatMeter,
        atMs: morning + at * quarterMs,
        class: 'batch',
        values: { t_amb_c10: c * 10 },
      }),
    )

  test.each([
    ['an hour below 3 °C', [2, 1, 2, 0, 2], ['W07']],
    ['half an hour below 3 °C', [2, 1, 2, 4, 2], []],
    ['a cold shaft', [3, 3, 3, 3, 3, 3], []],
  ])('%s', (_, celsius, rules) => {
    expect(rulesOf(air(celsius))).toEqual(rules)
  })

  test('the meter’s own word is enough', () => {
    expect(ordersOf([bits(['freeze'], morning)])).toMatchObject([
      { rule: 'W07', severity: 'P2', root: flatNode },
    ])
  })

  test('two meters of a house freeze in one shaft: one order', () => {
    const both = ['f101', 'f102'].map((flat, at) =>
      bits(['freeze'], morning + at * 30_000, { device: `hengkang-b05-${flat}-water` }),
    )
    expect(ordersOf(both)).toMatchObject([{ rule: 'W07', root: 'hengkang-b05-main' }])
  })

  test('a pipe that bursts in the thaw is an order of its own', () => {
    const story = [
      bits(['freeze'], morning),
      ...ticks(morning, morning + 120_000),
      bits(['freeze', 'burst'], morning + 10 * hourMs),
    ]
    expect(rulesOf(story)).toEqual(['W07', 'W02'])
  })
})

describe('W08 a meter that stands still', () => {
  const days = (count: number, litres: readonly number[]) =>
    Array.from({ length: count }, () => litres).flat()
  const still = quarters(96, 0)

  test.each([
    ['a week without a litre in a flat that used 400 L a day', 5, 8, usualDay, ['W08']],
    ['six days', 5, 6, usualDay, []],
    ['a week in a flat that used next to nothing', 5, 8, quarters(96, 0.25), []],
    ['a week in a flat of which only two days are known', 2, 8, usualDay, []],
  ])('%s', (_, known, standing, litres, rules) => {
    expect(rulesOf(uploads([...days(known, litres), ...days(standing, still)]))).toEqual(rules)
  })

  test('uploads lost meanwhile do not matter: the register shows what it showed', () => {
    const litres = [...days(5, usualDay), ...days(9, still)]
    const without = (quarter: number) => quarter > 5.5 * 96 && quarter < 13 * 96
    expect(rulesOf(uploads(litres, { without }))).toEqual(['W08'])
  })

  test('while half of the house is away, a meter that stands is no news', () => {
    const house = (litresOf: (day: number) => number) => {
      let litres = 0
      return Array.from({ length: 18 * 48 }, (_, half) => {
        litres += litresOf(half / 48) / 48
        const atMs = morning + half * 2 * quarterMs
        return says({ device: 'hengkang-b05-water', atMs, values: { vol_l: Math.round(litres) } })
      })
    }
    const flat = uploads([...days(7, usualDay), ...days(9, still)])
    expect(rulesOf(inOrder([...house(() => 5_000), ...flat]))).toEqual(['W08'])
    expect(rulesOf(inOrder([...house((day) => (day < 7 ? 5_000 : 2_200)), ...flat]))).toEqual([])
  })

  const valve = (word: string, hours: number) =>
    says({ device: flatMeter, atMs: morning + hours * hourMs, class: 'state', values: { valve: word } })

  test.each<[string, Event[], string[]]>([
    ['a valve that does not follow on two days', [valve('fault', 0), valve('fault', 24)], ['P3']],
    ['on one day', [valve('fault', 0), valve('open', 24)], []],
    ['a valve that somebody has closed', [valve('closed', 0), valve('closed', 24)], []],
  ])('%s', (_, story, severities) => {
    expect(ordersOf(story).map(({ severity }) => severity)).toEqual(severities)
  })
})
