import { describe, expect, test } from 'vitest'
import { damagedPublisher } from '../platform/intake-message.ts'
import { balance, type Books } from './ledger.ts'

/** The books of two devices, drawn up when they are right and when they are not. */

const numbering = { missing: 0, givenUp: 0, filled: 0, reboots: 0, wraps: 0, regresses: 0, clones: 0 }
const dealt = (stored: number, quarantined = 0, duplicate = 0, carried = 0) => ({
  ...{ stored, quarantined, duplicate, carried, readings: stored, repeated: duplicate },
  ...numbering,
})
const accepted = (count: number) => ({ accepted: count, wills: 0, refused: 0 })
const right: Books = {
  accepted: new Map([
    ['heat', accepted(10)],
    ['water', accepted(7)],
  ]),
  dealt: new Map([
    ['heat', dealt(6, 1, 1)],
    ['water', dealt(7)],
  ]),
  waiting: { devices: new Map([['heat', 2]]), uncounted: 0 },
  atMs: 0,
}

test('every line adds up, and so does the total', () => {
  const { total, devices, imbalance } = balance(right)
  expect(total).toMatchObject({ accepted: 17, stored: 13, quarantined: 1, duplicate: 1, pending: 2 })
  expect(devices).toMatchObject([
    { device: 'heat', accepted: 10, pending: 2, difference: 0 },
    { device: 'water', accepted: 7, pending: 0, difference: 0 },
  ])
  expect(imbalance).toBe(0)
})

describe('the books are out', () => {
  test('by a message that got no outcome', () => {
    const ledger = balance({ ...right, dealt: new Map([...right.dealt, ['water', dealt(6)]]) })
    expect(ledger).toMatchObject({ imbalance: 1, total: { difference: 1 } })
  })

  test('by a message that was counted twice', () => {
    const ledger = balance({ ...right, dealt: new Map([...right.dealt, ['water', dealt(8)]]) })
    expect(ledger).toMatchObject({ imbalance: 1, total: { difference: -1 } })
  })

  test('by a message that was counted for another device, though the total adds up', () => {
    const dealtElsewhere = new Map([
      ['heat', dealt(7, 1, 1)],
      ['water', dealt(6)],
    ])
    expect(balance({ ...right, dealt: dealtElsewhere })).toMatchObject({
      imbalance: 2,
      total: { difference: 0 },
    })
  })
})

test('messages that lie in a damaged part of the log are known in the total, and by no device', () => {
  const damaged = new Map([...right.dealt, ['water', dealt(4)], [damagedPublisher, dealt(0, 3)]])
  const ledger = balance({ ...right, dealt: damaged })
  expect(ledger).toMatchObject({ imbalance: 0, total: { quarantined: 4, unreadable: 3, difference: 0 } })
  expect(ledger.devices).toMatchObject([{ difference: 0 }, { device: 'water', difference: 3 }])
})

test('while a long queue is still being counted only the total is judged', () => {
  const waiting = { devices: new Map(), uncounted: 2 }
  expect(balance({ ...right, waiting })).toMatchObject({ imbalance: 0, uncounted: 2, total: { pending: 2 } })
  expect(balance({ ...right, waiting: { ...waiting, uncounted: 1 } }).imbalance).toBe(1)
})

test('what was dealt with before the intake log was made anew stays in the books', () => {
  const anew = new Map([...right.dealt, ['water', dealt(7, 0, 0, 7)]])
  const counts = new Map([...right.accepted, ['water', accepted(0)]])
  expect(balance({ ...right, accepted: counts, dealt: anew })).toMatchObject({
    imbalance: 0,
    total: { accepted: 17 },
  })
})
