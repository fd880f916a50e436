import { expect, test } from 'vitest'
import { messagesAfter } from './intake-message.ts'

const salvaged = { origin: 100, end: 1_000, unused: [{ first: 201, last: 700 }] }

test.each([
  ['all of a log that was saved from a damaged file', 0, 400],
  ['from where it begins', 100, 400],
  ['from before the positions that were never given out', 200, 300],
  ['from the middle of them', 450, 300],
  ['from behind them', 700, 300],
  ['what is left at the end', 999, 1],
  ['nothing', 1_000, 0],
  ['nothing, for a consumer of a later log', 1_500, 0],
])('of %s the messages wait that were given out', (_, after, waiting) => {
  expect(messagesAfter(after, salvaged)).toBe(waiting)
})
