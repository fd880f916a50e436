import { describe, expect, test } from 'vitest'
import type { Birth } from '../../firmware-contracts/message.ts'
import { faultSnapshot } from './engine-state.ts'
import type { FaultEngine } from './engine.ts'
import {
  inOrder,
  minute,
  morning,
  newEngine,
  opened,
  says,
  tell,
  tellAll,
  ticks,
  type Event,
} from './twenty-houses.fixture.ts'

const hour = 60 * minute
const entrance = (house: number) => `hengkang-b${String(house).padStart(2, '0')}-heat`

/** Rule, root and severity of every order. */
const orders = (changes: Parameters<typeof opened>[0]) =>
  opened(changes).map(({ rule, root, severity }) => `${rule} ${root} ${severity}`)

/** What an entrance says, a minute apart, by a clock that is `offMs(minute)` ahead. */
function minutes(device: string, from: number, to: number, offMs: (at: number) => number = () => 0): Event[] {
  return Array.from({ length: to - from }, (_, index) => {
    const atMs = morning + (from + index) * minute
    const event = says({ device, atMs, values: { p_ret_kpa: 224 } })
    if (event.type !== 'reading') return event
    return { ...event, reading: { ...event.reading, t: atMs + offMs(from + index) } }
  })
}

function told(engine: FaultEngine, events: readonly Event[], untilMinute: number) {
  return tellAll(engine, inOrder([...events, ...ticks(morning, morning + untilMinute * minute, 5_000)]))
}

describe('the clock of a device (D05)', () => {
  test.each([
    ['three minutes ahead', () => 180_000, ['D05 hengkang-b15 P4']],
    ['seven minutes behind', () => -420_000, ['D05 hengkang-b15 P4']],
    ['half a minute off', () => 30_000, []],
    ['in the year 2000', (at: number) => Date.UTC(2000, 0, 1) - morning - at, ['D05 hengkang-b15 P4']],
    ['right, but for one message that was held up', (at: number) => (at === 9 ? -300_000 : 0), []],
    ['right, after a reconnect that delivered four at once', (at: number) => (at < 4 ? -200_000 : 0), []],
  ])('%s', (_, offMs, expected) => {
    expect(orders(told(newEngine(), minutes(entrance(15), 0, 20, offMs), 20))).toEqual(expected)
  })

  test('that has been set right for an hour is no longer an alarm, and not before', () => {
    const engine = newEngine()
    told(
      engine,
      minutes(entrance(15), 0, 85, (at) => (at < 30 ? 180_000 : 0)),
      85,
    )
    expect(engine.alarms()).toMatchObject([{ rule: 'D05', state: 'active-unacknowledged' }])
    const changes = told(engine, minutes(entrance(15), 85, 120), 120)
    expect(changes).toMatchObject([{ type: 'recovered', key: 'hengkang-b15|clock-drift' }])
  })

  test('says nothing in a scheduled upload, which is old by nature', () => {
    const uploads = Array.from({ length: 10 }, (_, at) =>
      says({
        device: 'hengkang-b15-f101-water',
        atMs: morning + at * minute,
        class: 'batch',
        values: { vol_l: at },
      }),
    ).map((event) => ({ ...event, atMs: event.atMs + 10 * hour }))
    const engine = newEngine()
    tellAll(engine, uploads)
    expect(engine.alarms()).toEqual([])
  })
})

function born(device: string, boot: number, bootReason = 'watchdog'): Omit<Birth, 't'> {
  const periodS = { tele: 60 }
  const contract = 'heat-entrance/1.0'
  const paper = { firmware: '1.0.0', hardware: '1', serial: device, contractHash: '00000000' }
  return { contract, boot, seq: 1, clock: 'n', bootReason, periodS, deliveryS: 0, ...paper }
}

/** Boots at these minutes; every device speaks meanwhile. */
function boots(engine: FaultEngine, plan: Record<string, readonly number[]>, until: number, reason?: string) {
  const births = Object.entries(plan).flatMap(([device, at]) =>
    at.map((after, index) => ({ device, boot: index + 1, atMs: morning + after * minute })),
  )
  const rest = Object.keys(plan).flatMap((device) => minutes(device, 0, until))
  const steps = [...births, ...rest, ...ticks(morning, morning + until * minute)]
  return steps
    .toSorted((a, b) => a.atMs - b.atMs)
    .flatMap((step) => {
      if ('type' in step) return [...tell(engine, step)]
      const address = { site: 'hengkang', kind: 'heat-entrance', device: step.device, class: 'meta' } as const
      const birth = { ...born(step.device, step.boot, reason), t: step.atMs }
      return [...engine.birth({ type: 'birth', address, birth }, step.atMs)]
    })
}

