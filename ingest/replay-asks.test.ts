import { expect, test } from 'vitest'
import { ask, askAgainAfterMs, asksPerDevice, dueAsk, gapWaitMs, giveUp, reconcile } from './replay-asks.ts'
import { SeenSequences } from './sequences.ts'

const minute = 60_000
const look = (nowMs: number) => ({ nowMs, deliveryMs: 0 })

function heard(numbers: readonly number[], seen = new SeenSequences()): SeenSequences {
  for (const seq of numbers) seen.remember(1, seq)
  return seen
}

test('a gap is not asked for while it may still close by itself', () => {
  const asks = reconcile([], heard([1, 5]), look(0))
  expect(dueAsk(asks, gapWaitMs - 1)).toBeUndefined()
  expect(dueAsk(asks, gapWaitMs)).toMatchObject({ boot: 1, from: 2, to: 4 })
})

test('a scheduled upload has the time that its device declared', () => {
  const hour = 60 * minute
  const asks = reconcile([], heard([1, 5]), { nowMs: 0, deliveryMs: hour })
  expect(dueAsk(asks, hour)).toBeUndefined()
  expect(dueAsk(asks, hour + gapWaitMs)).toBeDefined()
})

test('it is asked for again with longer and longer pauses, and then given up', () => {
  let asks = reconcile([], heard([1, 5]), look(0))
  const askedAtMs: number[] = []
  for (let nowMs = 0; nowMs < 24 * 60 * minute; nowMs += minute / 2) {
    const due = dueAsk(asks, nowMs)
    if (!due) continue
    const next = ask(due, nowMs)
    asks = asks.map((was) => (was === due ? next : was))
    if (next.nextMs !== null) askedAtMs.push(nowMs)
  }
  expect(askedAtMs.map((atMs) => atMs / minute)).toEqual([0.5, 1.5, 6.5, 36.5, 156.5])
  expect(askedAtMs).toHaveLength(askAgainAfterMs.length)
  expect(asks).toMatchObject([{ from: 2, to: 4, asked: 5, nextMs: null }])
})

test('what is left after an incomplete answer is the same gap, and what has come is none', () => {
  const seen = heard([1, 9])
  const [gap] = reconcile([], seen, look(0))
  const asked = gap ? [ask(gap, gapWaitMs)] : []
  heard([4, 5], seen)
  const left = reconcile(asked, seen, look(minute))
  expect(left).toMatchObject([
    { from: 2, to: 3, asked: 1 },
    { from: 6, to: 8, asked: 1 },
  ])
  heard([2, 3, 6, 7, 8], seen)
  expect(reconcile(left, seen, look(minute))).toEqual([])
})

test('a device with many gaps is looked after a few at a time, the oldest first', () => {
  const seen = heard(Array.from({ length: 100 }, (_, index) => index * 2))
  const asks = reconcile([], seen, look(0))
  expect(asks).toHaveLength(asksPerDevice)
  expect(asks[0]).toMatchObject({ from: 1, to: 1 })
})

test.each([40, 1_000])('%i gaps that stay for good do not keep a later one from being asked for', (gaps) => {
  const seen = heard(Array.from({ length: gaps + 1 }, (_, index) => index * 2))
  let asks = reconcile([], seen, look(0))
  while (dueAsk(asks, gapWaitMs)) asks = reconcile(asks.map(giveUp), seen, look(0))
  heard([2 * gaps + 5], seen)
  asks = reconcile(asks, seen, look(minute))
  expect(dueAsk(asks, minute + gapWaitMs)).toMatchObject({ from: 2 * gaps + 1, to: 2 * gaps + 4 })
})
