import { expect, test } from 'vitest'
import { bars } from './bars.ts'

const hourMs = 3_600_000
const aroundMs = Date.UTC(2016, 6, 2, 12)

test('the hours around a moment, a line a day: what was drawn between two readings is spread, a hole is a question', () => {
  const hours = [0, 0, 1, 5, 40, 600]
  let registerL = 700
  const readings = Array.from({ length: 48 }, (_, at) => {
    registerL += hours[at % hours.length] ?? 0
    return { t: aroundMs + (at - 42) * hourMs, registerL }
  }).filter((_, at) => at < 30 || at > 34)
  const [first = '', second = '', third = ''] = bars(readings, { aroundMs, zone: 'UTC' })
  expect(first).toMatch(/^ {2}2016-06-30 18:00 ·▁▃▆█··▁▃▆█·/u)
  expect(first).toContain(' 0 1 5 40 600 0 ')
  expect(second).toMatch(/^ {2}2016-07-01 18:00 ·▁▃▆█\?{6}··▁▃▆█·/u)
  expect(third).toContain('????????')
})
