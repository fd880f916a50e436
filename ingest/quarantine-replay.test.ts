import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeUpload } from '../firmware-contracts/encode.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import type { IntakeReader } from '../platform/intake-message.ts'
import { Consumers } from './consumers.fixture.ts'
import type { Batch, HistoryStore } from './history/store.ts'
import { HistoryWriteError } from './history/write-error.ts'
import { dayMs, device, sample, send, topic } from './history-writer.fixture.ts'

/** Messages that a software without the right contract put into quarantine, replayed by one that has it. */

let consumers: Consumers
let log: IntakeLog
let reader: IntakeReader

beforeEach(async () => {
  consumers = new Consumers()
  ;({ log, reader } = await consumers.openIntake())
  for (let seq = 1; seq <= 6; seq++) await send(log, sample(seq))
  await send(log, Buffer.from('{"c":"heat-entrance/1.0",'))
  consumers.refuseAll(reader)
})
afterEach(() => consumers.stop())

function writing(store: HistoryStore, write: (batch: Batch) => Promise<void>): HistoryStore {
  return {
    start: () => store.start(),
    write,
    range: (query) => store.range(query),
    days: (query) => store.days(query),
    last: (query) => store.last(query),
    readings: (query) => store.readings(query),
    upkeep: () => store.upkeep(),
    ping: () => store.ping(),
    stop: () => store.stop(),
  }
}

test('what the contract takes now is stored once, the rest stays with the reason of today, and the ledger adds up', async () => {
  const before = await consumers.live(reader)
  expect(before.ledger.total).toMatchObject({ accepted: 7, stored: 0, quarantined: 7, difference: 0 })
  expect(before.quarantine).toMatchObject([
    { reason: 'contract-unknown', contract: 'heat-entrance/1.0', count: 7, kept: 7 },
  ])

  const { replayed, ledger, quarantine, samples, told } = await consumers.live(reader, { replay: {} })
  expect(replayed).toMatchObject({ finished: true, replayed: 7, stored: 6, duplicate: 0, quarantined: 1 })
  expect(samples).toBe(6)
  expect(ledger).toMatchObject({
    total: { accepted: 7, stored: 6, quarantined: 1, pending: 0, readings: 6, difference: 0 },
    imbalance: 0,
  })
  expect(quarantine).toMatchObject([{ reason: 'not-json', count: 1, kept: 1, contract: 'heat-entrance/1.0' }])
  expect(told, 'the device was told then').toEqual([])
})

test('asking twice changes nothing the second time', async () => {
  await consumers.live(reader, { replay: {} })
  const again = await consumers.live(reader, { replay: {} })
  expect(again.replayed).toMatchObject({
    finished: true,
    replayed: 1,
    stored: 0,
    duplicate: 0,
    quarantined: 1,
  })
  expect(again.samples).toBe(6)
  expect(again.ledger.total).toMatchObject({ accepted: 7, stored: 6, quarantined: 1, difference: 0 })
})

test('what the device sent again in the meantime is a duplicate, and history is far beyond by then', async () => {
  for (let seq = 4; seq <= 9; seq++) await send(log, sample(seq))
  const { replayed, ledger, samples } = await consumers.live(reader, { replay: { device } })
  expect(replayed).toMatchObject({ finished: true, replayed: 7, stored: 3, duplicate: 3, quarantined: 1 })
  expect(samples).toBe(9)
  expect(ledger.total).toMatchObject({ accepted: 13, stored: 9, duplicate: 3, quarantined: 1, missing: 0 })
})

test('only what is asked for is judged again', async () => {
  const other = await consumers.live(reader, { replay: { device: 'hengkang-b02-heat' } })
  expect(other.replayed).toMatchObject({ replayed: 0 })
  const group = other.quarantine[0]?.id ?? 0
  expect((await consumers.live(reader, { replay: { reason: 'not-json' } })).replayed?.replayed).toBe(0)
  expect((await consumers.live(reader, { replay: { id: group } })).replayed?.stored).toBe(6)
})

