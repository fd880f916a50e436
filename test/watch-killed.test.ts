import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { randomFor } from '../device-sim/random.ts'
import { demoRegistry } from '../device-sim/registry-file.ts'
import { loadFaultMemory } from '../estate/fault-memory.ts'
import { OrderBook } from '../estate/order-book.ts'
import { openRecords, type Records } from '../estate/records.ts'
import { parseRegistryFile } from '../estate/registry-file.ts'
import { saveRegistry } from '../estate/registry-store.ts'
import type { WorkOrder } from '../estate/work-order.ts'
import { ParameterDesk } from '../ingest/parameter-desk.ts'
import { systemClock } from '../platform/clock.ts'
import { encodeConnection } from '../firmware-contracts/encode.ts'
import { fillLog, saidBy, seed, startMs } from './support/said-log.ts'
import { run } from './support/system.ts'

/** kill -9 of the watch between two messages, again and again: a shed that vanishes (its order waits for the hold-off
 *  of 90 s) and a main that bursts a minute later. Whatever the moments, orders, live state and alarms are those of one long life. */

const vanishedMs = startMs + 60_000
const holdOffMs = 90_000
const shed = 'hengkang-shed2-charger'
const conn = `est/1/hengkang/charger/${shed}/conn`

const will = {
  t: vanishedMs,
  device: shed,
  topic: conn,
  payload: encodeConnection({ state: 'lost', boot: 1, t: startMs }),
  qos: 1 as const,
  retain: true,
  will: true,
}
const said = [...saidBy('burst', 8).filter(({ device, t }) => device !== shed || t < vanishedMs), will].sort(
  (a, b) => a.t - b.t,
)
/** How many messages were received before `atMs`. */
const countAt = (atMs: number) => said.filter(({ t }) => t < atMs).length

const folders: string[] = []
const opened: Records[] = []

async function newEstate() {
  const folder = mkdtempSync(join(tmpdir(), 'killed-'))
  folders.push(folder)
  const records = await openRecords(join(folder, 'records.db'))
  opened.push(records)
  await records.transaction().execute((trx) => saveRegistry(trx, parseRegistryFile(demoRegistry())))
  await aloneNoLonger(records)
  await fillLog(folder, said)
  const orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  /** What is left at the end: orders, live state, alarms and all that was under way. */
  const left = async () => ({
    orders: (await orders.list()).map(withoutHours),
    memory: await remembered(records),
    alarms: await records.selectFrom('alarm').selectAll().orderBy('key').orderBy('raised_ms').execute(),
  })
  return { folder, orders, left }
}

/** A shed that is silent by itself usually waits longer than this story lasts, in case it mends itself. */
async function aloneNoLonger(records: Records): Promise<void> {
  const desk = new ParameterDesk({ records, isSite: () => true, clock: systemClock })
  await desk.start()
  const wish = { type: 'patch' as const, set: { D01: { houseAloneMs: holdOffMs } } }
  const changed = await desk.change('hengkang', wish, { who: 'li', why: 'a short story' })
  expect(changed).toMatchObject({ ok: true })
}

/** Without the cursor: where a life ends differs by one stretch of the log. */
async function remembered(records: Records) {
  const { snapshot, devices } = (await loadFaultMemory(records)) ?? {}
  return { snapshot, devices }
}

/** What the machine tells carries the hour at which it was written, which may differ by one stretch of the log. */
function withoutHours(order: WorkOrder) {
  const history = order.history.map(({ atMs, ...event }) =>
    event.type === 'updated' || event.type === 'raised' ? event : { atMs, ...event },
  )
  return { ...order, history }
}

const program = join(import.meta.dirname, 'support/watch-life.ts')

async function liveAndDie(folder: string, count: number): Promise<void> {
  const life = spawn(process.execPath, [program, folder, String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(life.stdout, 'data')
  life.kill('SIGKILL')
  expect(await once(life, 'exit')).toEqual([null, 'SIGKILL'])
}

async function liveToTheEnd(folder: string): Promise<void> {
  expect(await run(process.execPath, [program, folder])).toMatchObject({ code: 0 })
}

let expected: Awaited<ReturnType<Awaited<ReturnType<typeof newEstate>>['left']>>

beforeAll(async () => {
  const { folder, left } = await newEstate()
  await liveToTheEnd(folder)
  expected = await left()
}, 60_000)

afterAll(async () => {
  for (const records of opened) await records.destroy()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

test('one long life opens two orders: the vanished shed after its hold-off, the burst at once', () => {
  const causes = expected.orders.map(({ rule, root }) => `${rule} ${root}`)
  expect(new Set(causes)).toEqual(new Set(['D01 hengkang-shed2-ctl', 'H01 hengkang-station']))
  expect(causes).toHaveLength(2)
})

test('killed in the middle of the hold-off, three times, it opens them once each', async () => {
  const { folder, orders, left } = await newEstate()
  for (const share of [0.05, 0.5, 0.95]) {
    await liveAndDie(folder, countAt(vanishedMs + share * holdOffMs))
    expect(
      (await orders.list()).filter(({ rule }) => rule === 'D01'),
      'not before its time',
    ).toEqual([])
  }
  await liveToTheEnd(folder)
  expect(await left()).toEqual(expected)
})

test(`killed at any five moments (seed ${seed}), it opens them once each`, async () => {
  const random = randomFor(seed, 'watch', 'deaths')
  const { folder, left } = await newEstate()
  const deaths = Array.from({ length: 5 }, () => Math.floor(random() * said.length) + 1)
  for (const count of deaths.sort((a, b) => a - b)) await liveAndDie(folder, count)
  await liveToTheEnd(folder)
  expect(await left()).toEqual(expected)
})
