import { expect, test } from 'vitest'
import { RejectBudget, rejectsPerWindow, rejectWindowMs } from './reject-budget.ts'

test('a babbling device is told ten times in ten seconds, and its neighbour all the same', () => {
  const budget = new RejectBudget()
  const told = Array.from({ length: 1_000 }, (_, at) => budget.spend('babbler', 5_000 + at * 10))
  expect(told.filter((yes) => yes)).toHaveLength(rejectsPerWindow)
  expect(budget.spend('neighbour', 14_000)).toBe(true)
  expect(budget.spend('babbler', 5_000 + rejectWindowMs)).toBe(true)
})
