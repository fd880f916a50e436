import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityOf, SeriesClock } from './series-clock.ts'

test('in order of time every sample has its millisecond for itself; ports do not disturb each other', () => {
  const clock = new SeriesClock()
  expect(clock.place('p01', 1_000, 1)).toBe(0)
  expect(clock.place('p02', 1_000, 2)).toBe(0)
  expect(clock.place('p01', 1_001, 3)).toBe(0)
})

test('a second sample of a millisecond stands apart in it, also after a restart', () => {
  const before = new SeriesClock()
  before.place('p03', 1_000, 7)
  const after = new SeriesClock(before.toJSON())
  expect(after.place('p03', 1_000, 8)).toBe(9)
})

test('backfill and a clock that was set back never land on what is there', () => {
  const moment = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 3 }))
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 200 }), (moments) => {
      const clock = new SeriesClock()
      const places = moments.map(([t, boot], seq) => `${t} ${clock.place('', t, identityOf({ boot, seq }))}`)
      expect(new Set(places).size).toBe(moments.length)
    }),
  )
})
