import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { batchOf, historyBatch, pointAt, startMs } from '../../test/support/history-points.ts'
import { startBetween } from '../../test/support/influx-between.ts'
import { startInfluxd, type RunningInfluxd } from '../../test/support/influxd.ts'
import { missing } from '../../test/support/programs.ts'
import { until } from '../../test/support/system.ts'
import { systemClock } from '../../platform/clock.ts'
import { influxServer, type InfluxSettings } from './influx-server.ts'
import { InfluxStore } from './influx-store.ts'
import type { Batch } from './store.ts'
import { dayMs, hourMs, keepOf } from './resolution.ts'

const supply = { kind: 'heat-entrance', device: 'hengkang-b01-heat', signal: 'p_sup_kpa' } as const
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function influxd(settings: Record<string, string> = {}): Promise<RunningInfluxd> {
  const server = await startInfluxd(settings)
  stops.push(() => server.stop())
  return server
}

async function opened(
  { marksFile = ':memory:', ...settings }: Omit<InfluxSettings, 'database'> & { marksFile?: string },
  timeoutMs = 10_000,
): Promise<InfluxStore> {
  const server = influxServer({ database: 'estate', ...settings })
  const store = new InfluxStore({
    server,
    timeZone: 'Asia/Shanghai',
    clock: systemClock,
    timeoutMs,
    marksFile,
  })
  await store.start()
  stops.push(() => store.stop())
  return store
}

/** False for a timeout; throws anything else. */
function isTimeout(cause: unknown): false {
  expect(cause).toMatchObject({ failure: 'timeout' })
  return false
}

/** InfluxDB says 200 before it begins: only the end of the body means done. */
async function command(url: string, q: string, login?: string): Promise<void> {
  const response = await fetch(`${url}/query`, {
    method: 'POST',
    body: new URLSearchParams({ q }),
    ...(login !== undefined && { headers: { authorization: `Basic ${btoa(login)}` } }),
  })
  expect(await response.json()).toEqual({ results: [{ statement_id: 0 }] })
}

async function samples(store: InfluxStore): Promise<number> {
  const [bucket] = await store.range({ ...supply, fromMs: startMs, toMs: startMs + 10 ** 9, points: 1 })
  return bucket?.count ?? 0
}

