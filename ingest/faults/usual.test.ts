import { describe, expect, test } from 'vitest'
import { average, hourMean, noMean, notYet, smooth } from './recent-mean.ts'
import { learnUsual, nothingUsual, usual } from './usual.ts'

const minute = 60_000

/** One value a minute. */
function lived(days: number, kpaAt: (atDay: number) => number) {
  const memory = nothingUsual()
  for (let at = 0; at < days * 24 * 60; at++) learnUsual(memory, kpaAt(at / (24 * 60)), at * minute)
  return memory
}

describe('what a signal usually is', () => {
  test('is not known for the first half hour, and then has a first opinion', () => {
    expect(lived(29 / (24 * 60), () => 130).level).toBeNull()
    expect(lived(32 / (24 * 60), () => 130).level).toBe(130)
  })

  test('is the median of a week: three bad days do not count', () => {
    expect(lived(7, (atDay) => (atDay > 4 ? 20 : 130)).level).toBe(130)
  })

  test('follows when things have changed for good', () => {
    expect(lived(14, (atDay) => (atDay > 7 ? 90 : 130)).level).toBe(90)
  })

  test('costs the same after a year', () => {
    const memory = lived(20, () => 130)
    expect(usual.parse(memory).kept).toHaveLength(56)
  })
})

describe('the mean of an hour', () => {
  test('is unknown until most of the hour is known', () => {
    const memory = noMean()
    for (let at = 0; at < 40; at++) average(memory, 100, at * minute)
    expect(hourMean(memory)).toBeUndefined()
    for (let at = 40; at < 60; at++) average(memory, 100, at * minute)
    expect(hourMean(memory)).toBe(100)
  })

  test('counts five minutes with many samples like five with few', () => {
    const memory = noMean()
    for (let at = 0; at < 30; at++) average(memory, 0, at * minute)
    for (let at = 30 * 60; at < 60 * 60; at++) average(memory, 100, at * 1_000)
    expect(hourMean(memory)).toBe(50)
  })

  test('forgets what is older', () => {
    const memory = noMean()
    for (let at = 0; at < 120; at++) average(memory, at < 60 ? 900 : 100, at * minute)
    expect(hourMean(memory)).toBe(100)
  })
})

test('noise around a limit does not cross it for long', () => {
  const memory = notYet()
  for (let at = 0; at < 60; at++)
    smooth(memory, at % 2 === 0 ? 45 : 53, { atMs: at * 10_000, tauMs: 2 * minute })
  expect(memory.value).toBeGreaterThan(47)
  expect(memory.value).toBeLessThan(51)
})
