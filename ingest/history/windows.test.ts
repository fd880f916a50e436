import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { daysLimit, decimated, localDays } from './windows.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

describe('a chart', () => {
  test('never gets more buckets than it asked for, and loses no millisecond', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 41 }),
        fc.integer({ min: 1, max: 2 ** 40 }),
        fc.integer({ min: 1, max: 10_000 }),
        (fromMs, lengthMs, points) => {
          const window = decimated({ fromMs, toMs: fromMs + lengthMs, points })
          const slots = Math.ceil(lengthMs / window.slotMs)
          expect(window).toMatchObject({ fromMs, toMs: fromMs + lengthMs })
          expect(slots).toBeLessThanOrEqual(points)
          expect(window.slotMs).toBeGreaterThanOrEqual(1)
        },
      ),
    )
  })

  test.each([
    { fromMs: 5, toMs: 5, points: 1 },
    { fromMs: 5, toMs: 4, points: 1 },
    { fromMs: -1, toMs: 4, points: 1 },
    { fromMs: 0.5, toMs: 4, points: 1 },
    { fromMs: 0, toMs: Number.MAX_VALUE, points: 1 },
    { fromMs: 0, toMs: 4, points: 0 },
    { fromMs: 0, toMs: 4, points: 10_001 },
    { fromMs: 0, toMs: 4, points: Number.NaN },
  ])('out of bounds is the mistake of who asks: %o', (query) => {
    expect(() => decimated(query)).toThrow(RangeError)
  })
})

describe('local days', () => {
  test('in Yangquan a year is one window of 24 h days, each from 16:00 UTC', () => {
    const fromMs = Date.UTC(2026, 0, 1)
    expect(localDays({ fromMs, toMs: Date.UTC(2027, 0, 1) }, 'Asia/Shanghai')).toEqual([
      { fromMs: fromMs - 8 * hourMs, toMs: Date.UTC(2027, 0, 1, 16), slotMs: dayMs },
    ])
  })

  test('a stretch that ends at midnight does not touch the next day', () => {
    const midnight = Date.UTC(2026, 0, 1, 16)
    expect(localDays({ fromMs: midnight, toMs: midnight + dayMs }, 'Asia/Shanghai')).toEqual([
      { fromMs: midnight, toMs: midnight + dayMs, slotMs: dayMs },
    ])
  })

  test.each([
    ['Berlin, clocks forward', 'Europe/Berlin', '2026-03-28T23:00Z', 23],
    ['Berlin, clocks back', 'Europe/Berlin', '2026-10-24T22:00Z', 25],
    ['Beirut, where midnight itself is jumped over', 'Asia/Beirut', '2026-03-28T22:00Z', 23],
    ['Havana, where midnight happens twice', 'America/Havana', '2026-11-01T04:00Z', 25],
    ['Lord Howe, half an hour', 'Australia/Lord_Howe', '2026-10-03T13:30Z', 23.5],
  ])('the day the clocks change has its own length: %s', (_, zone, start, hours) => {
    const fromMs = Date.parse(start)
    const [day] = localDays({ fromMs: fromMs + 1, toMs: fromMs + 2 }, zone)
    expect(day).toEqual({ fromMs, toMs: fromMs + hours * hourMs, slotMs: hours * hourMs })
  })

  test('a date that a zone left out is no day', () => {
    const fromMs = Date.parse('2011-12-29T12:00Z')
    expect(localDays({ fromMs, toMs: fromMs + 2 * dayMs }, 'Pacific/Apia')).toEqual([
      { fromMs: fromMs - 2 * hourMs, toMs: fromMs - 2 * hourMs + 3 * dayMs, slotMs: dayMs },
    ])
  })

  const zones = [
    'Asia/Shanghai',
    'Europe/London',
    'America/St_Johns',
    'Africa/Cairo',
    'Pacific/Chatham',
    'UTC',
  ]

  test.each(zones)('every day begins where the date changes and follows on the one before: %s', (zone) => {
    const date = new Intl.DateTimeFormat('en-CA', { timeZone: zone })
    const moment = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2037, 0, 1) })
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 40 * dayMs }), (fromMs, lengthMs) => {
        const windows = localDays({ fromMs, toMs: fromMs + lengthMs }, zone)
        const days = windows.flatMap(({ fromMs, toMs, slotMs }) =>
          Array.from({ length: (toMs - fromMs) / slotMs }, (_, nth) => [
            fromMs + nth * slotMs,
            fromMs + (nth + 1) * slotMs,
          ]),
        )
        const flat = days.flat()
        expect(flat[0]).toBeLessThanOrEqual(fromMs)
        expect(flat.at(-1)).toBeGreaterThanOrEqual(fromMs + lengthMs)
        for (const [nth, [start = 0, end = 0]] of days.entries()) {
          expect(date.format(start)).not.toBe(date.format(start - 1))
          expect(date.format(start)).toBe(date.format(end - 1))
          expect(days[nth + 1]?.[0] ?? end).toBe(end)
        }
      }),
      { numRuns: 25 },
    )
  })

  test('more days than a query may ask for is the mistake of who asks', () => {
    expect(() => localDays({ fromMs: 0, toMs: (daysLimit + 1) * dayMs }, 'UTC')).toThrow(RangeError)
  })
})
