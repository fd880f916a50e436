import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import { strangersPublisher, type IntakeReader } from '../platform/intake-message.ts'
import { Lifecycle } from '../platform/lifecycle.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { Audit } from './audit.ts'
import { decoded } from './decoded-log.ts'
import { everyDevice } from './consumers.fixture.ts'
import { device, openIntake, sample, send, topic } from './history-writer.fixture.ts'
import type { PageWish } from './device-lines.ts'
import { IngestMemory } from './memory.ts'
import { sort } from './sorting.ts'

/** The ledger drawn up over a real intake log, while a consumer that the test moves by hand deals with it. */

let folder: string
let lifecycle: Lifecycle
let log: IntakeLog
let reader: IntakeReader
let memory: IngestMemory
let audit: Audit
const metrics = () => openMetrics('test')

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'))
  lifecycle = new Lifecycle(silentLog)
  ;({ log, reader } = await openIntake(folder, lifecycle))
  memory = new IngestMemory(join(folder, 'ingest.db'))
  memory.start()
  lifecycle.onStop('memory', () => memory.stop())
  audit = new Audit({ reader, memory, clock: systemClock, logger: silentLog, metrics: metrics() })
})
afterEach(async () => {
  await lifecycle.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** History deals with the next messages, about `limit` of them. */
function deal(limit: number): void {
  const cursor = Math.max(memory.cursor(), reader.origin())
  const messages = reader.read(cursor, limit).map((intake) => ({ intake, decoded: decoded(intake) }))
  const to = messages.at(-1)?.intake.position
  if (to === undefined) return
  const sorted = sort(messages, (device) => memory.device(device))
  memory.countFor(reader.origin())
  memory.commit(sorted, to)
  audit.dealt(messages, to)
}

const ofHouse = (house: number) => ({
  of: `hengkang-b0${house}-heat`,
  to: topic.replace('b01', `b0${house}`),
})

test('asked at any moment, while the broker accepts and history deals, the books are right', async () => {
  let accepting = 0
  for (let round = 1; round <= 60; round++) {
    for (let nth = 0; nth < 20; nth++) {
      const payload = nth === 7 ? Buffer.from('{') : sample(nth === 9 ? round : round * 20 + nth)
      accepting++
      void send(log, payload, ofHouse(1 + (nth % 5))).finally(() => accepting--)
    }
    if (round % 4 === 0) deal(round % 8 === 0 ? 10 : 100)
    await audit.look()
    const ledger = await audit.ledger(everyDevice)
    expect(ledger).toMatchObject({ imbalance: 0, uncounted: 0, total: { difference: 0, unreadable: 0 } })
    expect(ledger.devices.filter(({ difference }) => difference !== 0)).toEqual([])
  }
  await expect.poll(() => accepting).toBe(0)
  while (memory.cursor() < reader.end()) deal(500)
  const { total } = await audit.ledger(everyDevice)
  expect(total).toMatchObject({ accepted: 1_200, pending: 0, quarantined: 60, refused: 0 })
})

test('what a gateway says for its child under a topic nobody knows is counted for the child, as the broker does', async () => {
  const to = topic.replace('/tele', '/batch/p01')
  await send(log, sample(1), { of: 'hengkang-b01-heat', by: 'hengkang-gateway', to })
  const drawnUp = () => audit.ledger(everyDevice)
  await expect.poll(drawnUp).toMatchObject({ imbalance: 0, devices: [{ pending: 1 }] })
  deal(10)
  expect(await audit.ledger(everyDevice)).toMatchObject({
    imbalance: 0,
    devices: [{ device: 'hengkang-b01-heat', accepted: 1, quarantined: 1 }],
  })
})

test('messages that a damaged log lost wait like others, and are quarantined as unreadable', async () => {
  for (let seq = 1; seq <= 30; seq++) await send(log, sample(seq))
  const damaged = new Database(join(folder, 'intake.db'))
  const tallied = damaged.prepare<[], { tallied: number }>('select tallied from log')
  await expect.poll(() => tallied.get()?.tallied).toBe(reader.end())
  const { lost } = damaged
    .prepare<[], { lost: number }>(
      'select count as lost from batch where first > (select min(first) from batch) order by first limit 1',
    )
    .get() ?? { lost: 0 }
  damaged.exec(
    'delete from batch where first = (select min(first) from batch where first > (select min(first) from batch))',
  )
  damaged.close()
  expect(lost).toBeGreaterThan(0)
  const waiting = { accepted: 30, pending: 30, difference: 0 }
  expect(await audit.ledger(everyDevice)).toMatchObject({ imbalance: 0, total: waiting })
  deal(100)
  const counted = { stored: 30 - lost, quarantined: lost, unreadable: lost, pending: 0 }
  const dealtWith = { accepted: 30, ...counted, difference: 0 }
  expect(await audit.ledger(everyDevice)).toMatchObject({ imbalance: 0, total: dealtWith })
  expect(memory.quarantine.list({}, 10)).toMatchObject([{ reason: 'log-damaged', count: lost }])
})

test('an imbalance is a number, a word in the health and a metric', async () => {
  for (let seq = 1; seq <= 3; seq++) await send(log, sample(seq))
  expect(audit.trouble()).toBeUndefined()
  // A consumer with a bug: it passes a message and says nothing about it.
  const [, ...rest] = reader.read(reader.origin(), 10)
  const messages = rest.map((intake) => ({ intake, decoded: decoded(intake) }))
  memory.countFor(reader.origin())
  memory.commit(
    sort(messages, (device) => memory.device(device)),
    reader.end(),
  )
  audit.dealt(messages, reader.end())
  expect(await audit.ledger(everyDevice)).toMatchObject({ imbalance: 1, devices: [{ difference: 1 }] })
  expect(audit.trouble()).toBe('the ledger is out by 1 messages')
})

/** History counts one of `from`'s messages for `to`. */
function miscount(from: string, to: string): void {
  const database = new Database(join(folder, 'ingest.db'))
  const move = database.prepare('update device set stored = stored + ? where device = ?')
  move.run(-1, from)
  move.run(1, to)
  database.close()
}

test('a message counted for another device is found in the lines, though the total adds up', async () => {
  for (let house = 1; house <= 3; house++) await send(log, sample(house), ofHouse(house))
  deal(10)
  miscount(ofHouse(1).of, ofHouse(3).of)
  expect(await audit.ledger(everyDevice), 'not looked at yet').toMatchObject({ imbalance: 0 })
  expect(await audit.look()).toBe(true)
  expect(audit.trouble()).toBe('the ledger is out by 2 messages')
  const { total, concerns, checked, devices } = await audit.ledger(everyDevice)
  expect([total.difference, concerns.out, checked?.devices]).toEqual([0, 2, 3])
  const lines = devices.map(({ device, difference }) => `${device} ${difference}`)
  expect(lines, 'the wrong ones come first').toEqual([
    'hengkang-b01-heat 1',
    'hengkang-b03-heat -1',
    'hengkang-b02-heat 0',
  ])
  miscount(ofHouse(3).of, ofHouse(1).of)
  await audit.look()
  expect(audit.trouble()).toBeUndefined()
})

test('what one stranger too many says is quarantined and counted under the name that they share', async () => {
  const of = strangersPublisher
  for (let house = 1; house <= 3; house++) await send(log, sample(1), { ...ofHouse(house), of, by: of })
  await send(log, sample(1))
  deal(10)
  const { total, devices, imbalance } = await audit.ledger(everyDevice)
  expect([imbalance, total.difference]).toEqual([0, 0])
  const lines = devices.map((line) => [line.device, line.stored, line.quarantined])
  expect(lines).toEqual([
    [of, 0, 3],
    [device, 1, 0],
  ])
  expect(memory.quarantine.list({}, 10)).toMatchObject(
    [3, 2, 1].map((house) => ({ device: of, reason: 'device-unknown', got: ofHouse(house).of })),
  )
})

test('a district is checked in pieces, and read in pages', async () => {
  const houses = Array.from({ length: 2_300 }, (_, nth) => `d${10_000 + nth}`)
  await Promise.all(houses.map((of) => send(log, sample(1), { of, to: topic.replace(device, of) })))
  while (memory.cursor() < reader.end()) deal(1_000)
  miscount('d12299', 'd12298')
  await send(log, Buffer.from('{'), { of: 'd11111', to: topic.replace(device, 'd11111') })
  await send(log, sample(5), { of: 'd12222', to: topic.replace(device, 'd12222') })
  deal(10)
  await send(log, sample(6), { of: 'd12222', to: topic.replace(device, 'd12222') })
  expect([await audit.look(), audit.trouble()]).toEqual([false, undefined])
  expect([await audit.look(), audit.trouble()]).toEqual([true, 'the ledger is out by 2 messages'])

  const seen: string[] = []
  let [pages, after]: [number, string | undefined] = [0, '']
  for (; after !== undefined; pages++) {
    const page = await audit.ledger({ part: '', after, limit: 500 })
    expect(page).toMatchObject({ total: { accepted: 2_303, stored: 2_301, quarantined: 1, pending: 1 } })
    seen.push(...page.devices.map((line) => line.device))
    after = page.next
  }
  expect(pages).toBe(5)
  expect(seen.slice(0, 6)).toEqual(['d12298', 'd12299', 'd11111', 'd12222', 'd10000', 'd10001'])
  expect(seen.toSorted()).toEqual(houses)
  const only = async (wish: Partial<PageWish>) =>
    (await audit.ledger({ ...everyDevice, ...wish })).devices.map((line) => line.device)
  expect(await only({ concern: 'missing' })).toEqual(['d12222'])
  expect(await only({ concern: 'pending' })).toEqual(['d12222'])
  expect(await only({ concern: 'out', limit: 1 })).toEqual(['d12298'])
  expect(await only({ part: '2222' })).toEqual(['d12222'])
  expect((await audit.ledger(everyDevice)).concerns).toEqual({
    ...{ out: 2, cloned: 0, pending: 1, quarantined: 1, missing: 1 },
  })
})

test('the totals are in the metrics, one line an outcome, none a device', async () => {
  const registry = metrics()
  audit = new Audit({ reader, memory, clock: systemClock, logger: silentLog, metrics: registry })
  for (let seq = 1; seq <= 5; seq++) await send(log, sample(seq), ofHouse(seq))
  await send(log, Buffer.from('{'))
  deal(4)
  await send(log, sample(9))
  const text = await registry.metrics()
  const { total } = await audit.ledger(everyDevice)
  expect(total.pending).toBeGreaterThan(0)
  for (const outcome of ['accepted', 'stored', 'quarantined', 'duplicate', 'pending'] as const)
    expect(text).toMatch(
      new RegExp(`estate_ledger_messages\\{outcome="${outcome}".*\\} ${total[outcome]}\\n`),
    )
  expect(text).toMatch(/estate_ledger_imbalance\{.*\} 0\n/)
  expect(text).not.toContain('hengkang')
})

test('an intake log made anew begins new books, and what was dealt with before stays in them', async () => {
  for (let seq = 1; seq <= 5; seq++) await send(log, sample(seq))
  deal(100)
  await lifecycle.stop()
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `intake.db${end}`), { force: true })
  lifecycle = new Lifecycle(silentLog)
  ;({ log, reader } = await openIntake(folder, lifecycle))
  memory.start()
  lifecycle.onStop('memory', () => memory.stop())
  audit = new Audit({ reader, memory, clock: systemClock, logger: silentLog, metrics: metrics() })
  await send(log, sample(6))
  expect(await audit.ledger(everyDevice)).toMatchObject({
    imbalance: 0,
    total: { accepted: 6, stored: 5, pending: 1 },
  })
  deal(100)
  expect(await audit.ledger(everyDevice)).toMatchObject({
    imbalance: 0,
    total: { accepted: 6, stored: 6, pending: 0 },
  })
})
