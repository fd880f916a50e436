import { expect, test } from 'vitest'
import { ageOf, stopwatch } from './age.ts'

test.each([
  [-3000, { unit: 's', count: 0 }],
  [12_900, { unit: 's', count: 12 }],
  [59_999, { unit: 's', count: 59 }],
  [60_000, { unit: 'min', count: 1 }],
  [3_599_999, { unit: 'min', count: 59 }],
  [7_200_000, { unit: 'h', count: 2 }],
  [86_400_000 * 3, { unit: 'd', count: 3 }],
])('%i ms is said in the one unit a person would use', (ms, age) => {
  expect(ageOf(ms)).toEqual(age)
})

test.each([
  [-1, '00:00'],
  [249_000, '04:09'],
  [3_849_000, '1:04:09'],
  [2 * 86_400_000 + 3 * 3_600_000 + 12 * 60_000, '2 d 03:12'],
])('an order open for %i ms shows %s', (ms, shown) => {
  expect(stopwatch(ms)).toBe(shown)
})
