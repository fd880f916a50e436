import { describe, expect, test } from 'vitest'
import { localHours } from './local-hour.ts'
import { siteParameters } from './parameters.ts'
import { modeAt } from './season.ts'

const localHour = localHours('Asia/Shanghai')
/** Local wall-clock time in Asia/Shanghai, which has no summer time. */
const at = (text: string) => Date.parse(`${text}+08:00`)
const modesOf = (season: unknown, ...times: string[]) => {
  const limits = siteParameters.parse({ season })
  return times.map((time) => modeAt(limits, at(time), localHour))
}

describe('the usual year', () => {
  test.each([
    ['2026-10-14T23:59:59', 'off'],
    ['2026-10-15T00:00', 'fill-test'],
    ['2026-10-29T00:00', 'ramp'],
    ['2026-10-31T23:59:59', 'ramp'],
    ['2026-11-01T00:00', 'heating'],
    ['2026-12-31T23:59:59', 'heating'],
    ['2027-01-01T00:00', 'heating'],
    ['2027-02-28T12:00', 'heating'],
    ['2027-03-31T23:59:59', 'heating'],
    ['2027-04-01T00:00', 'shutdown'],
    ['2027-04-08T00:00', 'off'],
    ['2027-07-15T12:00', 'off'],
  ])('at %s the loop is in %s', (time, mode) => {
    expect(modesOf({}, time)).toEqual([mode])
  })

  test('turns at the midnight on the wall of the site, not at that of London', () => {
    expect(modeAt(siteParameters.parse({}), Date.UTC(2026, 9, 31, 16), localHour)).toBe('heating')
    expect(modeAt(siteParameters.parse({}), Date.UTC(2026, 9, 31, 16), localHours('Europe/London'))).toBe(
      'ramp',
    )
  })

  test('may have other days', () => {
    expect(modesOf({ heatingFrom: '10-30' }, '2026-10-29T12:00', '2026-10-30T00:00')).toEqual([
      'ramp',
      'heating',
    ])
  })
})

describe('what was announced', () => {
  const early = { mode: 'heating', fromMs: at('2026-10-25T08:00'), toMs: at('2026-11-01T00:00') }

  test('an early start holds from its hour on, and the usual ramp does not end it', () => {
    const times = ['2026-10-25T07:59', '2026-10-25T08:00', '2026-10-30T00:00', '2026-11-02T00:00']
    expect(modesOf({ announced: [early] }, ...times)).toEqual(['fill-test', 'heating', 'heating', 'heating'])
  })

  test('a late stop ends when it was said to', () => {
    const late = { mode: 'heating', fromMs: at('2027-04-01T00:00'), toMs: at('2027-04-16T00:00') }
    expect(modesOf({ announced: [late] }, '2027-04-15T23:00', '2027-04-16T00:00')).toEqual(['heating', 'off'])
  })

  test('where two overlap, the one announced last holds', () => {
    const refill = { mode: 'fill-test', fromMs: at('2026-10-27T00:00'), toMs: at('2026-10-28T00:00') }
    const times = ['2026-10-26T12:00', '2026-10-27T12:00', '2026-10-28T12:00']
    expect(modesOf({ announced: [early, refill] }, ...times)).toEqual(['heating', 'fill-test', 'heating'])
  })

  test('without an end it holds for good', () => {
    expect(modesOf({ announced: [{ mode: 'heating', fromMs: 0 }] }, '2027-07-15T12:00')).toEqual(['heating'])
  })
})

test.each([
  ['a day that no month has', { heatingFrom: '11-32' }, 'season.heatingFrom', 'a month and a day'],
  [
    'an end before its beginning',
    { announced: [{ mode: 'off', fromMs: 2, toMs: 1 }] },
    'season.announced.0.toMs',
    'after fromMs',
  ],
  [
    'a mode of another language',
    { announced: [{ mode: 'summer', fromMs: 2 }] },
    'season.announced.0.mode',
    'fill-test',
  ],
])('%s is refused with its place', (_, season, place, expected) => {
  const { error } = siteParameters.safeParse({ season })
  expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([place])
  expect(error?.issues[0]?.message).toContain(expected)
})
