import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { queryObjects } from 'node:v8'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeConnection, encodeUpload } from '../firmware-contracts/encode.ts'
import { Consumers } from './consumers.fixture.ts'
import type { HistoryStore } from './history/store.ts'
import { HistoryWriteError } from './history/write-error.ts'
import { dayMs, device, sample, send, topic } from './history-writer.fixture.ts'

/** The history consumer, asked what became of each message. */

let consumers: Consumers

beforeEach(() => (consumers = new Consumers()))
afterEach(() => consumers.stop())

test('every accepted message has one outcome, and the ledger adds up per device', async () => {
  const { log, reader } = await consumers.openIntake()
  for (let seq = 1; seq <= 5; seq++) await send(log, sample(seq))
  await send(log, sample(3))
  await send(log, Buffer.from('{"broken'))
  await send(log, sample(6, -1))
  await send(log, encodeConnection({ state: 'lost', boot: 1, t: dayMs }), {
    to: topic.replace('tele', 'conn'),
    will: true,
  })
  log.countRefused(device)
  await expect.poll(() => reader.books([device]).counts.get(device)?.refused).toBe(1)
  const { ledger, quarantine, told, samples } = await consumers.live(reader)
  const line = {
    ...{ accepted: 9, stored: 6, quarantined: 2, duplicate: 1, pending: 0, refused: 1, wills: 1 },
    ...{ readings: 5, repeated: 1, missing: 0, difference: 0 },
  }
  expect(ledger).toMatchObject({ total: { ...line, unreadable: 0 }, imbalance: 0, uncounted: 0 })
  expect(ledger.devices).toMatchObject([{ device, ...line }])
  expect(quarantine.map(({ reason, path, count }) => ({ reason, path, count }))).toEqual([
    { reason: 'value-invalid', path: 'd.p_ret_kpa', count: 1 },
    { reason: 'not-json', path: '', count: 1 },
  ])
  expect(told.map(({ refusal }) => refusal.reason)).toEqual(['not-json', 'value-invalid'])
  expect(samples).toBe(5)
})

test('a consumer that died after the store took a batch and before its memory did stores nothing twice', async () => {
  const { log, reader } = await consumers.openIntake()
  for (let seq = 1; seq <= 20; seq++) await send(log, sample(seq))
  // The store has the batch; the memory of this life is lost with its file.
  await consumers.live(reader)
  rmSync(join(consumers.folder, 'ingest.db'))
  rmSync(join(consumers.folder, 'ingest.db-wal'), { force: true })
  for (let seq = 21; seq <= 30; seq++) await send(log, sample(seq))
  const { ledger, samples } = await consumers.live(reader)
  expect(samples).toBe(30)
  expect(ledger.total).toMatchObject({ accepted: 30, stored: 30, duplicate: 0 })
})

test('waiting for the next message, again and again, leaves nothing behind', async () => {
  const { log, reader } = await consumers.openIntake()
  await send(log, sample(1))
  let dealt = 0
  const store = (within: HistoryStore): HistoryStore => ({
    ...bound(within),
    write: (batch) => within.write(batch).then(() => void (dealt = batch.to)),
  })
  const talk = async (from: number, to: number) => {
    for (let seq = from; seq <= to; seq++) {
      const before = dealt
      await send(log, sample(seq))
      while (dealt === before) await setImmediate()
    }
    return queryObjects(Promise, { format: 'count' })
  }
  let grown = 0
  await consumers.live(reader, {
    wrap: store,
    meanwhile: async () => void (grown = -(await talk(2, 11)) + (await talk(12, 51))),
  })
  expect(grown).toBeLessThan(20)
})

test('a store that is down for a while loses nothing and is seen to be down', async () => {
  const { log, reader } = await consumers.openIntake()
  for (let seq = 1; seq <= 10; seq++) await send(log, sample(seq))
  let refusals = 2
  const { samples, ledger } = await consumers.live(reader, {
    wrap: (store) => ({
      ...bound(store),
      write: (batch) =>
        refusals-- > 0
          ? Promise.reject(new HistoryWriteError({ failure: 'unavailable', reason: 'nobody there' }))
          : store.write(batch),
    }),
  })
  expect(samples).toBe(10)
  expect(ledger.total).toMatchObject({ accepted: 10, stored: 10, pending: 0 })
})

test('a point that the store will not have puts its message into quarantine, in the words of the store', async () => {
  const { log, reader } = await consumers.openIntake()
  for (let seq = 1; seq <= 8; seq++) await send(log, sample(seq))
  const poisoned = reader.origin() + 5
  const { quarantine, ledger } = await consumers.live(reader, {
    wrap: (store) => ({
      ...bound(store),
      write: (batch) =>
        batch.points.some(({ position }) => position === poisoned)
          ? Promise.reject(
              new HistoryWriteError({ failure: 'partial', reason: 'partial write: field type conflict' }),
            )
          : Promise.resolve(),
    }),
  })
  expect(ledger.total).toMatchObject({ accepted: 8, stored: 7, quarantined: 1 })
  expect(quarantine[0]).toMatchObject({
    device,
    reason: 'history-refused',
    got: 'partial write: field type conflict',
  })
})

test("an upload of a household meter's day is one message and many readings; what came before is not stored again", async () => {
  const meter = 'hengkang-b01-f101-water'
  const to = `est/1/hengkang/water-meter/${meter}/batch`
  const { log, reader } = await consumers.openIntake()
  const upload = (from: number, until: number) => {
    const seqs = Array.from({ length: until - from + 1 }, (_, index) => from + index)
    const rows = seqs.map((seq) => ({
      seq,
      t: dayMs - 86_400_000 + seq * 900_000,
      values: { vol_l: 1_000 + seq },
    }))
    return encodeUpload({ contract: 'water-meter/1.0', boot: 1, clock: 'n', rows })
  }
  await send(log, upload(1, 10), { to, of: meter })
  await send(log, upload(1, 10), { to, of: meter })
  await send(log, upload(6, 15), { to, of: meter })
  const { ledger } = await consumers.live(reader)
  expect(ledger.total).toMatchObject({ accepted: 3, stored: 2, duplicate: 1, quarantined: 0 })
})

function bound(store: HistoryStore): HistoryStore {
  return {
    start: () => store.start(),
    write: (batch) => store.write(batch),
    range: (query) => store.range(query),
    days: (query) => store.days(query),
    last: (query) => store.last(query),
    readings: (query) => store.readings(query),
    upkeep: () => store.upkeep(),
    ping: () => store.ping(),
    stop: () => store.stop(),
  }
}
