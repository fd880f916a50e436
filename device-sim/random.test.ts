import { expect, test } from 'vitest'
import { gaussian, mulberry32, poisson, randomFor } from './random.ts'

test('every device and purpose has a stream of its own, and always the same one', () => {
  const numbers = (seed: number, owner: string, purpose: string) => {
    const random = randomFor(seed, owner, purpose)
    return [random(), random(), random()]
  }
  const streams = [
    numbers(5, 'hengkang-b01-heat', 'sensor'),
    numbers(5, 'hengkang-b02-heat', 'sensor'),
    numbers(5, 'hengkang-b01-heat', 'phase'),
    numbers(6, 'hengkang-b01-heat', 'sensor'),
  ]
  expect(new Set(streams.flat()).size).toBe(12)
  expect(numbers(5, 'hengkang-b01-heat', 'sensor')).toEqual(streams[0])
})

test('mulberry32 gives the numbers of the prototype', () => {
  const random = mulberry32(1)
  expect([random(), random()]).toEqual([0.6270739405881613, 0.002735721180215478])
})

test.each([0.5, 5, 200])('a Poisson count of mean %d has that mean and that variance', (mean) => {
  const random = mulberry32(7)
  const counts = Array.from({ length: 20_000 }, () => poisson(random, mean))
  const average = counts.reduce((sum, count) => sum + count, 0) / counts.length
  const variance = counts.reduce((sum, count) => sum + (count - average) ** 2, 0) / counts.length
  expect(average / mean).toBeCloseTo(1, 1)
  expect(variance / mean).toBeCloseTo(1, 1)
})

test('a gaussian is centred and of unit width', () => {
  const random = mulberry32(3)
  const values = Array.from({ length: 20_000 }, () => gaussian(random))
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0, 1)
  expect(values.reduce((sum, value) => sum + value * value, 0) / values.length).toBeCloseTo(1, 1)
})
