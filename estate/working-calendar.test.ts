import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aroundTheClock, workingCalendar, workingTime } from './working-calendar.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const calendar = workingCalendar.parse({})
const shanghai = workingTime(calendar, 'Asia/Shanghai')
const at = (local: string, offset = '+08:00') => Date.parse(`${local}:00${offset}`)

/** Every hour of every day counts: then working time is nothing but time. */
const allDay = (timeZone: string) => {
  const everyDay = Array.from({ length: 365 }, (_, day) =>
    new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10),
  )
  const never = { hours: '00:00-24:00', weekdays: '1234567', makeUpDays: everyDay }
  return workingTime(workingCalendar.parse(never), timeZone)
}

describe('the district works Monday to Friday, 8 to 12 and 14 to 18', () => {
  test.each([
    ['a Wednesday', '2026-11-25T00:00', '2026-11-26T00:00', 8],
    ['from before work into the lunch break', '2026-11-25T07:00', '2026-11-25T13:00', 4],
    ['a weekend', '2026-11-27T18:00', '2026-11-30T08:00', 0],
    ['over a weekend', '2026-11-27T17:00', '2026-11-30T09:00', 2],
    ['the week of the National Day: only the Saturday made up', '2026-10-01T00:00', '2026-10-11T00:00', 24],
    ['a Sunday made up for it before', '2026-09-20T00:00', '2026-09-21T00:00', 8],
    [
      'Spring Festival, from the Saturday made up to the first day after',
      '2026-02-14T00:00',
      '2026-02-25T00:00',
      16,
    ],
    ['a leap day', '2028-02-29T00:00', '2028-03-01T00:00', 8],
    ['1 March of a year without one', '2027-02-26T18:00', '2027-03-01T12:00', 4],
  ])('%s', (_name, from, to, hours) => {
    expect(shanghai.between(at(from), at(to)) / hourMs).toBe(hours)
  })

  test('half a working day after Friday 17:00 is Monday 11:00, and what is due at the end of work is due then', () => {
    expect(shanghai.after(at('2026-11-27T17:00'), 4 * hourMs)).toBe(at('2026-11-30T11:00'))
    expect(shanghai.after(at('2026-11-27T14:00'), 4 * hourMs)).toBe(at('2026-11-27T18:00'))
    expect(shanghai.after(at('2026-02-13T18:00'), 9 * hourMs)).toBe(at('2026-02-24T09:00'))
  })

  test.each([
    ['2026-11-25T07:59', false],
    ['2026-11-25T08:00', true],
    ['2026-11-25T12:00', false],
    ['2026-11-28T10:00', false],
    ['2026-10-10T10:00', true],
  ])('whether it counts at %s: %s', (local, counts) => {
    expect(shanghai.countsAt(at(local))).toBe(counts)
  })
})

describe('where clocks change', () => {
  const newYork = allDay('America/New_York')

  test.each([
    ['an hour is jumped over on 8 March 2026', '2026-03-08T00:00:00-05:00', '2026-03-09T00:00:00-04:00', 23],
    ['an hour comes twice on 1 November 2026', '2026-11-01T00:00:00-04:00', '2026-11-02T00:00:00-05:00', 25],
  ])('%s', (_name, from, to, hours) => {
    expect(newYork.between(Date.parse(from), Date.parse(to)) / hourMs).toBe(hours)
  })

  test('a night shift from 02:30 begins when the clocks jump to 03:00, and ends an hour of work later', () => {
    const night = workingTime(
      workingCalendar.parse({ weekdays: '7', hours: '02:30-04:00' }),
      'America/New_York',
    )
    expect(night.between(Date.parse('2026-03-08T05:00Z'), Date.parse('2026-03-08T12:00Z'))).toBe(hourMs)
    expect(night.countsAt(Date.parse('2026-03-08T06:59:59Z'))).toBe(false)
    expect(night.countsAt(Date.parse('2026-03-08T07:00:00Z'))).toBe(true)
  })

  test('a day that a zone left out has no working time', () => {
    const samoa = workingTime(workingCalendar.parse({ weekdays: '5' }), 'Pacific/Apia')
    expect(samoa.between(Date.parse('2011-12-29T00:00Z'), Date.parse('2011-12-31T12:00Z'))).toBe(0)
  })
})

