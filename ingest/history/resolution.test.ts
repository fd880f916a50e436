import { describe, expect, test } from 'vitest'
import { dayMs, hourMs, minuteMs, planned, keepOf } from './resolution.ts'

const nowMs = Date.UTC(2026, 5, 1)
const plan = (spanMs: number, points: number, ageMs = 0) =>
  planned(
    { fromMs: nowMs - ageMs - spanMs, toMs: nowMs - ageMs, points },
    { nowMs, keep: keepOf({ raw: 35, minute: 366, hour: 3_653 }), timeZone: 'Asia/Shanghai' },
  )

describe('a chart is drawn from the coarsest that gives the points it asks for', () => {
  test.each([
    ['an hour at 360 points', hourMs, 360, 'raw', 10_000],
    ['a day at 480 points', dayMs, 480, 'minute', 3 * minuteMs],
    ['a week at 500 points', 7 * dayMs, 500, 'minute', 21 * minuteMs],
    ['a year at 500 points', 365 * dayMs, 500, 'hour', 18 * hourMs],
    ['a year at one point', 365 * dayMs, 1, 'hour', 365 * dayMs],
  ])('%s', (_, spanMs, points, resolution, slotMs) => {
    expect(plan(spanMs, points)).toMatchObject({ resolution, window: { slotMs } })
  })
})

describe('and from no finer one than is still kept where it begins', () => {
  test.each([
    ['an hour of six weeks ago', hourMs, 360, 42 * dayMs, 'minute'],
    ['an hour of two years ago', hourMs, 360, 730 * dayMs, 'hour'],
    ['a day of eleven years ago', dayMs, 24, 11 * 366 * dayMs, 'day'],
  ])('%s', (_, spanMs, points, ageMs, resolution) => {
    expect(plan(spanMs, points, ageMs).resolution).toBe(resolution)
  })
})

test('from rollups a chart is of whole minutes, and has no more buckets than it asked for', () => {
  const { window } = planned(
    { fromMs: nowMs + 90_500, toMs: nowMs + hourMs + 1, points: 20 },
    { nowMs, keep: keepOf({ raw: 35, minute: 366, hour: 3_653 }), timeZone: 'Asia/Shanghai' },
  )
  expect(window).toEqual({ fromMs: nowMs + minuteMs, toMs: nowMs + 61 * minuteMs, slotMs: 3 * minuteMs })
})
