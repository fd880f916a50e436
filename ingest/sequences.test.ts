import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bootsLimit, rangesLimit, SeenSequences } from './sequences.ts'

const last = 4_294_967_295

/** What a process that starts again knows. */
const restarted = (seen: SeenSequences) => new SeenSequences(seen.toJSON())

function heard(boot: number, numbers: readonly number[], seen = new SeenSequences()): SeenSequences {
  for (const seq of numbers) seen.remember(boot, seq)
  return seen
}

test('a message that comes again is a duplicate, however late', () => {
  const seen = new SeenSequences()
  expect([1, 2, 3, 4].map((seq) => seen.remember(7, seq))).toEqual([true, true, true, true])
  expect([2, 4, 1].map((seq) => seen.remember(7, seq))).toEqual([false, false, false])
  expect(seen.remember(8, 2), 'the same number after a reboot is another message').toBe(true)
})

test('a gap is known until the replay fills it', () => {
  const seen = heard(1, [1, 2, 6, 7])
  expect(seen.latestGaps()).toEqual([{ boot: 1, from: 3, to: 5 }])
  expect(seen).toMatchObject({ missing: 3, filled: 0 })
  heard(1, [4], seen)
  expect(seen.latestGaps()).toEqual([
    { boot: 1, from: 3, to: 3 },
    { boot: 1, from: 5, to: 5 },
  ])
  heard(1, [3, 5], seen)
  expect(seen.latestGaps()).toEqual([])
  expect(seen).toMatchObject({ missing: 0, filled: 3 })
  expect(seen.toJSON().boots).toEqual([[1, 1, [[1, 7]]]])
})

test('after 4294967295 comes 0, within the same boot, and nothing after it is a duplicate', () => {
  const seen = heard(5, [0, 1, 2, last - 1, last])
  expect([0, 1, 2].map((seq) => seen.remember(5, seq))).toEqual([true, true, true])
  expect(seen.wraps).toBe(1)
  expect(seen.remember(5, last), 'a straggler from before the edge').toBe(false)
  expect(seen.remember(5, 1)).toBe(false)
  expect(restarted(seen).remember(5, 2)).toBe(false)
  expect(restarted(seen).remember(5, 3)).toBe(true)
  expect(seen.reboots).toBe(0)
})

test('a gap over the edge of 32 bits is asked for in the numbers of the device', () => {
  const seen = heard(5, [last - 2, 2])
  expect(seen.latestGaps()).toEqual([
    { boot: 5, from: last - 1, to: last },
    { boot: 5, from: 0, to: 1 },
  ])
  heard(5, [0, last, last - 1, 1], seen)
  expect(seen).toMatchObject({ missing: 0, filled: 4, wraps: 1 })
})

test('a reboot starts a new count, whose beginning must be there too', () => {
  const seen = heard(1, [40, 41])
  expect(seen.missing, 'what was said before we first listened is not a gap').toBe(0)
  heard(2, [4], seen)
  expect(seen.reboots).toBe(1)
  expect(seen.latestGaps()).toEqual([{ boot: 2, from: 1, to: 3 }])
  heard(2, [0, 1, 2, 3], seen)
  expect(seen).toMatchObject({ missing: 0, filled: 3, newestBoot: 2 })
  heard(1, [42], seen)
  expect(seen.reboots, 'a message of the life before is none').toBe(1)
})

test('whatever the order of arrival, it answers as a plain set of numbers would, also after a restart', () => {
  const arrivals = fc.array(fc.record({ boot: fc.nat(3), seq: fc.nat(40), restart: fc.boolean() }), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(arrivals, (messages) => {
      const oracle = new Set<string>()
      let seen = new SeenSequences()
      for (const { boot, seq, restart } of messages) {
        const isNew = !oracle.has(`${boot}/${seq}`)
        oracle.add(`${boot}/${seq}`)
        if (restart) seen = restarted(seen)
        expect(seen.remember(boot, seq)).toBe(isNew)
      }
      const holes = seen.latestGaps().flatMap(({ boot, from, to }) => {
        const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index)
        return numbers.map((seq) => `${boot}/${seq}`)
      })
      expect(holes.length, 'the count of missing numbers is that of the gaps').toBe(seen.missing)
      expect(holes.filter((hole) => oracle.has(hole))).toEqual([])
    }),
  )
})

test('the memory of one device has a limit, and what it forgets is told', () => {
  const seen = new SeenSequences()
  for (let seq = 0; seq < 3 * rangesLimit; seq++) seen.remember(1, seq * 2)
  expect(seen.missing + seen.forgotten).toBe(3 * rangesLimit - 1)
  expect(seen.forgotten).toBe(2 * rangesLimit)
  for (let boot = 2; boot < bootsLimit + 10; boot++) seen.remember(boot, 1)
  expect(JSON.stringify(seen).length).toBeLessThan(20 * rangesLimit)
  expect(seen).toMatchObject({ missing: 0, forgotten: 3 * rangesLimit - 1 })
})

test('the oldest of very many gaps is still a gap: what fills it late is stored, never taken for a repetition', () => {
  let seen = new SeenSequences()
  for (let seq = 0; seq <= 2 * (rangesLimit + 4); seq++) if (seq < 3 || seq % 2 === 0) seen.remember(1, seq)
  expect(seen.forgotten).toBeGreaterThan(0)
  seen = restarted(seen)
  expect(seen.remember(1, 3), 'it never came before').toBe(true)
  expect(seen.remember(1, 3), 'whether it has come is no longer known: rather twice than not at all').toBe(
    true,
  )
  expect(seen.remember(1, 2), 'below the first gap all is still known').toBe(false)
  expect(seen.remember(1, 100), 'and above the last that was given up').toBe(false)
  expect(seen.remember(1, 101)).toBe(true)
  expect(seen.remember(1, 101)).toBe(false)
})
