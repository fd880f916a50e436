import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { batchOf, historyBatch, pointAt, startMs } from '../../test/support/history-points.ts'
import { DuckDbStore } from './duckdb-store.ts'

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

async function opened(): Promise<DuckDbStore> {
  const store = new DuckDbStore({ file, timeZone })
  await store.start()
  return store
}

async function samples(store: DuckDbStore): Promise<number> {
  const [bucket] = await store.range({ ...supply, fromMs: startMs, toMs: startMs + 10 ** 10, points: 1 })
  return bucket?.count ?? 0
}

test.each([1, 7, 60])(
  'kill -9 after %i confirmed batches: all of them are there, and the rest comes once',
  async (batches) => {
    const confirmed = await writeUntilKilled(batches)
    const store = await opened()
    // The batch in flight may have been committed before its confirmation could be printed.
    expect([confirmed, confirmed + 20]).toContain(await samples(store))
    for (const from of [confirmed - 19, confirmed + 1, confirmed + 11]) await store.write(historyBatch(from))
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

test('questions beyond the limit are turned away at once', async () => {
  const store = await opened()
  const asked = await Promise.allSettled(Array.from({ length: 80 }, () => store.ping()))
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(64)
  await store.stop()
})
