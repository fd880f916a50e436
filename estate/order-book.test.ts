import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadFaultMemory, saveFaultMemory, writeDown } from './fault-memory.ts'
import { OrderBook } from './order-book.ts'
import { openRecords, type Records, type RecordsTransaction } from './records.ts'
import type { IncidentReport } from './work-order.ts'

const morningMs = Date.parse('2026-01-15T07:30:00+08:00')
const hourMs = 3_600_000

let folder: string
let records: Records
let book: OrderBook

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orders-'))
  records = await openRecords(join(folder, 'records.db'))
  book = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
})

afterEach(async () => {
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

const incident = (key: string, openedAtMs = morningMs): IncidentReport => ({
  key,
  root: key.split('|')[0] ?? '',
  causeClass: 'pressure-loss',
  rule: 'H01',
  severity: 'P1',
  site: 'hengkang',
  title: { zh: '爆管', en: 'Burst' },
  openedAtMs,
  reason: { zh: '原因', en: 'reason' },
  evidence: [],
  affected: [],
  households: 0,
})

const inOne = <Result>(work: (trx: RecordsTransaction) => Promise<Result>) =>
  records.transaction().execute(work)
const open = (report: IncidentReport) => inOne((trx) => book.open(trx, report))
const li = (atMs: number, why?: string) => ({ who: 'li', atMs, ...(why !== undefined && { why }) })

async function close(id: string, atMs: number): Promise<void> {
  for (const action of ['acknowledge', 'start', 'resolve', 'verify'] as const) {
    expect(await book.act(id, action, li(atMs))).toMatchObject({ ok: true })
  }
}

test('an incident opens one order; the same change replayed, or told twice in a millisecond, opens no other', async () => {
  const ids = await Promise.all([
    open(incident('a|x')),
    open(incident('a|x')),
    open(incident('a|x', morningMs)),
  ])
  expect(new Set(ids)).toEqual(new Set(['20260115-0001']))
  expect(await open(incident('b|x'))).toBe('20260115-0002')
  expect((await book.list()).map(({ history }) => history.length)).toEqual([1, 1])
})

test('the database itself lets no second order be open for a key', async () => {
  await open(incident('a|x'))
  const second = {
    id: '20260115-0009',
    key: 'a|x',
    site: 'hengkang',
    state: 'open',
    severity: 'P1',
    open: 1,
    opened_ms: 1,
    closed_ms: null,
  } as const
  await expect(records.insertInto('work_order').values(second).execute()).rejects.toThrow('UNIQUE')
})

test('messages a millisecond apart, in transactions at the same time, never open two orders', async () => {
  const ids = await Promise.all([0, 1, 1, 2].map((later) => open(incident('a|x', morningMs + later))))
  expect(new Set(ids).size).toBe(1)
  expect(await book.list({ openOnly: true })).toHaveLength(1)
})

test('the machine proposes, people confirm: a recovered order stays open until somebody has closed it', async () => {
  const id = await open(incident('a|x'))
  const recovery = { key: 'a|x', atMs: morningMs + hourMs, reason: { zh: '', en: 'clear' } }
  await inOne((trx) => book.recover(trx, recovery))
  expect(await book.get(id)).toMatchObject({ state: 'open', recoveredAtMs: morningMs + hourMs })
  expect((await book.list({ openOnly: true })).map((order) => order.id)).toEqual([id])
  await close(id, morningMs + 2 * hourMs)
  expect(await book.list({ openOnly: true })).toEqual([])
})

test('orders are listed each with its own events, the newest first, and as many as are wished', async () => {
  await inOne(async (trx) => {
    for (let at = 0; at < 52; at++) await book.open(trx, incident(`n${at}|x`, morningMs + at))
  })
  const listed = await book.list({ limit: 50 })
  expect(listed).toHaveLength(50)
  expect(listed[0]).toMatchObject({ root: 'n51', openedAtMs: morningMs + 51 })
  expect(listed.at(-1)).toMatchObject({ root: 'n2' })
})

test('an order at hand is as it is now, whoever has changed it, and never as it would have been', async () => {
  const id = await open(incident('a|x'))
  expect(await book.get(id)).toMatchObject({ state: 'open' })
  const other = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  await other.act(id, 'acknowledge', li(morningMs))
  expect(await book.get(id)).toMatchObject({ state: 'acknowledged' })
  const undone = inOne(async (trx) => {
    await book.recover(trx, { key: 'a|x', atMs: morningMs, reason: { zh: '', en: 'clear' } })
    throw new Error('power cut')
  })
  await expect(undone).rejects.toThrow('power cut')
  await other.act(id, 'cancel', li(morningMs, 'drill'))
  expect(await book.get(id)).toEqual(await other.get(id))
  expect(await book.get(id)).toMatchObject({ state: 'cancelled' })
  expect(await book.get(id)).not.toHaveProperty('recoveredAtMs')
})

test('numbers count within the local day of the fault', async () => {
  const lateUtc = Date.parse('2026-01-14T17:30:00Z')
  expect(await open(incident('a|x', lateUtc))).toBe('20260115-0001')
  expect(await open(incident('b|x', lateUtc + 24 * hourMs))).toBe('20260116-0001')
})

test('a relapse within a day reopens the order, a later one is a new order', async () => {
  const id = await open(incident('a|x'))
  await close(id, morningMs + hourMs)
  expect(await open(incident('a|x', morningMs + 20 * hourMs))).toBe(id)
  expect(await book.get(id)).toMatchObject({ state: 'reopened', relapses: 1 })
  await close(id, morningMs + 21 * hourMs)
  expect(await open(incident('a|x', morningMs + 46 * hourMs))).not.toBe(id)
})

test('an older order that a person has taken up again is the one into which its fault relapses', async () => {
  const older = await open(incident('a|x'))
  await book.act(older, 'cancel', li(morningMs, 'drill'))
  const newer = await open(incident('a|x', morningMs + 30 * hourMs))
  expect(newer).not.toBe(older)
  await close(newer, morningMs + 31 * hourMs)
  expect(await book.act(older, 'reopen', li(morningMs + 32 * hourMs, 'it was none'))).toMatchObject({
    ok: true,
  })
  expect(await open(incident('a|x', morningMs + 33 * hourMs))).toBe(older)
  expect((await book.list({ openOnly: true })).map(({ id }) => id)).toEqual([older])
})

test('who reopens an order whose fault has another open order is told which', async () => {
  const older = await open(incident('a|x'))
  await book.act(older, 'cancel', li(morningMs, 'drill'))
  const newer = await open(incident('a|x', morningMs + 30 * hourMs))
  const reopened = await book.act(older, 'reopen', li(morningMs + 31 * hourMs, 'it was none'))
  expect(reopened).toMatchObject({ ok: false, reason: expect.stringContaining(newer) })
  expect((await book.list({ openOnly: true })).map(({ id }) => id)).toEqual([newer])
})

test('two reports of an incident in one millisecond, with as many alarms each, are both kept', async () => {
  const id = await open(incident('a|x'))
  const deeper = { ...incident('a|x'), reason: { zh: '', en: 'deeper' } }
  const deepest = { ...incident('a|x'), reason: { zh: '', en: 'deepest' } }
  await inOne(async (trx) => {
    await book.update(trx, deeper, morningMs)
    await book.update(trx, deepest, morningMs)
  })
  expect(await book.get(id)).toMatchObject({ reason: { en: 'deepest' } })
})

test('an order found to be a part of another is closed and names it', async () => {
  const part = await open(incident('building|x'))
  const whole = await open(incident('station|x'))
  const merge = {
    from: 'building|x',
    into: 'station|x',
    atMs: morningMs + 1,
    reason: { zh: '', en: 'found above it' },
  }
  await inOne((trx) => book.merge(trx, merge))
  expect(await book.get(part)).toMatchObject({ state: 'cancelled', mergedInto: whole })
  expect((await book.list({ openOnly: true })).map(({ id }) => id)).toEqual([whole])
})

test('what is left of a fault when the one that explained it is over is an order again', async () => {
  const part = await open(incident('building|x'))
  await open(incident('station|x', morningMs + 1))
  const merge = { from: 'building|x', into: 'station|x', atMs: morningMs + 1, reason: { zh: '', en: '' } }
  await inOne((trx) => book.merge(trx, merge))
  const left = await open(incident('building|x'))
  expect(left).not.toBe(part)
  expect(await book.get(left)).toMatchObject({ state: 'open', openedAtMs: morningMs })
  expect(await open(incident('building|x')), 'and told twice it is one').toBe(left)
})

test('orders and the memory of the fault watch move together or not at all', async () => {
  const crash = inOne(async (trx) => {
    await book.open(trx, incident('a|x'))
    await saveFaultMemory(trx, writeDown({ cursor: 7, snapshot: {}, devices: new Map() }))
    throw new Error('power cut')
  })
  await expect(crash).rejects.toThrow('power cut')
  expect(await book.list()).toEqual([])
  expect(await loadFaultMemory(records)).toBeUndefined()
  await inOne(async (trx) => {
    await book.open(trx, incident('a|x'))
    const devices = new Map([
      ['a', 1],
      ['b', 2],
    ])
    await saveFaultMemory(trx, writeDown({ cursor: 7, snapshot: 'an earlier one', devices }))
    const engine = { any: 'thing' }
    const written = writeDown({ cursor: 8, snapshot: engine, devices: new Map([['b', 3]]) })
    engine.any = 'what the engine went on to while the orders were written'
    await saveFaultMemory(trx, written)
  })
  const devices = new Map([
    ['a', 1],
    ['b', 3],
  ])
  expect(await loadFaultMemory(records), 'of each device what was written last').toEqual({
    ...{ cursor: 8, snapshot: { any: 'thing' }, devices },
  })
})

test('listeners hear of an order after it is on disk: from the engine by announce, from a person at once', async () => {
  const heard: string[] = []
  book.onChange(({ id, state }) => heard.push(`${id} ${state}`))
  const id = await open(incident('a|x'))
  expect(heard).toEqual([])
  await book.announce([id, id])
  await book.act(id, 'acknowledge', li(morningMs))
  expect(heard).toEqual([`${id} open`, `${id} acknowledged`])
})

test('what is not possible is refused with what is, and changes nothing', async () => {
  const id = await open(incident('a|x'))
  expect(await book.act(id, 'verify', li(morningMs))).toEqual({
    ok: false,
    reason: 'an order that is open cannot verify',
    allowed: ['acknowledge', 'assign', 'make-safe', 'cancel'],
  })
  expect(await book.act('20260115-9999', 'verify', li(morningMs))).toBeUndefined()
  expect((await book.get(id))?.history).toHaveLength(1)
})

test('who did what, when and why is kept', async () => {
  const id = await open(incident('a|x'))
  await book.act(id, 'cancel', li(morningMs + 5, 'drill'))
  const { history } = (await book.get(id)) ?? { history: [] }
  expect(history.at(-1)).toEqual({ type: 'cancel', atMs: morningMs + 5, who: 'li', why: 'drill' })
})
