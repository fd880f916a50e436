import { expect, test } from 'vitest'
import { SeriesClock } from './series-clock.ts'

test('samples of one port in the same millisecond each get a millisecond of their own, also after a restart', () => {
  const before = new SeriesClock()
  expect(before.place('p03', 1_000)).toEqual({ t: 1_000, moved: false })
  expect(before.place('p03', 1_000)).toEqual({ t: 1_001, moved: true })
  const after = new SeriesClock(before.toJSON())
  expect(after.place('p03', 1_000)).toEqual({ t: 1_002, moved: true })
  expect(after.place('p03', 1_001), 'a place that was taken by a moved sample').toEqual({
    t: 1_003,
    moved: true,
  })
  expect(after.place('p03', 5_000)).toEqual({ t: 5_000, moved: false })
})

test('ports do not disturb each other, and an older sample keeps its own time', () => {
  const clock = new SeriesClock()
  clock.place('p01', 1_000)
  expect(clock.place('p02', 1_000)).toEqual({ t: 1_000, moved: false })
  expect(clock.place('p01', 400)).toEqual({ t: 400, moved: false })
})
