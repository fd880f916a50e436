import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bootsLimit, rangesLimit, SeenSequences } from './sequences.ts'

test('a message that comes again is a duplicate, however late', () => {
  const seen = new SeenSequences()
  expect([1, 2, 3, 4].map((seq) => seen.remember(7, seq))).toEqual([true, true, true, true])
  expect([2, 4, 1].map((seq) => seen.remember(7, seq))).toEqual([false, false, false])
  expect(seen.remember(8, 2), 'the same number after a reboot is another message').toBe(true)
})

test('a gap is known until the replay fills it', () => {
  const seen = new SeenSequences()
  for (const seq of [1, 2, 6, 7]) seen.remember(1, seq)
  expect(seen.gaps(1)).toBe(3)
  for (const seq of [4, 3, 5]) seen.remember(1, seq)
  expect(seen.gaps(1)).toBe(0)
  expect(seen.toString()).toBe('{"boots":[[1,[[1,7]]]]}')
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
        if (restart) seen = SeenSequences.parse(seen.toString())
        expect(seen.remember(boot, seq)).toBe(isNew)
      }
    }),
  )
})

test('the memory of one device has a limit', () => {
  const seen = new SeenSequences()
  for (let seq = 0; seq < 3 * rangesLimit; seq++) seen.remember(1, seq * 2)
  for (let boot = 2; boot < bootsLimit + 10; boot++) seen.remember(boot, 1)
  expect(seen.toString().length).toBeLessThan(20 * rangesLimit)
})