describe('boots (D07)', () => {
  test.each([
    ['twice in half an hour is life', [0, 10, 20], 60, []],
    ['three times in half an hour is a loop', [0, 10, 20, 30], 70, ['D07 hengkang-b05 P3']],
    ['three times in two hours is not yet one', [0, 40, 80, 120], 180, []],
    ['six times in a day is one', [0, 60, 120, 180, 240, 300, 360], 420, ['D07 hengkang-b05 P3']],
  ])('%s', (_, at, until, expected) => {
    expect(orders(boots(newEngine(), { [entrance(5)]: at }, until))).toEqual(expected)
  })

  test('that the server ordered are none of the device’s', () => {
    expect(orders(boots(newEngine(), { [entrance(5)]: [0, 5, 10, 15, 20] }, 60, 'command'))).toEqual([])
  })

  test('of five devices with one firmware are one order, to its makers', () => {
    const plan = Object.fromEntries(
      [1, 2, 3, 4, 5].map((house) => [entrance(house), [0, 5 * house, 5 * house + 7, 5 * house + 14]]),
    )
    const changes = boots(newEngine(), plan, 80)
    expect(orders(changes)).toEqual(['D07 hengkang P2'])
    expect(opened(changes)[0]?.title.en).toBe('Hengkang Homes: reboot loop of one firmware')
  })

  test('of four are four orders, since four may be chance', () => {
    const plan = Object.fromEntries([1, 2, 3, 4].map((house) => [entrance(house), [0, 5, 12, 19]]))
    expect(orders(boots(newEngine(), plan, 80))).toHaveLength(4)
  })
})

describe('a battery (D08)', () => {
  const day = 24 * hour
  const cell = (device: string, mv: readonly number[]) =>
    mv.map((vbat_mv, at) => says({ device, atMs: morning + at * day, values: { vbat_mv }, seq: at }))
  const alarmed = (device: string, mv: readonly number[]) => {
    const engine = newEngine()
    tellAll(engine, cell(device, mv))
    return engine.alarms().flatMap(({ rule }) => (rule === 'D08' ? [rule] : []))
  }
  const meter = 'hengkang-b02-f101-water'

  test.each([
    ['a meter’s cell that is low in three reports', meter, [3_500, 3_190, 3_180, 3_180], ['D08']],
    ['a meter’s cell that is low twice, on a cold night', meter, [3_300, 3_190, 3_190, 3_300, 3_190], []],
    [
      'a charger’s clock cell of three volts, as good as new',
      'hengkang-shed1-charger',
      [3_050, 3_050, 3_040, 3_050],
      [],
    ],
    ['a charger’s clock cell that is empty', 'hengkang-shed1-charger', [2_400, 2_390, 2_400], ['D08']],
    [
      'a cell that loses 8 mV a day, and will be empty in two months',
      meter,
      Array.from({ length: 30 }, (_, at) => 3_590 - at * 8),
      ['D08'],
    ],
    [
      'a cell that loses a third of a millivolt a day',
      meter,
      Array.from({ length: 30 }, (_, at) => 3_300 - Math.round(at / 30) * 10),
      [],
    ],
    [
      'a cell in one cold week',
      meter,
      Array.from({ length: 30 }, (_, at) => (at > 20 && at < 28 ? 3_450 : 3_550)),
      [],
    ],
  ])('%s', (_, device, mv, expected) => {
    expect(alarmed(device, mv)).toEqual(expected)
  })
})

test('a restart in the middle of an on-delay, or of a loop, changes nothing', () => {
  const steps = inOrder([
    ...minutes(entrance(15), 0, 12, () => 180_000),
    ...ticks(morning, morning + 12 * minute, 30_000),
  ])
  const plain = newEngine()
  const expected = tellAll(plain, steps)
  let engine = newEngine()
  const changes = steps.flatMap((step) => {
    const next = newEngine()
    next.restore(faultSnapshot.parse(JSON.parse(JSON.stringify(engine.snapshot()))))
    engine = next
    return [...tell(engine, step)]
  })
  expect(changes).toEqual(expected)
  expect(engine.snapshot()).toEqual(plain.snapshot())
})
