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
      const dropped = points.filter(({ position }) => poison.has(position)).length
      if (dropped === 0) return Promise.resolve()
      const reason = `partial write: field type conflict dropped=${dropped}`
      return Promise.reject(new HistoryWriteError({ failure: 'partial', reason, dropped }))
    },
    start: unused,
    range: unused,
    days: unused,
    last: unused,
    readings: unused,
    upkeep: unused,
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

const positionOf = ({ position }: Point) => position

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
      const found = await storeIsolating(store, batchOf(count), () => {})
      expect(new Set(found.map(({ position }) => position))).toEqual(poison)
      expect(store.kept.size).toBe(count - poison.size)
    }),
  )
})

test('one bad point among 5,000 costs a search, not 5,000 writes', async () => {
  const store = pickyStore(new Set([4_711]))
  await storeIsolating(store, batchOf(5_000), () => {})
  expect(store.writes).toBeLessThan(30)
})

test('a field of another type in every reading of one kind is found by a search, not point by point', async () => {
  const stations = batchOf(5_000).points.map((sample) =>
    sample.position % 2 === 0 ? { ...sample, kind: 'heat-station' as const } : sample,
  )
  const store = pickyStore(new Set(stations.filter(({ kind }) => kind === 'heat-station').map(positionOf)))
  const found = await storeIsolating(store, { from: 1, to: 5_000, points: stations }, () => {})
  expect(found).toHaveLength(2_500)
  expect(store.kept.size).toBe(2_500)
  expect(store.writes).toBeLessThan(30)
})

test('what is too large is sent in parts, and put aside never', async () => {
  const roomy = pickyStore(new Set())
  const store = { ...roomy }

  const limitTo = (most: number) => {
    store.write = (batch) =>
      batch.points.length > most
        ? Promise.reject(new HistoryWriteError({ failure: 'too-large', reason: 'request too large' }))
        : roomy.write(batch)
  }
  limitTo(700)
  const answers: string[] = []
  expect(await storeIsolating(store, batchOf(5_000), ({ failure }) => answers.push(failure))).toEqual([])
  expect(store.kept.size).toBe(5_000)
  expect(answers).toEqual(Array.from({ length: 7 }, () => 'too-large'))
  limitTo(0)
  await expect(storeIsolating(store, batchOf(2), () => {})).rejects.toThrow('request too large')
})

test('a store that is down is not searched for a bad point', async () => {
  const store = pickyStore(new Set())
  store.write = () =>
    Promise.reject(new HistoryWriteError({ failure: 'unavailable', reason: 'nobody there' }))
  await expect(storeIsolating(store, batchOf(10), () => {})).rejects.toThrow('nobody there')
})
