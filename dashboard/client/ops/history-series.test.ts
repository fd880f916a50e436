import { expect, test } from 'vitest'
import { extremes, historyColumns } from './history-series.ts'

const minute = 60_000

function bucket(t: number, kpa: number) {
  return { t, min: kpa - 2, max: kpa + 2, mean: kpa }
}

test('supply and return sampled at different seconds share the axis, and their lines pass each other', () => {
  const columns = historyColumns(
    { supply: [bucket(0, 352), bucket(minute, 350)], return: [bucket(10_000, 223)] },
    5 * minute,
  )
  expect(columns.t).toEqual([0, 10, 60])
  expect(columns.supply.mean).toEqual([0.352, undefined, 0.35])
  expect(columns.return.mean).toEqual([undefined, 0.223, undefined])
})

test('an hour of silence is a hole in the line, not a bridge over it', () => {
  const columns = historyColumns(
    { supply: [], return: [bucket(0, 223), bucket(60 * minute, 222)] },
    5 * minute,
  )
  expect(columns.return.mean).toEqual([0.223, null, 0.222])
  expect(columns.return.min).toEqual([0.221, null, 0.22])
})

test('a missed report or two is not yet a hole', () => {
  const columns = historyColumns(
    { supply: [], return: [bucket(0, 223), bucket(3 * minute, 222)] },
    5 * minute,
  )
  expect(columns.return.mean).toEqual([0.223, 0.222])
})

test('the lowest and highest come from the extremes of the buckets, not from their means', () => {
  expect(extremes([bucket(0, 223), bucket(minute, 168)])).toEqual({ min: 166, max: 225 })
  expect(extremes([])).toBeUndefined()
})
