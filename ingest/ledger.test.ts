import { expect, test } from 'vitest'
import { hasConcern, lineOf } from './ledger.ts'

/** The line of one device, when it is right and when it is not. */

const numbering = { missing: 0, givenUp: 0, filled: 0, reboots: 0, wraps: 0, regresses: 0, clones: 0 }
const dealt = (stored: number, quarantined = 0, duplicate = 0, carried = 0) => ({
  ...{ stored, quarantined, duplicate, carried, readings: stored, repeated: duplicate },
  ...numbering,
})
const count = { accepted: 10, wills: 1, refused: 3 }

test.each([
  ['adds up', { count, dealt: dealt(6, 1, 1), pending: 2 }, 0],
  ['is out by a message that got no outcome', { count, dealt: dealt(5, 1, 1), pending: 2 }, 1],
  ['is out by a message that was counted twice', { count, dealt: dealt(7, 1, 1), pending: 2 }, -1],
  ['adds up where everything still waits', { count, dealt: undefined, pending: 10 }, 0],
  [
    'adds up after the intake log was made anew, whose counts are carried on',
    { count: undefined, dealt: dealt(6, 1, 1, 8), pending: 0 },
    0,
  ],
  [
    'adds up for a device that was only ever turned away',
    { count: { accepted: 0, wills: 0, refused: 4 }, dealt: undefined, pending: 0 },
    0,
  ],
])('a line %s', (_, books, difference) => {
  expect(lineOf(books)).toMatchObject({ difference, pending: books.pending })
  expect(hasConcern.out(lineOf(books))).toBe(difference !== 0)
})

test('what was refused at the door and the wills are told, and not added up', () => {
  expect(lineOf({ count, dealt: dealt(10), pending: 0 })).toMatchObject({
    accepted: 10,
    wills: 1,
    refused: 3,
    difference: 0,
  })
})
