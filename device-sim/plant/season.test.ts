import { expect, test } from 'vitest'
import { modeAt, seasonSchema } from './season.ts'

test('one word holds for the whole scenario, and turns each until the next', () => {
  const winter = seasonSchema.parse('heating')
  expect([0, 1e6].map((s) => modeAt(winter, s))).toEqual(['heating', 'heating'])
  const opening = seasonSchema.parse([
    { t: 3_600, mode: 'fill-test' },
    { t: 7_200, mode: 'ramp' },
  ])
  expect([-60, 0, 7_199, 7_200].map((s) => modeAt(opening, s))).toEqual([
    'fill-test',
    'fill-test',
    'fill-test',
    'ramp',
  ])
})

test.each<[string, unknown, string]>([
  [
    'a word that is no mode',
    'summer',
    'expected off, fill-test, ramp, heating, shutdown, or a list of turns',
  ],
  ['no turn at all', [], 'Too small'],
  [
    'turns out of order',
    [
      { t: 60, mode: 'ramp' },
      { t: 0, mode: 'heating' },
    ],
    'in the order of their time',
  ],
  ['a turn before the start', [{ t: -1, mode: 'ramp' }], 'Too small'],
])('%s is refused with its reason', (_, season, reason) => {
  const { error } = seasonSchema.safeParse(season)
  expect(error?.issues).toHaveLength(1)
  expect(error?.issues[0]?.message).toContain(reason)
})
