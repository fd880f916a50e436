import { expect, test } from 'vitest'
import type { DeviceLine } from './book-rest.ts'
import { firstPage, pageAfter, pageBefore, wishFor, worstConcern } from './ledger-rows.ts'

const line = (counts: Partial<DeviceLine>): DeviceLine => ({
  ...{
    device: 'a',
    accepted: 10,
    stored: 10,
    quarantined: 0,
    duplicate: 0,
    pending: 0,
    refused: 0,
    wills: 0,
  },
  ...{ readings: 10, repeated: 0, missing: 0, givenUp: 0, filled: 0, reboots: 0, wraps: 0 },
  ...{ regresses: 0, clones: 0, difference: 0 },
  ...counts,
})

test('a device is marked by the worst of its concerns', () => {
  expect(worstConcern(line({}))).toBeUndefined()
  expect(worstConcern(line({ missing: 4 }))).toBe('missing')
  expect(worstConcern(line({ quarantined: 9, missing: 1 }))).toBe('quarantined')
  expect(worstConcern(line({ difference: -1, clones: 2 }))).toBe('out')
})

test('one turns pages forward and back, and begins anew with another wish', () => {
  const third = pageAfter(pageAfter({ ...firstPage, concern: 'missing' }, 'missing/b07'), 'missing/b19')
  expect(wishFor(third)).toEqual({ concern: 'missing', after: 'missing/b19' })
  expect(wishFor(pageBefore(third))).toEqual({ concern: 'missing', after: 'missing/b07' })
  expect(wishFor(pageBefore(pageBefore(third)))).toEqual({ concern: 'missing' })
  expect(wishFor({ ...firstPage, name: 'b01' })).toEqual({ device: 'b01' })
})