describe.skipIf(missing('influxd'))('what a real InfluxDB may answer to a write', () => {
  test('one poisoned reading: its neighbours are stored and InfluxDB says what is wrong', async () => {
    const store = await opened(await influxd())
    await store.write(historyBatch(1))
    const poisoned = pointAt(22, { fields: { p_sup_kpa: 'high' } })
    await expect(store.write(batchOf([pointAt(21), poisoned, pointAt(23)]))).rejects.toMatchObject({
      failure: 'partial',
      reason: expect.stringContaining(
        'input field "p_sup_kpa" on measurement "heat-entrance" is type string',
      ),
    })
    expect(await samples(store)).toBe(22)
  })

  test('nothing but a line it cannot read: refused', async () => {
    const store = await opened(await influxd())
    const unreadable = pointAt(1, { fields: { p_sup_kpa: 3.5 } })
    await expect(store.write(batchOf([unreadable]))).rejects.toMatchObject({ failure: 'refused' })
  })

  test('a database that was dropped under us is made again', async () => {
    const { url } = await influxd()
    const store = await opened({ url })
    await store.write(historyBatch(1))
    await command(url, 'DROP DATABASE estate')
    await store.write(historyBatch(21))
    expect(await samples(store)).toBe(20)
  })

  test('a wrong password is unauthorised, the right one is let in', async () => {
    const { url } = await influxd({ INFLUXDB_HTTP_AUTH_ENABLED: 'true' })
    await command(url, `CREATE USER ingest WITH PASSWORD 'right' WITH ALL PRIVILEGES`)
    const stranger = await opened({ url, username: 'ingest', password: 'wrong' })
    await expect(stranger.write(historyBatch(1))).rejects.toMatchObject({ failure: 'unauthorised' })
    await expect(stranger.ping()).rejects.toThrow('authorization failed')
    await expect(samples(stranger)).rejects.toThrow('authorization failed')
    const known = await opened({ url, username: 'ingest', password: 'right' })
    await known.write(historyBatch(1))
    expect(await samples(known)).toBe(20)
  })

  test('a login that may not make the database: unauthorised, until an administrator makes it', async () => {
    const { url } = await influxd({ INFLUXDB_HTTP_AUTH_ENABLED: 'true' })
    await command(url, `CREATE USER admin WITH PASSWORD 'right' WITH ALL PRIVILEGES`)
    const admin = await opened({ url, username: 'admin', password: 'right' })
    const ingest = await opened({ url, username: 'ingest', password: 'right' })
    await command(url, `CREATE USER ingest WITH PASSWORD 'right'`, 'admin:right')
    await expect(ingest.write(historyBatch(1))).rejects.toMatchObject({ failure: 'unauthorised' })
    await admin.ping()
    await command(url, `GRANT ALL ON estate TO ingest`, 'admin:right')
    await ingest.write(historyBatch(1))
    await expect(ingest.upkeep(), 'nor the databases of the rollups').rejects.toThrow('authoriz')
    expect(await samples(ingest), 'from the readings').toBe(20)
  })

  test('a body above its limit is too large', async () => {
    const store = await opened(await influxd({ INFLUXDB_HTTP_MAX_BODY_SIZE: '1000' }))
    await store.write(batchOf([pointAt(1)]))
    await expect(store.write(historyBatch(2))).rejects.toMatchObject({ failure: 'too-large' })
  })

  test('a limit on the size of a request that was raised is noticed, and few requests are enough again', async () => {
    const between = await startBetween((await influxd()).url)
    stops.push(() => between.stop())
    const store = await opened({ url: between.url })
    const points = Array.from({ length: 200 }, (_, nth) => pointAt(nth + 1))
    between.writesGet({ status: 413, body: '{"error":"Request Entity Too Large"}' })
    await expect(store.write(batchOf(points.slice(0, 1)))).rejects.toMatchObject({ failure: 'too-large' })
    between.writesGet('passed on')
    await store.write(batchOf(points))
    const before = between.writesAtMs.length
    await store.write(batchOf(points))
    expect(between.writesAtMs.length - before).toBe(1)
  })

  test('a server that hangs is given up, and once it wakes the same batch goes in', async () => {
    const server = await influxd()
    const store = await opened(server, 300)
    /** As the writer does: on a busy machine 300 ms may pass also without a frozen server. */
    const again = (batch: Batch) =>
      until('the batch is in', () => store.write(batch).then(() => true, isTimeout))
    await again(historyBatch(1))
    await server.freeze()
    await expect(store.write(historyBatch(21))).rejects.toMatchObject({ failure: 'timeout' })
    await expect(store.ping()).rejects.toThrow()
    server.thaw()
    await again(historyBatch(21))
    expect(await until('an answer', () => samples(store).catch(isTimeout))).toBe(40)
  })

  test('nobody there: unavailable, and back without a new store object', async () => {
    const server = await influxd()
    const store = await opened(server)
    await server.kill()
    await expect(store.write(historyBatch(1))).rejects.toMatchObject({ failure: 'unavailable' })
    await server.restart()
    await store.write(historyBatch(1))
    expect(await samples(store)).toBe(20)
  })
})

