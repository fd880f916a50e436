import { expect, test } from 'vitest'
import { everybody, firstTurn, inTurn, isNext, overdue, turn, type Turn } from './turn.ts'

const second = 1_000

/** What goes through at each arrival `seq` or [seq, boot], one a second. */
function through(at: Turn, arrivals: readonly (number | [seq: number, boot: number])[]): number[][] {
  return arrivals.map((arrival, index) => {
    const [seq, boot] = typeof arrival === 'number' ? [arrival, 1] : arrival
    if (isNext(at, boot, seq)) return [seq]
    return inTurn(at, { boot, seq, receivedMs: index * second }).map((ticket) => ticket.seq)
  })
}

const traces: Record<string, [arrivals: readonly (number | [number, number])[], through: number[][]]> = {
  'without a gap nobody waits': [[4, 5, 6], [[4], [5], [6]]],
  'behind a gap everybody waits, until it is filled': [[1, 3, 4, 2, 5], [[1], [], [], [2, 3, 4], [5]]],
  'a gap within a gap': [[1, 5, 3, 2, 4], [[1], [], [], [2, 3], [4, 5]]],
  'what comes again does not wait, nor does it take a turn': [[1, 2, 1, 4, 4, 3], [[1], [2], [1], [], [], [3, 4]]],
  'a new life waits for nothing of the old one': [[1, 3, [1, 2], [2, 2]], [[1], [], [3, 1], [2]]],
  'a word of the old life goes through, late as it is': [[[1, 2], [7, 1], [2, 2]], [[1], [7], [2]]],
  'after 4294967295 comes 0': [[4_294_967_294, 0, 4_294_967_295, 1], [[4_294_967_294], [], [4_294_967_295, 0], [1]]],
} // prettier-ignore

test.each(Object.entries(traces))('%s', (_, [arrivals, expected]) => {
  expect(through(firstTurn(true), arrivals)).toEqual(expected)
  let again = firstTurn(true)
  const hopping = arrivals.map((arrival) => {
    again = turn.parse(JSON.parse(JSON.stringify(again)))
    return through(again, [arrival])[0]
  })
  expect(hopping, 'with a restart before each').toEqual(expected)
})

test('who has waited long enough goes through, with those behind that have nothing to wait for', () => {
  const at = firstTurn(true)
  through(at, [1, 3, 4, 6])
  expect(overdue(at, 0)).toEqual([])
  expect(overdue(at, 1 * second).map(({ seq }) => seq)).toEqual([3, 4])
  expect(overdue(at, 2 * second)).toEqual([])
  expect(everybody(at).map(({ seq }) => seq)).toEqual([6])
  expect(through(at, [7, 2])).toEqual([[7], [2]])
})

test('a queue has a limit: beyond it the missing one has had its turn', () => {
  const at = firstTurn(true)
  const let64Wait = through(at, [1, ...Array.from({ length: 64 }, (_, index) => index + 3)])
  expect(let64Wait.flat()).toEqual([1])
  expect(through(at, [67]).flat()).toHaveLength(65)
})

test('behind a device that uploads what it has stored nobody waits', () => {
  expect(through(firstTurn(false), [1, 9, 3])).toEqual([[1], [9], [3]])
})
