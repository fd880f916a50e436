import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { embeddedEngine, influxEngine, type Engine, type Place } from '../../test/support/history-engines.ts'
import { batchOf, historyBatch, pointAt, startMs } from '../../test/support/history-points.ts'
import { missing } from '../../test/support/programs.ts'
import type { Bucket, HistoryStore, Point, SeriesQuery } from './store.ts'
import { HistoryWriteError } from './write-error.ts'

/** What `HistoryStore` promises, asked of both engines; InfluxDB is a real one. */
const engines = [
  { name: 'DuckDB', start: embeddedEngine, unavailable: undefined },
  { name: 'InfluxDB', start: influxEngine, unavailable: missing('influxd') },
]

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const supply = { kind: 'heat-entrance', device: 'hengkang-b01-heat', signal: 'p_sup_kpa' } as const
const everything = { fromMs: startMs - 400 * dayMs, toMs: startMs + 400 * dayMs }

describe.each(engines)('history in $name', ({ start, unavailable }) => {
  describe.skipIf(unavailable)('a history store', () => {
    let engine: Engine
    let place: Place
    let store: HistoryStore

    beforeAll(async () => {
      engine = await start()
    })
    afterAll(() => engine.stop())
    beforeEach(async () => {
      place = await engine.create()
      store = place.open()
      await store.start()
    })
    afterEach(() => store.stop())

    const samples = async (query: SeriesQuery = supply) => {
      const [bucket] = await store.range({ ...query, ...everything, points: 1 })
      return bucket?.count ?? 0
    }

    test('a batch of readings is there when the write resolves', async () => {
      await store.write(historyBatch(1))
      expect(await samples()).toBe(20)
      expect(await samples({ ...supply, signal: 'p_ret_kpa' })).toBe(20)
    })

    test('the same batch again doubles nothing', async () => {
      await store.write(historyBatch(1))
      await store.write(historyBatch(1))
      expect(await samples()).toBe(20)
    })

    test('of a batch that overlaps only the new readings are added', async () => {
      await store.write(historyBatch(1))
      await store.write(historyBatch(11))
      expect(await samples()).toBe(30)
    })

    test('a message out of quarantine is written once, however far the log has come since', async () => {
      const replayed = { ...historyBatch(1), lane: 'replay' } as const
      await store.write(historyBatch(1_001))
      await store.write(replayed)
      await store.write(replayed)
      expect(await samples()).toBe(40)
      await store.write(historyBatch(1_021))
      expect(await samples()).toBe(60)
    })

    test('a process that starts again knows how far it had come', async () => {
      await store.write(historyBatch(1))
      await store.stop()
      store = place.open()
      await store.start()
      await store.write(historyBatch(1))
      await store.write(historyBatch(11))
      expect(await samples()).toBe(30)
    })

    test('a stretch of the log without readings is written like any other', async () => {
      await store.write({ from: 1, to: 5, points: [] })
      await store.write(batchOf([pointAt(6)]))
      expect(await samples()).toBe(1)
    })

    test('writes that are asked for at once are all made', async () => {
      await Promise.all([1, 21, 41].map((from) => store.write(historyBatch(from))))
      expect(await samples()).toBe(60)
    })

    test('a batch larger than one request is stored whole', async () => {
      const points = Array.from({ length: 12_000 }, (_, nth) => pointAt(nth + 1))
      await store.write(batchOf(points))
      expect(await samples()).toBe(12_000)
    })

    test('two samples of one millisecond are two, where they stand apart', async () => {
      const sample = (position: number, apartNs: number) => pointAt(position, { t: startMs + 999, apartNs })
      await store.write(batchOf([sample(1, 0), sample(2, 1), sample(3, 999_999)]))
      expect(
        await store.range({ ...supply, fromMs: startMs, toMs: startMs + 1_000, points: 1 }),
      ).toMatchObject([{ count: 3 }])
      expect(await store.last(supply)).toMatchObject({ t: startMs + 999 })
    })

    test('two ports of a shed, and two signals of a port, stay apart', async () => {
      const charger = { kind: 'charger', device: 'hengkang-shed1-charger' } as const
      const port = (position: number, port: string, i_ma: number) =>
        pointAt(position, { ...charger, port, t: startMs, fields: { i_ma, u_dv: 2_300, phase: 'charging' } })
      await store.write(batchOf([port(1, 'p01', 1_000), port(2, 'p02', 2_000)]))
      const last = async (port: string, signal: string) =>
        (await store.last({ ...charger, port, signal }))?.value
      expect(await last('p01', 'i_ma')).toBe(1_000)
      expect(await last('p02', 'i_ma')).toBe(2_000)
      expect(await last('p02', 'u_dv')).toBe(2_300)
      expect(await store.last({ ...charger, signal: 'i_ma' })).toBeUndefined()
    })

    test('the readings of a site come back as they were, in the order of time and number', async () => {
      const shed = { kind: 'charger', device: 'hengkang-shed1-charger', seq: 7 } as const
      const points = [
        pointAt(1, { t: startMs + 2_000 }),
        pointAt(2, { t: startMs + 1_000, seq: 1, fields: { p_ret_kpa: 223 } }),
        pointAt(3, { ...shed, t: startMs + 1_500, port: 'p02', fields: { i_ma: 1, phase: 'charging' } }),
        pointAt(4, { ...shed, t: startMs + 1_500, seq: 8, port: 'p01', fields: { i_ma: 2 } }),
        pointAt(5, { site: 'elsewhere', device: 'elsewhere-b01-heat', t: startMs + 1_000 }),
        pointAt(6, { t: startMs + 3_000 }),
      ]
      await store.write(batchOf(points))
      const readings = await store.readings({ site: 'hengkang', fromMs: startMs, toMs: startMs + 3_000 })
      expect(readings).toEqual([1, 2, 3, 0].map((at) => storedOf(points[at])))
    })

    test('a site that never spoke has no readings', async () => {
      expect(await store.readings({ site: 'nowhere', ...everything })).toEqual([])
    })

    test('a chart has at most as many points as it asked for, each true to the samples under it', async () => {
      const sample = fc.record({
        t: fc.integer({ min: 0, max: dayMs }),
        kpa: fc.integer({ min: -2_000, max: 2 ** 40 }),
      })
      const chart = fc.record({
        samples: fc.uniqueArray(sample, { selector: ({ t }) => t, minLength: 1, maxLength: 200 }),
        from: fc.integer({ min: 0, max: dayMs }),
        length: fc.integer({ min: 1, max: dayMs }),
        points: fc.integer({ min: 1, max: 50 }),
      })
      let position = 0
      let device = 0
      await fc.assert(
        fc.asyncProperty(chart, async ({ samples, from, length, points }) => {
          const query = { kind: 'heat-station', device: `station-${++device}`, signal: 'p_ret_kpa' } as const
          const window = { fromMs: startMs + from, toMs: startMs + from + length }
          const drawn = samples.map(({ t, kpa }) =>
            pointAt(++position, { ...query, t: startMs + t, fields: { p_ret_kpa: kpa } }),
          )
          await store.write(batchOf(drawn))
          const buckets = await store.range({ ...query, ...window, points })
          expect(buckets.length).toBeLessThanOrEqual(points)
          expect(rounded(buckets)).toEqual(rounded(oracle(drawn, { ...window, points })))
        }),
        { numRuns: 25 },
      )
    })

    test('rolled up or not, however late it came, every sample counts once', async () => {
      const query = { kind: 'heat-station', device: 'hengkang-station', signal: 'p_ret_kpa' } as const
      const late = fc.record({
        t: fc.integer({ min: -3 * dayMs, max: dayMs - 1 }),
        kpa: fc.integer({ min: 0, max: 1_000 }),
      })
      const step = fc.record({
        samples: fc.uniqueArray(late, { selector: ({ t }) => t, maxLength: 20 }),
        pauseMs: fc.constantFrom(0, 5 * 60_000, hourMs, dayMs),
        followedBy: fc.constantFrom('upkeep', 'upkeep', 'restart', 'nothing'),
      })
      const written: Point[] = []
      const taken = new Set<number>()
      await fc.assert(
        fc.asyncProperty(step, fc.integer({ min: 1, max: 200 }), async (next, points) => {
          const fresh = next.samples.filter(({ t }) => !taken.has(t))
          const batch = fresh.map(({ t, kpa }, nth) =>
            pointAt(written.length + nth + 1, { ...query, t: startMs + t, fields: { p_ret_kpa: kpa } }),
          )
          if (batch.length > 0) await store.write(batchOf(batch))
          for (const { t } of fresh) taken.add(t)
          written.push(...batch)
          place.clock.advance(next.pauseMs)
          if (next.followedBy === 'upkeep') await store.upkeep()
          if (next.followedBy === 'restart') {
            await store.stop()
            store = place.open()
            await store.start()
          }
          for (const [fromMs, toMs] of [
            [startMs - 3 * dayMs, startMs + dayMs],
            [startMs - 5 * hourMs, startMs + 7 * hourMs],
          ] as const) {
            const asked = { fromMs, toMs, points }
            expect(rounded(await store.range({ ...query, ...asked }))).toEqual(
              rounded(oracle(written, asked)),
            )
          }
          const days = await store.days({ ...query, fromMs: startMs - 3 * dayMs, toMs: startMs + dayMs })
          expect(rounded(days)).toEqual(rounded(daysByHand(written)))
        }),
        { numRuns: 40 },
      )
    })

    test('the last value is the newest by the clock of the device, number or word', async () => {
      const doors = { kind: 'charger', device: 'hengkang-shed1-charger' } as const
      const state = (position: number, t: number, door: number, phase: string) =>
        pointAt(position, { ...doors, t: startMs + t, fields: { door, phase } })
      await store.write(batchOf([state(1, 5_000, 1, 'charging'), state(2, 2_000, 0, 'plugged')]))
      expect(await store.last({ ...doors, signal: 'door' })).toEqual({ t: startMs + 5_000, value: 1 })
      expect(await store.last({ ...doors, signal: 'phase' })).toEqual({
        t: startMs + 5_000,
        value: 'charging',
      })
    })

    test('a device that fell silent a year ago still has a last value', async () => {
      const silent = { ...supply, device: 'hengkang-b02-heat' }
      await store.write(
        batchOf([
          pointAt(1, { device: silent.device, t: startMs - 365 * dayMs, fields: { p_sup_kpa: 7 } }),
          pointAt(2),
        ]),
      )
      expect(await store.last(silent)).toEqual({ t: startMs - 365 * dayMs, value: 7 })
    })

    test('an enum has no chart', async () => {
      await store.write(batchOf([pointAt(1, { fields: { phase: 'charging', p_sup_kpa: 3 } })]))
      expect(await store.range({ ...supply, signal: 'phase', ...everything, points: 10 })).toEqual([])
    })

    test('days are cut at midnight in Yangquan, 16:00 UTC', async () => {
      const midnight = Date.UTC(2026, 0, 15, 16)
      const at = (position: number, t: number, kpa: number) =>
        pointAt(position, { t, fields: { p_sup_kpa: kpa } })
      await store.write(
        batchOf([
          at(1, midnight - dayMs, 10),
          at(2, midnight - 1, 30),
          at(3, midnight, 50),
          at(4, midnight + dayMs - 1, 70),
          at(5, midnight + dayMs, 90),
        ]),
      )
      expect(await store.days({ ...supply, fromMs: midnight - 1, toMs: midnight + 1 })).toEqual([
        { t: midnight - dayMs, min: 10, max: 30, mean: 20, count: 2, last: 30 },
        { t: midnight, min: 50, max: 70, mean: 60, count: 2, last: 70 },
      ])
    })

    test('where clocks go forward the day has 23 hours', async () => {
      const before = Date.parse('2026-03-27T23:00Z')
      const hourly = Array.from({ length: 71 }, (_, hour) => pointAt(hour + 1, { t: before + hour * hourMs }))
      await store.write(batchOf(hourly))
      await store.stop()
      store = place.open('Europe/Berlin')
      await store.start()
      const days = await store.days({ ...supply, fromMs: before, toMs: before + 71 * hourMs })
      expect(days.map(({ t, count }) => [new Date(t).toISOString(), count])).toEqual([
        ['2026-03-27T23:00:00.000Z', 24],
        ['2026-03-28T23:00:00.000Z', 23],
        ['2026-03-29T22:00:00.000Z', 24],
      ])
    })

    test('a series nobody wrote is empty, not an error', async () => {
      const unknown = { ...supply, device: 'no-such-device' }
      expect(await store.range({ ...unknown, ...everything, points: 10 })).toEqual([])
      expect(await store.days({ ...unknown, fromMs: startMs, toMs: startMs + dayMs })).toEqual([])
      expect(await store.last(unknown)).toBeUndefined()
    })

    test('names with quotes and commas are names, nothing more', async () => {
      const odd = { kind: 'gateway', device: `a,b=c "d' e`, signal: `x" y,z` } as const
      await store.write(
        batchOf([pointAt(1, { ...odd, fields: { [odd.signal]: 1, word: String.raw`\"o"\ ` } })]),
      )
      expect(await samples(odd)).toBe(1)
      expect(await store.last({ ...odd, signal: 'word' })).toMatchObject({ value: String.raw`\"o"\ ` })
    })

    test('a query out of bounds is refused before it is asked', async () => {
      await expect(store.range({ ...supply, fromMs: 2, toMs: 1, points: 1 })).rejects.toThrow(RangeError)
      await expect(store.range({ ...supply, ...everything, points: 0 })).rejects.toThrow(RangeError)
    })

    test('a store that can take writes answers a ping, also before its first write', async () => {
      await expect(store.ping()).resolves.toBeUndefined()
    })

    test('a store that is down rejects, and loses nothing that it had confirmed', async () => {
      await store.write(historyBatch(1))
      await place.takeDown(store)
      await expect(store.write(historyBatch(21))).rejects.toThrow(HistoryWriteError)
      await expect(store.ping()).rejects.toThrow()
      await expect(store.last(supply)).rejects.toThrow()
      store = await place.bringBack(store)
      await expect.poll(() => samples()).toBe(20)
      await store.write(historyBatch(21))
      expect(await samples()).toBe(40)
    })
  })
})

