import { expect, test } from 'vitest'
import { dayMs } from '../plant/day.ts'
import { clockOf, DeviceClock } from './device-clock.ts'

const setMs = Date.parse('2026-01-15T00:00:00+08:00')

test('a crystal that is 30 millionths off is 2.6 s wrong after a day, and then set right', () => {
  const clock = new DeviceClock(30, setMs)
  expect(clock.at(setMs) - setMs).toBe(0)
  expect(clock.at(setMs + dayMs - 1) - (setMs + dayMs - 1)).toBe(2_592)
  expect(clock.at(setMs + dayMs) - (setMs + dayMs)).toBe(0)
  expect(clock.at(setMs + 9.5 * dayMs) - (setMs + 9.5 * dayMs)).toBe(1_296)
})

test('no device of a fleet is more than 30 millionths off', () => {
  const offMs = Array.from({ length: 500 }, (_, at) => {
    const atMs = setMs + dayMs - 1
    return clockOf(5, `device-${at}`, setMs).at(atMs) - atMs
  })
  expect(Math.max(...offMs)).toBeLessThanOrEqual(2_592)
  expect(Math.min(...offMs)).toBeGreaterThanOrEqual(-2_592)
  expect(Math.max(...offMs) - Math.min(...offMs)).toBeGreaterThan(4_000)
})

test('a lost clock begins in 2000, says that nobody set it, and is right after the next daily time', () => {
  const clock = new DeviceClock(0, setMs)
  clock.lose(setMs + 5_000)
  expect(new Date(clock.at(setMs + 65_000)).toISOString()).toBe('2000-01-01T00:01:00.000Z')
  expect(clock.source).toBe('u')
  expect(clock.at(setMs + 5_000 + dayMs)).toBe(setMs + 5_000 + dayMs)
  expect(clock.source).toBe('n')
})

test('a clock that was set wrong stays wrong until somebody sets it right', () => {
  const clock = new DeviceClock(0, setMs)
  clock.setWrong(setMs, -120_000)
  expect(clock.at(setMs + 3 * dayMs)).toBe(setMs + 3 * dayMs - 120_000)
  clock.sync(setMs + 3 * dayMs)
  expect(clock.at(setMs + 3 * dayMs)).toBe(setMs + 3 * dayMs)
})
