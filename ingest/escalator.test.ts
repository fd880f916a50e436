import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reportOfBurst } from '../estate/incident.fixture.ts'
import { OrderBook } from '../estate/order-book.ts'
import { openRecords, type Records } from '../estate/records.ts'
import { countedLevels, defaultServiceLevels, serviceLevels } from '../estate/service-levels.ts'
import { VirtualClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { Escalator } from './escalator.ts'

const minuteMs = 60_000
const startMs = Date.parse('2026-11-25T07:30:00+08:00')
const levels = countedLevels(defaultServiceLevels, 'Asia/Shanghai')
const burst = reportOfBurst({ openedAtMs: startMs })

let folder: string
let records: Records
let orders: OrderBook
let clock: VirtualClock
let escalator: Escalator
let told: string[]
let promised = levels

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'escalator-'))
  records = await openRecords(join(folder, 'records.db'))
  orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  clock = new VirtualClock(startMs)
  told = []
  promised = levels
  orders.onChange(({ history }) => {
    const last = history.at(-1)
    if (last?.escalation) told.push(`${last.escalation.clock}: ${last.escalation.level}`)
  })
  escalator = await watching()
})

afterEach(async () => {
  await escalator.stop()
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

async function watching(): Promise<Escalator> {
  const made = new Escalator({
    orders,
    levelsFor: () => promised,
    clock,
    logger: silentLog,
    metrics: openMetrics('test'),
  })
  await made.start((cause) => expect.unreachable(String(cause)))
  return made
}

async function open(): Promise<string> {
  const id = await records.transaction().execute((trx) => orders.open(trx, burst, clock.now()))
  await orders.announce([id])
  return id
}

/** Lets the minutes pass; what is due is written before this is over. */
async function pass(minutes: number): Promise<void> {
  clock.advance(minutes * minuteMs)
  await escalator.stop()
  escalator = await watching()
}

async function history(id: string) {
  return ((await orders.get(id))?.history ?? []).map(({ type, escalation }) => escalation?.level ?? type)
}

test('a P1 that nobody answers is told to the head of the shift when its five minutes are over, and once', async () => {
  const id = await open()
  clock.advance(4 * minuteMs)
  await vi.waitFor(() => expect(told).toEqual(['acknowledge: shift-engineer']))
  clock.advance(minuteMs)
  await vi.waitFor(() => expect(told).toEqual(['acknowledge: shift-engineer', 'acknowledge: head-of-shift']))
  clock.advance(minuteMs)
  clock.advance(minuteMs)
  await escalator.stop()
  expect(await history(id)).toEqual(['raised', 'shift-engineer', 'head-of-shift'])
})

test('a restart tells nobody twice, and what came due in between is told level by level', async () => {
  const id = await open()
  await pass(4)
  await escalator.stop()
  clock.advance(20 * minuteMs)
  escalator = await watching()
  await pass(1)
  const levelsTold = ['shift-engineer', 'head-of-shift', 'company-duty', 'shift-engineer']
  expect(await history(id)).toEqual(['raised', ...levelsTold])
  expect(told.at(-1)).toBe('on-site: shift-engineer')
  await pass(1)
  expect(await history(id)).toEqual(['raised', ...levelsTold])
})

test('nobody is called for what was answered in the same moment', async () => {
  const id = await open()
  await orders.act(id, 'acknowledge', { who: 'li', atMs: clock.now() })
  await pass(20)
  expect(told).toEqual([])
})

test('two who watch the same book write each escalation once', async () => {
  const id = await open()
  const other = await watching()
  clock.advance(4 * minuteMs)
  await Promise.all([other.stop(), escalator.stop()])
  expect(await history(id)).toEqual(['raised', 'shift-engineer'])
})

test('who shortens a target need not wait for the longer one', async () => {
  await open()
  clock.advance(3 * minuteMs)
  promised = countedLevels(
    serviceLevels.parse({ targets: { P1: { acknowledge: { withinMs: 3 * minuteMs } } } }),
    'Asia/Shanghai',
  )
  escalator.planAnew()
  clock.advance(1_000)
  await vi.waitFor(() => expect(told).toEqual(['acknowledge: shift-engineer', 'acknowledge: head-of-shift']))
})
