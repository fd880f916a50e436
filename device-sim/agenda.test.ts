import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Agenda } from './agenda.ts'

function takeAll(agenda: Agenda): [number, number][] {
  const taken: [number, number][] = []
  for (; agenda.next >= 0; agenda.drop()) taken.push([agenda.nextMs, agenda.next])
  return taken
}

const byTimeThenRank = (a: readonly number[], b: readonly number[]) =>
  (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0)

test('whatever is put in comes out by time, and at the same time by rank', () => {
  const entries = fc.array(fc.tuple(fc.nat(20), fc.nat(20)))
  fc.assert(
    fc.property(entries, (all) => {
      const agenda = new Agenda()
      for (const [atMs, rank] of all) agenda.add(atMs, rank)
      expect(takeAll(agenda)).toEqual(all.toSorted(byTimeThenRank))
    }),
  )
})

test('who is put off takes its new place', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1 }), fc.nat(20), (times, laterMs) => {
      const agenda = new Agenda()
      for (const [rank, atMs] of times.entries()) agenda.add(atMs, rank)
      const expected = times.map((atMs, rank): [number, number] => [atMs, rank]).toSorted(byTimeThenRank)
      const first = expected.shift()
      if (first) expected.push([first[0] + laterMs, first[1]])
      agenda.postpone(agenda.nextMs + laterMs)
      expect(takeAll(agenda)).toEqual(expected.toSorted(byTimeThenRank))
    }),
  )
})
