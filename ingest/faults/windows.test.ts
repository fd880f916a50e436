import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyFall, fallWithin, follow } from './fall-window.ts'
import { emptyBaseline, learn, turnTo } from './flow-baseline.ts'
import { localHours } from './local-hour.ts'
import { minute, morning } from './twenty-houses.fixture.ts'

function fallOf(samples: readonly [number, number][], withinMs = 5 * minute): number {
  const window = emptyFall()
  for (const [atSecond, kpa] of samples) follow(window, morning + atSecond * 1_000, kpa)
  const [atSecond] = samples.at(-1) ?? [0]
  return fallWithin(window, morning + atSecond * 1_000, withinMs)
}

describe('how far a pressure has fallen', () => {
  test('a fall is measured from the highest level of the last five minutes', () => {
    expect(fallOf([[0, 224], [60, 225], [120, 200], [180, 170]])).toBe(54) // prettier-ignore
  })

  test('a slow decline over an hour is no fall', () => {
    expect(fallOf(Array.from({ length: 60 }, (_, at) => [at * 60, 300 - at * 2]))).toBeLessThanOrEqual(10)
  })

  test('one wild sample upwards is no fall afterwards', () => {
    expect(fallOf([[0, 224], [60, 224], [120, 900], [180, 224], [240, 223]])).toBe(1) // prettier-ignore
  })

  test('it stays small, whatever the sampling rate', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: 0, max: 1_600 }))),
        (gaps) => {
          const window = emptyFall()
          let at = morning
          for (const [gapMs, kpa] of gaps) follow(window, (at += gapMs), kpa)
          expect(window.starts.length).toBeLessThanOrEqual(30)
          expect(fallWithin(window, at, 5 * minute)).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})

describe('what a building usually draws at this hour', () => {
  const seven = 24 * 100 + 7
  function after(days: number, lph: (day: number) => number) {
    const baseline = emptyBaseline()
    for (let hour = seven; hour < seven + 24 * days; hour++) {
      turnTo(baseline, hour)
      for (let sample = 0; sample < 60; sample++) learn(baseline, hour % 24 === 7 ? lph(hour) : 100)
    }
    turnTo(baseline, seven + 24 * days)
    return baseline
  }

  test('is unknown until three days have been seen', () => {
    expect(after(2, () => 1_800).usualLph).toBeNull()
    expect(after(3, () => 1_800).usualLph).not.toBeNull()
  })

  test('is the 95th percentile of that hour, to within a class of the histogram', () => {
    const { usualLph } = after(14, () => 1_800)
    expect(usualLph).toBeGreaterThanOrEqual(1_800)
    expect(usualLph).toBeLessThanOrEqual(1_800 * 1.25)
  })

  test('one day with a burst teaches nothing', () => {
    expect(after(5, (hour) => (hour === seven ? 15_000 : 1_800)).usualLph).toBeLessThan(2_500)
  })

  test('a month leaves fourteen days', () => {
    expect(Math.max(...after(30, () => 500).days.map((days) => days.length))).toBe(14)
  })
})

test('hours are those of the wall, in Asia/Shanghai', () => {
  const localHour = localHours('Asia/Shanghai')
  expect([morning - 1, morning, morning + 59 * minute].map((at) => localHour(at) % 24)).toEqual([6, 7, 7])
})
