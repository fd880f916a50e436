import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Batch, HistoryStore, Point } from './history/store.ts'
import { HistoryWriteError } from './history/write-error.ts'
import { storeIsolating } from './isolate.ts'

/** A store that keeps what it likes and answers as InfluxDB does: `partial write`, the good points are in. */
function pickyStore(poison: ReadonlySet<number>): HistoryStore & { kept: Set<number>; writes: number } {
  const unused = () => Promise.reject(new Error('not asked for here'))
  const store = {
    kept: new Set<number>(),
    writes: 0,
    write({ points }: Batch): Promise<void> {
      store.writes++
      for (const { position } of points) if (!poison.has(position)) store.kept.add(position)
      if (points.some(({ position }) => poison.has(position))) {
        return Promise.reject(
          new HistoryWriteError({ failure: 'partial', reason: 'partial write: field type conflict' }),
        )
      }
      return Promise.resolve()
    },
    start: unused,
    range: unused,
    days: unused,
    last: unused,
    ping: unused,
    stop: unused,
  }
  return store
}

const point = (position: number): Point => ({
  position,
  site: 'hengkang',
  kind: 'heat-entrance',
  device: 'hengkang-b01-heat',
  t: position,
  boot: 1,
  seq: position,
  fields: { p_ret_kpa: 223 },
})

const batchOf = (count: number): Batch => ({
  from: 1,
  to: count,
  points: Array.from({ length: count }, (_, at) => point(at + 1)),
})

test('poisoned points are found wherever they hide, and all their neighbours are stored', async () => {
  const cases = fc.tuple(
    fc.integer({ min: 1, max: 300 }),
    fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 5 }),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ([count, positions]) => {
      const poison = new Set(positions.filter((position) => position <= count))
      const store = pickyStore(poison)
      const found = await storeIsolating(store, batchOf(count))
      expect(new Set(found.map(({ position }) => position))).toEqual(poison)
      expect(store.kept.size).toBe(count - poison.size)
    }),
  )
})

test('one bad point among 5,000 costs a search, not 5,000 writes', async () => {
  const store = pickyStore(new Set([4_711]))
  await storeIsolating(store, batchOf(5_000))
  expect(store.writes).toBeLessThan(30)
})

test('a store that is down is not searched for a bad point', async () => {
  const store = pickyStore(new Set())
  store.write = () =>
    Promise.reject(new HistoryWriteError({ failure: 'unavailable', reason: 'nobody there' }))
  await expect(storeIsolating(store, batchOf(10))).rejects.toThrow('nobody there')
})
