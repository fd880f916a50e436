import { describe, expect, test } from 'vitest'
import type { Refusal } from '../../firmware-contracts/message.ts'
import type { FaultEngine } from './engine.ts'
import { mulberry32 } from './heating-loop.fixture.ts'
import {
  connects,
  inOrder,
  minute,
  morning,
  newEngine,
  opened,
  says,
  tell,
  ticks,
  type Event,
} from './twenty-houses.fixture.ts'

/** D06 and D09 as traces: what devices say, and which orders come of it. */

const entrance = (house: number) => `hengkang-b${String(house).padStart(2, '0')}-heat`
const five = entrance(5)

type Step = Event | { type: 'refused'; atMs: number; device: string; refusal: Refusal }

function orders(steps: readonly Step[], engine: FaultEngine = newEngine()): string[] {
  const last = Math.max(...steps.map(({ atMs }) => atMs))
  return [...steps, ...ticks(morning, last + 15 * minute, 10_000)]
    .toSorted((a, b) => a.atMs - b.atMs)
    .flatMap((step) => {
      if (step.type !== 'refused') return [...opened(tell(engine, step))]
      return [...opened(engine.refused(step.device, step.refusal, step.atMs))]
    })
    .flatMap(({ rule, root, severity }) => (rule === 'D01' ? [] : [`${rule} ${root} ${severity}`]))
}

/** A sample a minute, numbered from `first`. */
function counts(minutes: number, { first = 1, from = 0, laterMs = 0, boot = 1 } = {}): Event[] {
  return Array.from({ length: minutes }, (_, at) => {
    const atMs = morning + (from + at) * minute + laterMs
    const event = says({ device: five, atMs, values: { p_ret_kpa: 224 }, seq: first + at })
    return event.type === 'reading' ? { ...event, reading: { ...event.reading, boot } } : event
  })
}

/** The same messages once more, `afterMs` later. */
const again = (events: readonly Event[], afterMs: number) =>
  events.map((event) => ({ ...event, atMs: event.atMs + afterMs }))

describe('the numbers of a device (D06)', () => {
  const chance = mulberry32(7)
  const calm = counts(12 * 60)
  const some = (share: number) => calm.filter(() => chance() < share)
  const traces: Record<string, readonly [steps: readonly Event[], expected: readonly string[]]> = {
    'that come once are in order': [calm, []],
    'of which one in two hundred comes twice are the network’s': [
      [...calm, ...again(some(0.005), 9_000)],
      [],
    ],
    'of which a fifth comes twice are its firmware’s': [
      [...calm, ...again(some(0.2), 3_000)],
      ['D06 hengkang-b05 P4'],
    ],
    'that all come again at once after a reconnect are MQTT’s': [
      [
        ...calm,
        connects(five, morning + 100 * minute + 20_000),
        ...calm.slice(80, 100).map((event) => ({ ...event, atMs: morning + 100 * minute + 21_000 })),
      ],
      [],
    ],
    'that begin anew without a boot are forgotten': [
      [...counts(200), ...counts(100, { from: 200 })],
      ['D06 hengkang-b05 P4'],
    ],
    'that begin anew with a boot are a new life': [
      [...counts(200), ...counts(100, { from: 200, boot: 2 })],
      [],
    ],
    'of stragglers are old, not anew': [[...calm, ...again(calm.slice(100, 110), 50 * minute)], []],
    'that stand for samples of two boards are a clone’s': [
      [...calm, ...counts(300, { laterMs: 2_700 })],
      ['D06 hengkang-b05 P3'],
    ],
  }

  test.each(Object.entries(traces))('%s', (_, [steps, expected]) => {
    expect(orders(inOrder(steps))).toEqual(expected)
  })
})

describe('messages against the contract (D09)', () => {
  const refused = (
    device: string,
    atMs: number,
    { reason, path }: Pick<Refusal, 'reason' | 'path'>,
  ): Step => {
    return { type: 'refused', atMs, device, refusal: { reason, path, expected: 'whole', got: '1.5' } }
  }
  const decimals = { reason: 'value-invalid', path: 'd.p_sup_kpa' } as const
  const garbage = [
    { reason: 'not-utf8', path: '' },
    { reason: 'not-json', path: '' },
  ] as const
  const badFirmware = (device: string, fromMinute: number, minutes: number) =>
    Array.from({ length: minutes }, (_, at) =>
      refused(device, morning + (fromMinute + at) * minute, decimals),
    )

  test('that are well-formed and wrong in one way are the firmware’s', () => {
    expect(orders(badFirmware(five, 10, 30))).toEqual(['D09 hengkang-b05 P3'])
  })

  test('of twenty devices in one way are one order, to its makers', () => {
    const roll = Array.from({ length: 20 }, (_, house) =>
      badFirmware(entrance(house + 1), 10 + house / 4, 30),
    )
    expect(orders(roll.flat())).toEqual(['D09 hengkang P3'])
  })

  test('of two devices in two ways are two orders', () => {
    const other = { reason: 'value-invalid', path: 'd.flow_lph' } as const
    const another = Array.from({ length: 9 }, (_, at) => refused(entrance(6), morning + at * minute, other))
    expect(orders([...badFirmware(five, 0, 9), ...another])).toHaveLength(2)
  })

  test('that are bytes nobody can read, now and then, are the line’s', () => {
    const chance = mulberry32(3)
    const noise = counts(48 * 60).flatMap((event, at): Step[] => {
      if (chance() >= 0.002) return [event]
      return [refused(five, event.atMs, garbage[at % 2] ?? garbage[0])]
    })
    expect(orders(noise)).toEqual([])
  })

  test('that are all cut off are the firmware’s', () => {
    const cut = Array.from({ length: 30 }, (_, at) => refused(five, morning + at * minute, garbage[1]))
    expect(orders(cut)).toEqual(['D09 hengkang-b05 P3'])
  })

  test('that tell the time in seconds are the firmware’s, and no clock that is lost', () => {
    const seconds = counts(30).map((event) => {
      if (event.type !== 'reading') return event
      return { ...event, reading: { ...event.reading, t: Math.floor(event.reading.t / 1_000) } }
    })
    expect(orders(seconds)).toEqual(['D09 hengkang-b05 P3'])
  })

  test('are over a day after the last one', () => {
    const engine = newEngine()
    const day = counts(30 * 60, { from: 40 })
    for (const step of badFirmware(five, 0, 20))
      if (step.type === 'refused') engine.refused(step.device, step.refusal, step.atMs)
    for (const event of day.slice(0, 23 * 60)) tell(engine, event)
    expect(engine.alarms()).toMatchObject([{ rule: 'D09', state: 'active-unacknowledged' }])
    for (const event of day.slice(23 * 60)) tell(engine, event)
    expect(engine.alarms()).toMatchObject([{ rule: 'D09', state: 'returned-unacknowledged' }])
  })
})