describe('whatever the calendar and the zone', () => {
  const zones = [
    'Asia/Shanghai',
    'UTC',
    'Asia/Kolkata',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
  ]
  const hours = fc.constantFrom(calendar.hours, '00:00-24:00', '01:30-03:15 03:15-23:59')
  const weekdays = fc.subarray('1234567'.split(''), { minLength: 1 }).map((days) => days.join(''))
  const counted = fc
    .record({ hours, weekdays, zone: fc.constantFrom(...zones) })
    .map(({ hours, weekdays, zone }) => workingTime({ ...calendar, hours, weekdays }, zone))
  /** Within weeks of a change of clocks as well as anywhere from 2024, a leap year, to 2028, another. */
  const instant = fc.oneof(
    fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 11, 31) }),
    fc.integer({ min: Date.UTC(2026, 2, 5), max: Date.UTC(2026, 3, 6) }),
    fc.integer({ min: Date.UTC(2026, 9, 20), max: Date.UTC(2026, 10, 6) }),
  )
  const upTo = (days: number) => fc.integer({ min: 0, max: days * dayMs })

  test('a stretch counts as much as its parts, never less than nothing nor more than it lasts', () => {
    fc.assert(
      fc.property(counted, instant, upTo(20), upTo(20), (time, fromMs, first, second) => {
        const [middle, toMs] = [fromMs + first, fromMs + first + second]
        const whole = time.between(fromMs, toMs)
        expect(time.between(fromMs, middle) + time.between(middle, toMs)).toBe(whole)
        expect(whole).toBeGreaterThanOrEqual(0)
        expect(whole).toBeLessThanOrEqual(toMs - fromMs)
        expect(time.between(toMs, fromMs)).toBe(toMs === fromMs ? whole : 0)
      }),
    )
  })

  test('what is due after so much has counted so much when it is due, and not a moment before', () => {
    fc.assert(
      fc.property(counted, instant, fc.integer({ min: 1, max: 5 * dayMs }), (time, fromMs, ms) => {
        const dueMs = time.after(fromMs, ms)
        expect(time.between(fromMs, dueMs)).toBe(ms)
        expect(time.between(fromMs, dueMs - 1)).toBe(ms - 1)
      }),
      { numRuns: 60 },
    )
  })

  test('where every hour is worked, an hour passed is an hour counted, also when clocks change', () => {
    const everyHour = new Map(zones.map((zone) => [zone, allDay(zone)]))
    fc.assert(
      fc.property(fc.constantFrom(...zones), instant, upTo(40), (zone, fromMs, ms) => {
        const time = everyHour.get(zone) ?? aroundTheClock
        expect(time.between(fromMs, fromMs + ms)).toBe(ms)
        expect(time.after(fromMs, ms)).toBe(fromMs + ms)
      }),
    )
  })
})

test('a holiday the district adds is free, and what it says is worked is worked', () => {
  const own = workingCalendar.parse({
    holidays: [{ name: '春节', from: '2027-02-06', to: '2027-02-12' }],
    makeUpDays: ['2027-02-20', '2026-10-01'],
  })
  const time = workingTime(own, 'Asia/Shanghai')
  expect(time.between(at('2027-02-06T00:00'), at('2027-02-15T00:00'))).toBe(0)
  expect(time.between(at('2027-02-20T00:00'), at('2027-02-21T00:00'))).toBe(8 * hourMs)
  expect(time.between(at('2026-10-01T00:00'), at('2026-10-02T00:00'))).toBe(8 * hourMs)
})

test.each([
  ['hours that overlap', { hours: '08:00-12:00 11:00-18:00' }, 'hours'],
  ['hours that end before they begin', { hours: '18:00-08:00' }, 'hours'],
  ['hours after the day', { hours: '08:00-24:30' }, 'hours'],
  ['hours in other words', { hours: '8 to 12' }, 'hours'],
  ['a day that does not exist', { makeUpDays: ['2026-02-29'] }, 'makeUpDays.0'],
  [
    'a holiday of a year',
    { holidays: [{ name: 'x', from: '2026-01-01', to: '2026-12-31' }] },
    'holidays.0.to',
  ],
  ['no day of work at all', { weekdays: '' }, 'weekdays'],
])('%s are refused, and where', (_name, mistake, path) => {
  const parsed = workingCalendar.safeParse(mistake)
  expect(parsed.error?.issues[0]?.path.join('.')).toBe(path)
})