test('a long replay takes turns with the log, batch by batch', async () => {
  const many = Array.from({ length: 450 }, (_, nth) => sample(100 + nth))
  await Promise.all(many.map((payload) => send(log, payload)))
  consumers.refuseAll(reader)
  const lanes: string[] = []
  const { replayed, samples, ledger } = await consumers.live(reader, {
    replay: { reason: 'contract-unknown' },
    wrap: (store) =>
      writing(store, async (batch) => {
        // Whatever is written, a device has something new to say meanwhile.
        if (batch.lane === 'replay') await send(log, sample(1_000 + lanes.length))
        lanes.push(batch.lane ?? 'log')
        await store.write(batch)
      }),
  })
  expect(replayed).toMatchObject({ finished: true, replayed: 457, stored: 456, quarantined: 1 })
  expect(lanes.join(' ')).toContain('replay log replay log replay')
  expect(samples).toBeGreaterThanOrEqual(456 + 2)
  expect(ledger).toMatchObject({ imbalance: 0, total: { quarantined: 1, difference: 0 } })
})

test('what is discarded cannot be replayed any more, and stays quarantined in the ledger', async () => {
  const { quarantine } = await consumers.live(reader)
  consumers.discard(quarantine[0]?.id ?? 0)
  const after = await consumers.live(reader, { replay: {} })
  expect(after.replayed).toMatchObject({ replayed: 0 })
  expect(after.quarantine).toEqual([])
  expect(after.ledger).toMatchObject({ imbalance: 0, total: { accepted: 7, quarantined: 7, stored: 0 } })
})

describe('a process that dies', () => {
  test.each([
    ['after the plan, before the store took anything', false],
    ['after the store took it, before the memory was saved', true],
  ])('%s, finishes the replay when it starts again, once', async (_, isStored) => {
    const died = Promise.withResolvers<void>()
    await consumers.live(reader, {
      replay: {},
      dies: died.promise,
      wrap: (store) =>
        writing(store, async (batch) => {
          if (batch.lane !== 'replay' || isStored) await store.write(batch)
          if (batch.lane !== 'replay') return
          died.resolve()
          await new Promise(() => {})
        }),
    })
    // Life goes on before anybody asks again.
    for (let seq = 7; seq <= 10; seq++) await send(log, sample(seq))
    const { ledger, samples, quarantine } = await consumers.live(reader)
    expect(samples).toBe(10)
    expect(ledger).toMatchObject({
      total: { accepted: 11, stored: 10, quarantined: 1, duplicate: 0, difference: 0 },
      imbalance: 0,
    })
    expect(quarantine).toMatchObject([{ reason: 'not-json', count: 1 }])
  })
})

test('what only the store refused is stored by a replay, though its numbers have been seen', async () => {
  await consumers.live(reader, { replay: {} })
  await send(log, sample(7))
  const refused = await consumers.live(reader, {
    wrap: (store) =>
      writing(store, () =>
        Promise.reject(new HistoryWriteError({ failure: 'partial', reason: 'field type conflict' })),
      ),
  })
  expect(refused.ledger.total).toMatchObject({ stored: 6, quarantined: 2 })
  const { replayed, samples, ledger } = await consumers.live(reader, {
    replay: { reason: 'history-refused' },
  })
  expect(replayed).toMatchObject({ replayed: 1, stored: 1 })
  expect(samples).toBe(7)
  expect(ledger.total).toMatchObject({ accepted: 8, stored: 7, quarantined: 1, difference: 0 })
})

test('of an upload that the store took in part each reading is counted once, when all of it is in', async () => {
  await consumers.live(reader, { replay: {} })
  const rows = [21, 22, 23].map((seq) => ({ seq, t: dayMs + seq, values: { p_ret_kpa: 223 } }))
  const upload = encodeUpload({ contract: 'heat-entrance/1.0', boot: 1, clock: 'n', rows })
  await send(log, upload, { to: topic.replace('tele', 'hist') })
  const picky = {
    wrap: (store: HistoryStore) =>
      writing(store, ({ points }) =>
        points.some(({ seq }) => seq === 22)
          ? Promise.reject(new HistoryWriteError({ failure: 'partial', reason: 'field type conflict' }))
          : Promise.resolve(),
      ),
  }
  const first = await consumers.live(reader, picky)
  const second = await consumers.live(reader, { ...picky, replay: { reason: 'history-refused' } })
  const third = await consumers.live(reader, { replay: { reason: 'history-refused' } })
  const counted = [first, second, third].map(({ ledger: { total } }) => [total.quarantined, total.readings])
  expect(counted).toEqual([
    [2, 6],
    [2, 6],
    [1, 9],
  ])
  expect(third.samples).toBe(9)
})