/** The chart by hand: from a minute a bucket on, whole minutes or hours. */
function oracle(points: readonly Point[], query: { fromMs: number; toMs: number; points: number }): Bucket[] {
  const exactMs = Math.ceil((query.toMs - query.fromMs) / query.points)
  const widthMs = [hourMs, 60_000].find((width) => exactMs >= width) ?? 1
  const fromMs = Math.floor(query.fromMs / widthMs) * widthMs
  const toMs = Math.ceil(query.toMs / widthMs) * widthMs
  const slotMs = Math.ceil((toMs - fromMs) / query.points / widthMs) * widthMs
  const slots = Map.groupBy(
    points.filter(({ t }) => t >= fromMs && t < toMs),
    ({ t }) => fromMs + Math.floor((t - fromMs) / slotMs) * slotMs,
  )
  return [...slots].map(([t, inSlot]) => bucketOf(t, inSlot)).sort((a, b) => a.t - b.t)
}

/** Midnight in Yangquan is 16:00 UTC. */
function daysByHand(points: readonly Point[]): Bucket[] {
  const eightHours = 8 * hourMs
  const days = Map.groupBy(points, ({ t }) => Math.floor((t + eightHours) / dayMs) * dayMs - eightHours)
  return [...days].map(([t, inDay]) => bucketOf(t, inDay)).sort((a, b) => a.t - b.t)
}

function bucketOf(t: number, points: readonly Point[]): Bucket {
  const inOrder = points.toSorted((a, b) => a.t - b.t).map(({ fields }) => Number(fields['p_ret_kpa']))
  const mean = inOrder.reduce((sum, value) => sum + value, 0) / inOrder.length
  return {
    t,
    min: Math.min(...inOrder),
    max: Math.max(...inOrder),
    mean,
    count: inOrder.length,
    last: inOrder.at(-1) ?? 0,
  }
}

/** The engines sum in another order than the oracle. */
function rounded(buckets: readonly Bucket[]): Bucket[] {
  return buckets.map((bucket) => ({ ...bucket, mean: Math.round(bucket.mean * 100) / 100 }))
}

function storedOf(point: Point | undefined) {
  if (!point) throw new Error('there is no such point')
  const { position: _, ...stored } = point
  return stored
}
