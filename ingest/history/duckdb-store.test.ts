import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { batchOf, historyBatch, pointAt, startMs } from '../../test/support/history-points.ts'
import { systemClock, VirtualClock, type Clock } from '../../platform/clock.ts'
import { DuckDbStore } from './duckdb-store.ts'
import { dayMs, minuteMs, type Keep, keepOf } from './resolution.ts'

const endless = join(import.meta.dirname, '../../test/support/endless-history.ts')
const supply = { kind: 'heat-entrance', device: 'hengkang-b01-heat', signal: 'p_sup_kpa' } as const
const timeZone = 'Asia/Shanghai'

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'))
  file = join(folder, 'deep', 'history.duckdb')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Runs a writer on `file`, kills it with -9 after so many confirmed batches; the last position confirmed. */
async function writeUntilKilled(batches: number): Promise<number> {
  const writer = spawn(process.execPath, ['--no-warnings', endless, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(writer, 'exit')
  let confirmed = 0
  let seen = 0
  for await (const line of createInterface({ input: writer.stdout })) {
    confirmed = Number(line)
    if (++seen === batches) writer.kill('SIGKILL')
  }
  await gone
  return confirmed
}

async function opened(kept: { clock?: Clock; keep?: Keep } = {}): Promise<DuckDbStore> {
  const store = new DuckDbStore({ file, timeZone, clock: systemClock, ...kept })
  await store.start()
  return store
}

/** What the version before rollups left behind. */
async function earlierFile(): Promise<void> {
  await mkdir(dirname(file))
  const database = await DuckDBInstance.create(file)
  const connection = await database.connect()
  await connection.run(`
    create table series (id integer not null, kind varchar not null, site varchar not null, device varchar not null,
      port varchar not null, signal varchar not null);
    create table sample (series integer not null, t bigint not null, boot uinteger not null, seq uinteger not null,
      number bigint, word varchar);
    create table log_position as select 20::bigint as position;
    insert into series values (1, 'heat-entrance', 'hengkang', 'hengkang-b01-heat', '', 'p_sup_kpa');
    insert into sample select 1, ${startMs} + n * 1000, 1, n, 350 + n, null from range(1, 21) as all_of(n)`)
  connection.closeSync()
  database.closeSync()
}

async function samples(store: DuckDbStore): Promise<number> {
  const [bucket] = await store.range({ ...supply, fromMs: startMs, toMs: startMs + 10 ** 10, points: 1 })
  return bucket?.count ?? 0
}

test('a file of the version before rollups is taken over, with its readings', async () => {
  await earlierFile()
  const store = await opened()
  await store.write(historyBatch(21))
  expect(await samples(store)).toBe(40)
  await store.upkeep()
  expect(await samples(store)).toBe(40)
  await store.stop()
  const again = await opened()
  expect(await samples(again)).toBe(40)
  await again.stop()
})

test.each([1, 7, 60])(
  'kill -9 after %i confirmed batches, in the middle of a rollup: all of them are there, and the rest comes once',
  async (batches) => {
    const confirmed = await writeUntilKilled(batches)
    const store = await opened()
    // The batch in flight may have been committed before its confirmation could be printed.
    expect([confirmed, confirmed + 20]).toContain(await samples(store))
    for (const from of [confirmed - 19, confirmed + 1, confirmed + 11]) await store.write(historyBatch(from))
    expect(await samples(store)).toBe(confirmed + 30)
    await store.upkeep()
    expect(await samples(store)).toBe(confirmed + 30)
    await store.stop()
  },
)

test('a value that is no integer fails its batch by name, and the batch leaves nothing behind', async () => {
  const store = await opened()
  const poisoned = batchOf([pointAt(1), pointAt(2, { fields: { new_signal: 3.5, p_sup_kpa: 1 } })])
  await expect(store.write(poisoned)).rejects.toMatchObject({
    failure: 'failed',
    reason: expect.stringContaining('new_signal of hengkang-b01-heat'),
  })
  expect(await samples(store)).toBe(0)
  await store.write(historyBatch(1))
  expect(await samples(store)).toBe(20)
  await store.stop()
})

test('a write that fails on its way into the file leaves nothing behind', async () => {
  const store = await opened()
  await store.write(historyBatch(1))
  const beyondU32 = batchOf([pointAt(21, { fields: { fresh: 1 } }), pointAt(22, { seq: 2 ** 40 })])
  await expect(store.write(beyondU32)).rejects.toMatchObject({ failure: 'failed' })
  await store.write(historyBatch(21))
  expect(await samples(store)).toBe(40)
  expect(await store.last({ ...supply, signal: 'fresh' })).toBeUndefined()
  await store.stop()
})

test('a file that another process holds is not opened', async () => {
  const writer = spawn(process.execPath, ['--no-warnings', endless, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(writer.stdout, 'data')
  await expect(opened()).rejects.toThrow('lock')
  const gone = once(writer, 'exit')
  writer.kill('SIGKILL')
  await gone
})

describe('what is past its keep', () => {
  const chart = { ...supply, fromMs: startMs, toMs: startMs + 10 * minuteMs, points: 600 }

  test('goes, its minutes answer for it, and a straggler joins them', async () => {
    const clock = new VirtualClock(startMs + minuteMs)
    const store = await opened({ clock, keep: keepOf({ raw: 35, minute: 366, hour: 3_653 }) })
    const words = pointAt(61, { t: startMs + 61_000, fields: { phase: 'charging' } })
    await store.write(batchOf([...Array.from({ length: 60 }, (_, nth) => pointAt(nth + 1)), words]))
    await store.upkeep()
    expect(await store.range(chart)).toHaveLength(60)
    clock.advance(36 * dayMs)
    await store.upkeep()
    const first = { t: startMs, min: 500, max: 549, mean: 500 + 1_270 / 59, count: 59, last: 509 }
    const second = { t: startMs + minuteMs, min: 510, max: 510, mean: 510, count: 1, last: 510 }
    expect(await store.range(chart)).toEqual([{ ...first, mean: expect.closeTo(first.mean, 6) }, second])
    expect(await store.last(supply)).toEqual({ t: startMs + 60_000, value: 510 })
    expect(await store.last({ ...supply, signal: 'phase' })).toEqual({
      t: startMs + 61_000,
      value: 'charging',
    })
    const straggler = pointAt(62, { t: startMs + 90_000, fields: { p_sup_kpa: 20 } })
    await store.write(batchOf([straggler]))
    for (const _ of ['before its pass', 'after it'] as const) {
      expect((await store.range(chart))[1]).toEqual({
        t: second.t,
        min: 20,
        max: 510,
        mean: 265,
        count: 2,
        last: 20,
      })
      clock.advance(dayMs)
      await store.upkeep()
    }
    clock.advance(4_000 * dayMs)
    await store.upkeep()
    expect(await store.days({ ...supply, fromMs: startMs, toMs: startMs + 1 })).toMatchObject([
      { count: 61, last: 20 },
    ])
    expect(await store.range(chart)).toMatchObject([{ min: 20, count: 61 }])
    await store.stop()
  })

  test('gives its room back: the file of a month is no larger than that of three days', async () => {
    const clock = new VirtualClock(startMs)
    const store = await opened({ clock, keep: { rawMs: dayMs, minuteMs: dayMs, hourMs: dayMs } })
    const sizes: number[] = []
    for (let day = 0; day < 30; day++) {
      const from = day * 8_640
      const tens = Array.from({ length: 8_640 }, (_, nth) =>
        pointAt(from + nth + 1, { t: startMs + (from + nth) * 10_000 }),
      )
      await store.write(batchOf(tens))
      clock.advance(dayMs)
      await store.upkeep()
      sizes.push((await stat(file)).size)
    }
    expect(Math.max(...sizes.slice(20))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 10)))
    await store.stop()
  })
})

test('questions beyond the limit are turned away at once', async () => {
  const store = await opened()
  const asked = await Promise.allSettled(Array.from({ length: 80 }, () => store.ping()))
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(64)
  await store.stop()
})