describe.skipIf(missing('influxd'))('rollups and retention in a real InfluxDB', () => {
  const recently = Date.now() - 2 * dayMs
  const at = (position: number, kpa: number) =>
    pointAt(position, { t: recently + position * 1_000, fields: { p_sup_kpa: kpa, phase: 'charging' } })
  const chart = { ...supply, fromMs: recently, toMs: recently + hourMs, points: 1 }

  test('databases that we make keep as long as they should, and what is older is refused in words', async () => {
    const { url } = await influxd()
    const store = await opened({ url, keep: keepOf({ raw: 35, minute: 366, hour: 3_653 }) })
    await store.write(batchOf([at(1, 500)]))
    await store.upkeep()
    const kept = async (database: string) => {
      const q = `SHOW RETENTION POLICIES ON ${database}`
      const answer = await fetch(`${url}/query?${new URLSearchParams({ q })}`)
      return /"(\d+h)0m0s"/.exec(await answer.text())?.[1] ?? 'for ever'
    }
    expect(await Promise.all(['estate', 'estate_1m', 'estate_1h', 'estate_1d'].map(kept))).toEqual(
      [35, 366, 3_653].map((days) => `${days * 24}h`).concat(`${3_640 * 24}h`),
    )
    const expired = pointAt(2, { t: Date.now() - 36 * dayMs })
    await expect(store.write(batchOf([expired, at(3, 500)]))).rejects.toMatchObject({
      failure: 'partial',
      dropped: 1,
      reason: expect.stringContaining('points beyond retention policy'),
    })
  })

  test('readings that have expired are told by their rollups, which a pass over nothing leaves alone', async () => {
    const { url } = await influxd()
    const store = await opened({ url })
    await store.write(batchOf([at(1, 500), at(2, 520), at(3, 507)]))
    await store.upkeep()
    await command(url, 'DROP DATABASE estate')
    const whole = { min: 500, max: 520, mean: 509, count: 3, last: 507 }
    expect(await store.range(chart)).toMatchObject([whole])
    expect(await store.last(supply)).toMatchObject({ value: 507 })
    expect(await store.last({ ...supply, signal: 'phase' })).toMatchObject({ value: 'charging' })
    await store.write(
      batchOf([pointAt(4, { t: recently + 400_000, fields: { p_sup_kpa: 100, phase: 'idle' } })]),
    )
    await store.upkeep()
    expect(await store.range(chart)).toMatchObject([{ min: 100, max: 520, count: 4, last: 100 }])
    expect(await store.range({ ...chart, points: 60 })).toHaveLength(2)
  })

  test('a process killed between a late reading and its rollup makes the rollup in its next life', async () => {
    const { url } = await influxd()
    const folder = await mkdtemp(join(tmpdir(), 'marks-'))
    stops.push(() => rm(folder, { recursive: true }))
    const marksFile = join(folder, 'rollups.db')
    const before = await opened({ url, marksFile })
    await before.write(batchOf([at(1, 500)]))
    await before.upkeep()
    await before.write(batchOf([at(2, 100)]))
    const after = await opened({ url, marksFile })
    expect(await after.range(chart), 'from the readings, as it is marked').toMatchObject([
      { min: 100, count: 2 },
    ])
    await after.upkeep()
    await command(url, 'DROP DATABASE estate')
    expect(await after.range(chart), 'from the rollup').toMatchObject([{ min: 100, count: 2 }])
  })

  test('a reading that is on its way to InfluxDB when a pass begins is in the rollups afterwards', async () => {
    const { url } = await influxd()
    const between = await startBetween(url)
    stops.push(() => between.stop())
    const store = await opened({ url: between.url })
    await store.write(batchOf([at(1, 500)]))
    const letGo = between.holdNextWrite()
    const onItsWay = store.write(batchOf([at(2, 100)]))
    await expect.poll(() => between.writesAtMs.length).toBe(2)
    const pass = store.upkeep()
    for (let look = 0; look < 20; look++) expect(await store.range(chart)).toMatchObject([{ count: 1 }])
    letGo()
    await Promise.all([onItsWay, pass])
    await store.upkeep()
    await command(url, 'DROP DATABASE estate')
    expect(await store.range(chart)).toMatchObject([{ min: 100, count: 2 }])
  })

  test('readings from before the marks are rolled up too', async () => {
    const { url } = await influxd()
    const before = await opened({ url })
    await before.write(batchOf([at(1, 500)]))
    const after = await opened({ url })
    expect(await after.range(chart), 'nothing was written in this life').toMatchObject([{ count: 1 }])
    await after.write(batchOf([at(2, 520)]))
    await after.upkeep()
    expect(await after.range(chart)).toMatchObject([{ count: 2 }])
  })
})

test('a store that was not started, or is stopped, takes nothing', async () => {
  const store = new InfluxStore({
    server: influxServer({ url: 'http://127.0.0.1:1', database: 'estate' }),
    timeZone: 'Asia/Shanghai',
    clock: systemClock,
    marksFile: ':memory:',
  })
  await expect(store.write(historyBatch(1))).rejects.toMatchObject({ failure: 'unavailable' })
  await store.start()
  await store.stop()
  await expect(store.write(historyBatch(1))).rejects.toMatchObject({ failure: 'unavailable' })
})
