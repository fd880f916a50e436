import { expect, test } from 'vitest'
import { blindAfterMs, followLink, isBlind, type Link, type LinkEvent } from './link.ts'

const connecting: Link = { state: 'connecting', sinceMs: 0 }
const live: Link = { state: 'live', sinceMs: 10 }
const lost: Link = { state: 'lost', sinceMs: 20 }

const moves: [string, Link, LinkEvent, Link][] = [
  ['the first snapshot makes the line live', connecting, 'snapshot', { state: 'live', sinceMs: 99 }],
  ['a later snapshot does not restart it', live, 'snapshot', live],
  ['a break is remembered with its time', live, 'broken', { state: 'lost', sinceMs: 99 }],
  ['a second break does not make the page younger', lost, 'broken', lost],
  ['a page that never was live goes on connecting', connecting, 'broken', connecting],
  ['a snapshot after a break makes it live again', lost, 'snapshot', { state: 'live', sinceMs: 99 }],
]

test.each(moves)('%s', (_, was, event, then) => {
  expect(followLink(was, event, 99)).toEqual(then)
})

test('a page without a line believes nothing after two minutes, a live one always', () => {
  expect(isBlind(lost, 20 + blindAfterMs)).toBe(false)
  expect(isBlind(lost, 21 + blindAfterMs)).toBe(true)
  expect(isBlind(connecting, 1 + blindAfterMs)).toBe(true)
  expect(isBlind(live, 10 * blindAfterMs)).toBe(false)
})
