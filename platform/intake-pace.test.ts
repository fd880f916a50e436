import { describe, expect, test } from 'vitest'
import { fillOf, holdMs, pacePerS, progressed, type Fill, type Progress } from './intake-pace.ts'

const free = Number.POSITIVE_INFINITY

const progress = (perS: number, movedMs = 0): Progress => ({
  position: 0,
  movedMs,
  perS,
  sample: { position: 0, atMs: movedMs },
})

describe('the intake goes at the pace of history', () => {
  test.each<[string, Progress | undefined, { end: number; nowMs: number }, number]>([
    ['nobody has reported yet', undefined, { end: 1e9, nowMs: 0 }, free],
    ['history is at the end', progress(30_000), { end: 0, nowMs: 100 }, free],
    ['a fifth of a second waits', progress(30_000), { end: 6_000, nowMs: 100 }, free],
    ['a little too much waits', progress(30_000), { end: 6_001, nowMs: 100 }, 36_000],
    ['three tenths of a second wait', progress(30_000), { end: 9_000, nowMs: 100 }, 30_000],
    ['an hour waits after a standstill', progress(30_000), { end: 1e8, nowMs: 100 }, 24_000],
    ['history has not moved for two seconds', progress(30_000), { end: 1e8, nowMs: 2_001 }, free],
    ['a burst after a quiet night', progress(10), { end: 5_000, nowMs: 100 }, free],
    ['a longer burst after a quiet night', progress(10), { end: 7_500, nowMs: 100 }, 1_000],
  ])('%s', (_, was, now, perS) => {
    expect(pacePerS(was, now)).toBeCloseTo(perS, -1)
  })
})

describe('how fast history is', () => {
  const after = (...reports: [atMs: number, position: number][]) =>
    reports.reduce<Progress | undefined>(
      (was, [atMs, position]) => progressed(was, position, atMs),
      undefined,
    )

  test('a first report is a position and no speed', () => {
    expect(after([0, 5_000])).toMatchObject({ position: 5_000, perS: 0 })
  })

  test('two reports that come in one moment are no speed either', () => {
    expect(after([0, 0], [1, 5_000], [2, 10_000])).toMatchObject({ position: 10_000, perS: 0 })
  })

  test('its speed is the fastest lately, forgotten slowly', () => {
    const fast = after([0, 0], [500, 10_000])
    expect(fast).toMatchObject({ perS: 20_000 })
    expect(progressed(fast, 10_100, 1_000)).toMatchObject({ perS: 19_000 })
  })

  test('a report that says nothing new does not count as movement', () => {
    const was = after([0, 0], [500, 10_000])
    expect(progressed(was, 10_000, 9_000)).toBe(was)
  })
})

describe('how full the log is', () => {
  test.each<[Fill, number, Fill]>([
    ['roomy', 75, 'roomy'],
    ['roomy', 76, 'holding'],
    ['holding', 100, 'holding'],
    ['holding', 75, 'roomy'],
    ['full', 96, 'full'],
    ['full', 95, 'holding'],
    ['full', 10, 'roomy'],
  ])('%s at %i %% is %s', (was, bytes, next) => {
    expect(fillOf(was, bytes, 100)).toBe(next)
  })

  test.each([
    [0, 0],
    [75, 0],
    [80, 1_080],
    [100, 5_000],
    [400, 5_000],
  ])('at %i %% of its limit each batch waits %i ms', (bytes, waitMs) => {
    expect(Math.round(holdMs(bytes, 100))).toBe(waitMs)
  })
})

test('offered a third more than history can store, little waits and history is never idle', () => {
  const capacity = 30_000
  const offered = 40_000
  let [end, stored, was] = [0, 0, progressed(undefined, 0, 0)]
  let budget = 0
  const waiting: number[] = []
  for (let nowMs = 1; nowMs <= 20_000; nowMs++) {
    budget = Math.min(budget + Math.min(offered, pacePerS(was, { end, nowMs })) / 1_000, offered)
    const taken = Math.floor(budget)
    budget -= taken
    end += taken
    stored = Math.min(end, stored + capacity / 1_000)
    if (nowMs % 100 === 0) was = progressed(was, stored, nowMs)
    if (nowMs > 3_000) waiting.push(end - stored)
  }
  expect(Math.max(...waiting) / capacity).toBeLessThan(1)
  expect(stored).toBeGreaterThan(0.95 * capacity * 20)
})
