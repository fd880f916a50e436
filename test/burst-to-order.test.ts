import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { demoRegistry } from '../device-sim/registry-file.ts'
import { loadFaultMemory } from '../estate/fault-memory.ts'
import { OrderBook } from '../estate/order-book.ts'
import { openRecords, type Records } from '../estate/records.ts'
import { parseRegistryFile } from '../estate/registry-file.ts'
import { saveRegistry } from '../estate/registry-store.ts'
import { isolationOf } from '../estate/valves.ts'
import { systemClock, type Clock } from '../platform/clock.ts'
import type { IntakeReader } from '../platform/intake-message.ts'
import { openIntakeReader } from '../platform/intake-reader.ts'
import { fillLog, saidBy, seed, startMs } from './support/said-log.ts'
import { watching } from './support/watching.ts'

/** The simulated estate against the whole watch: intake log, decode, fault engine, work orders; on simulated
 *  time, without a network. */

const replay = `npm run sim -- --offline --scenario burst --seed ${seed} --start 2026-01-15T07:00:00+08:00 --hours 0.25`

let folder: string
let records: Records

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'burst-'))
  records = await openRecords(join(folder, 'records.db'))
  await records.transaction().execute((trx) => saveRegistry(trx, parseRegistryFile(demoRegistry())))
})

afterEach(async () => {
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

/** One life of the watch over the log, up to `until` (a position) or its end. */
async function watch(until?: number) {
  const reader = openIntakeReader(join(folder, 'intake.db'))
  const end = until ?? reader.end()
  const clock: Clock = { ...systemClock, now: () => startMs }
  const read = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const life = await watching({
    records,
    reader: boundTo(reader, { end, onEnd: read.resolve }),
    clock,
    onCursor: (position) => (position >= end ? reached.resolve() : undefined),
  })
  const { registry, orders, alarmLog } = life
  await life.watch.start((cause) => reached.reject(cause))
  await read.promise
  await life.watch.stop()
  await reached.promise
  const result = {
    quality: await alarmLog.quality({ fromMs: startMs, toMs: startMs + 3_600_000, operators: 1 }),
    orders: await orders.list(),
    registry: registry.get(),
    end: reader.end(),
    origin: reader.origin(),
  }
  life.end()
  return result
}

/** The log as it was when it ended at `end`: what a watch sees that is killed there. */
function boundTo(reader: IntakeReader, { end, onEnd }: { end: number; onEnd: () => void }): IntakeReader {
  return {
    read: (after, limit) => {
      if (after >= end) onEnd()
      return reader.read(after, limit).filter(({ position }) => position <= end)
    },
    end: () => end,
    origin: () => reader.origin(),
    extent: () => ({ ...reader.extent(), end }),
    totals: () => reader.totals(),
    books: (devices) => reader.books(devices),
    devicesAfter: (search) => reader.devicesAfter(search),
    close: () => reader.close(),
  }
}

test(`a burst main becomes exactly one work order that names the station and every building (${replay})`, async () => {
  await fillLog(folder, saidBy('burst', 15))
  const { orders, registry, quality } = await watch()
  expect(quality.raised, 'what would have been read without correlation').toBeGreaterThan(20)
  expect(quality.announced, 'what had to be read').toBe(1)
  expect(orders.map(({ rule, root, severity, state }) => ({ rule, root, severity, state }))).toEqual([
    { rule: 'H01', root: 'hengkang-station', severity: 'P1', state: 'open' },
  ])
  const [order] = orders
  expect(order?.title.zh).toContain('换热站')
  expect(order?.affected.toSorted()).toEqual(
    registry
      .nodesOf('hengkang', 'building')
      .map(({ id }) => id)
      .toSorted(),
  )
  expect(order?.households).toBe(1_200)
  expect(order?.evidence.length).toBeGreaterThan(20)
  expect(order?.reason.en).toMatch(/deepest drop at building 1[345]/)
  expect(order?.reason.zh).toMatch(/1[345]号楼降幅最大/)
  expect(order?.suspected).toMatch(/^hengkang-b1[345]$/)
  const isolation = order && isolationOf(registry, order)
  expect(isolation, 'the branch with the break, not the whole station').toMatchObject({
    valves: ['hengkang-valve3'],
    buildings: ['hengkang-b11', 'hengkang-b12', 'hengkang-b13', 'hengkang-b14', 'hengkang-b15'],
    households: 300,
  })
})

test('the watch stopped at any moment of the burst, and started again, leaves the same one order', async () => {
  await fillLog(folder, saidBy('burst', 12))
  const { end, origin } = await watch(1)
  for (const share of [0.2, 0.4, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9]) {
    await watch(origin + Math.round((end - origin) * share))
  }
  const { orders } = await watch()
  expect(orders).toHaveLength(1)
  expect(orders[0]).toMatchObject({ rule: 'H01', root: 'hengkang-station', relapses: 0 })
})

test('a replay from the beginning, with all fault memory lost, finds its order already there', async () => {
  await fillLog(folder, saidBy('burst', 12))
  const before = await watch()
  await records.deleteFrom('fault_memory').execute()
  const after = await watch()
  expect(after.orders).toEqual(before.orders)
})

/** All that the watch wrote down, as text. */
async function remembered(): Promise<string> {
  const { snapshot, devices } = (await loadFaultMemory(records)) ?? {}
  return JSON.stringify([snapshot, ...(devices ?? [])])
}

test('an order closed in the moment in which the watch dies is heard of by its next life', async () => {
  await fillLog(folder, saidBy('burst', 4))
  const { orders } = await watch()
  expect(orders).toHaveLength(1)
  const book = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  const drill = { who: 'Li', why: 'a drill', atMs: startMs + 4 * 60_000 }
  expect(await book.act(orders[0]?.id ?? '', 'cancel', drill)).toMatchObject({ ok: true })
  expect(await remembered()).not.toContain('acknowledged by Li')
  await watch()
  expect(await remembered()).toContain('acknowledged by Li')
})

test('a calm winter hour opens no order at all', async () => {
  await fillLog(folder, saidBy('calm', 60))
  expect((await watch()).orders).toEqual([])
})
