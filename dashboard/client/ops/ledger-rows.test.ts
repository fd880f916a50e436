import { expect, test } from 'vitest'
import type { DeviceLine } from './book-rest.ts'
import { arrangeLines, concernsOf, countConcerns, pressed, type Concern, type Order } from './ledger-rows.ts'

const line = (device: string, counts: Partial<DeviceLine> = {}): DeviceLine => ({
  ...{ device, accepted: 10, stored: 10, quarantined: 0, duplicate: 0, pending: 0, refused: 0, wills: 0 },
  ...{ readings: 10, repeated: 0, missing: 0, givenUp: 0, filled: 0, reboots: 0, wraps: 0 },
  ...{ regresses: 0, clones: 0, difference: 0 },
  ...counts,
})
const lines = [
  line('a', { accepted: 30 }),
  line('b', { missing: 4 }),
  line('c', { pending: 1 }),
  line('d', { quarantined: 9, missing: 1 }),
  line('e', { difference: -1, accepted: 20 }),
  line('f', { clones: 1 }),
]
const names = (order: Order, name = '', concern?: Concern) =>
  arrangeLines(lines, { name, concern: concern ?? undefined, order })
    .map(({ device }) => device)
    .join('')

test('those with something the matter come first, the worst before all', () => {
  expect(names(undefined)).toBe('efcdba')
  expect(concernsOf(line('d', { quarantined: 9, missing: 1 }))).toEqual(['quarantined', 'missing'])
  expect(countConcerns(lines)).toEqual({ out: 1, cloned: 1, pending: 1, quarantined: 1, missing: 2 })
})

test('a column sorts the larger first, then turns round, then lets go', () => {
  const once = pressed(undefined, 'accepted')
  expect(names(once)).toBe('aebcdf')
  const twice = pressed(once, 'accepted')
  expect(names(twice)).toBe('bcdfea')
  expect(pressed(twice, 'accepted')).toBeUndefined()
  expect(names(pressed(once, 'device'))).toBe('abcdef')
})

test('by name and by concern', () => {
  expect(names(undefined, 'd')).toBe('d')
  expect(names(undefined, '', 'missing')).toBe('db')
})
