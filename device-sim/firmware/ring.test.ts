import { expect, test } from 'vitest'
import { demoFleet } from '../fleets/demo.ts'
import { districtFleet } from '../fleets/district.ts'
import { keptShareOf, Ring } from './ring.ts'

function ringOf(limit: number, ...lives: [boot: number, samples: number][]): Ring {
  const ring = new Ring(limit)
  for (const [boot, samples] of lives) {
    ring.begin(boot)
    for (let seq = 1; seq <= samples; seq++) ring.add({ boot, seq, t: seq, values: {} })
  }
  return ring
}

const numbers = (ring: Ring, b: number, from: number, to: number) =>
  ring.recall({ b, from, to }).map(({ seq }) => seq)

test('the newest samples are there, by boot and number', () => {
  const ring = ringOf(10, [1, 4], [2, 3])
  expect(numbers(ring, 1, 2, 4)).toEqual([2, 3, 4])
  expect(numbers(ring, 2, 1, 99)).toEqual([1, 2, 3])
  expect(numbers(ring, 3, 1, 99)).toEqual([])
})

test('what no longer fits is gone, oldest first, also over a boot', () => {
  const ring = ringOf(5, [1, 4], [2, 3])
  expect(numbers(ring, 1, 1, 4)).toEqual([3, 4])
  expect(numbers(ring, 2, 1, 3)).toEqual([1, 2, 3])
})

test('a firmware that forgot how far it was is asked for what it counted last', () => {
  const ring = ringOf(10, [1, 4], [1, 2])
  expect(numbers(ring, 1, 1, 4)).toEqual([1, 2])
})

test('the devices of one estate have their whole rings; those of a district share the memory there is', () => {
  expect(keptShareOf(demoFleet())).toBe(1)
  expect(keptShareOf(districtFleet())).toBeLessThan(0.01)
  expect(keptShareOf(districtFleet())).toBeGreaterThan(0.002)
})
