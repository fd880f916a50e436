import Database from 'better-sqlite3'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock, VirtualClock, type Clock } from './clock.ts'
import { decodeBatch, encodeBatch, sealBatch, type Appended } from './intake-batch.ts'
import { IntakeFile } from './intake-file.ts'
import { IntakeLog } from './intake-log.ts'
import { intakeConsumers } from './intake-message.ts'
import { openIntakeReader } from './intake-reader.ts'
import { silentLog } from './log.ts'
import { openMetrics } from './metrics.ts'

/** How often the log reports cursors. */
const reportMs = 250

let folder: string
const running: IntakeLog[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'intake-'))
})

afterEach(async () => {
  for (const log of running.splice(0)) await log.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function open(maxBytes?: number, clock: Clock = systemClock): Promise<IntakeLog> {
  const log = new IntakeLog({
    file: join(folder, 'intake.db'),
    ...(maxBytes !== undefined && { maxBytes }),
    clock,
    logger: silentLog,
    metrics: openMetrics('test'),
  })
  await log.start()
  running.push(log)
  return log
}

async function close(log: IntakeLog): Promise<void> {
  running.splice(running.indexOf(log), 1)
  await log.stop()
}

const message = (seq: number, device = 'hengkang-b01-heat', will = false): Appended => ({
  device,
  publisher: device,
  receivedMs: 1_763_510_400_000 + seq,
  will,
  retain: false,
  qos: 1,
  topic: `est/1/hengkang/heat-entrance/${device}/tele`,
  payload: Buffer.from(`{"s":${seq}}`),
})

const append = (log: IntakeLog, appended: Appended) =>
  new Promise<void>((resolve, reject) => log.append(appended, (error) => (error ? reject(error) : resolve())))

function sealed(first: number, messages: readonly Appended[]): Buffer {
  const body = Buffer.from(encodeBatch(messages))
  sealBatch(body, first)
  return body
}

test('any batch of messages comes back from its bytes as it went in', () => {
  const messages = fc.array(
    fc.record({
      device: fc.constant('d'),
      publisher: fc.string({ unit: 'grapheme', maxLength: 20 }),
      receivedMs: fc.nat(),
      will: fc.boolean(),
      retain: fc.boolean(),
      qos: fc.constantFrom(0, 1, 2),
      topic: fc.string({ unit: 'grapheme', maxLength: 60 }),
      payload: fc.uint8Array({ maxLength: 300 }),
    }),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(messages, (batch) => {
      const back = decodeBatch(7, batch.length, sealed(7, batch))
      expect(back.map(({ position }) => position)).toEqual(batch.map((_, index) => 7 + index))
      for (const [index, { position: _, payload, ...rest }] of back.entries()) {
        const { device: _, ...sent } = batch[index] ?? message(0)
        expect({ ...rest, payload: new Uint8Array(payload) }).toEqual(sent)
      }
    }),
  )
})

test('a batch that is cut off, changed, or of another place or version is an error, not half a batch', () => {
  const body = sealed(1, [message(1), message(2)])
  expect(() => decodeBatch(1, 2, body.subarray(0, body.length - 1))).toThrow('checksum')
  expect(() => decodeBatch(1, 2, body.subarray(0, 3))).toThrow('cut off')
  expect(() => decodeBatch(1, 2, Buffer.alloc(0))).toThrow('version 0')
  expect(() => decodeBatch(1, 2, Buffer.concat([Buffer.from([9]), body.subarray(1)]))).toThrow('version 9')
  expect(() => decodeBatch(2, 2, body)).toThrow('other positions')
  expect(() => decodeBatch(1, 3, body)).toThrow('other positions')
})

test('whatever single bit of a batch flips, it is noticed', () => {
  const body = sealed(1, [message(1), message(2)])
  for (let bit = 0; bit < body.length * 8; bit++) {
    const flipped = Buffer.from(body)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    expect(() => decodeBatch(1, 2, flipped), `bit ${bit}`).toThrow('intake batch 1')
  }
})

test('a batch of version 1, which had no checksum, is still read, and not beyond its end', () => {
  const { publisher, topic, payload } = message(1)
  const old = Buffer.alloc(1 + 8 + 1 + 1 + publisher.length + 2 + topic.length + 4 + payload.length)
  let at = old.writeUInt8(1, 0)
  at = old.writeDoubleBE(1_763_510_400_000, at)
  at = old.writeUInt8(4, at)
  at = old.writeUInt8(publisher.length, at)
  at += old.write(publisher, at)
  at = old.writeUInt16BE(topic.length, at)
  at += old.write(topic, at)
  at = old.writeUInt32BE(payload.length, at)
  old.set(payload, at)
  expect(decodeBatch(7, 1, old)).toMatchObject([{ position: 7, publisher, topic, qos: 1, will: false }])
  expect(() => decodeBatch(7, 1, old.subarray(0, old.length - 1))).toThrow('cut off')
  expect(() => decodeBatch(7, 2, old)).toThrow('cut off')
})

test('what was confirmed is read back in order, by position, by a reader that opened before the log was made', async () => {
  const reader = openIntakeReader(join(folder, 'intake.db'))
  expect(reader.read(0, 100)).toEqual([])
  const log = await open()
  await Promise.all(Array.from({ length: 1_500 }, (_, seq) => append(log, message(seq))))
  const messages = reader.read(reader.origin(), 10_000)
  expect(messages.map(({ payload }) => payload.toString())).toEqual(
    Array.from({ length: 1_500 }, (_, seq) => `{"s":${seq}}`),
  )
  expect(messages.map(({ position }) => position)).toEqual(
    messages.map((_, index) => reader.origin() + 1 + index),
  )
  expect(reader.end()).toBe(reader.origin() + 1_500)
  const middle = reader.origin() + 777
  expect(reader.read(middle, 1)[0]?.position).toBe(middle + 1)
  reader.close()
})

test("the broker's own counts are in the same transaction: accepted, wills and refused, per device", async () => {
  const log = await open()
  log.countRefused('hengkang-b02-heat')
  await Promise.all([
    append(log, message(1)),
    append(log, message(2)),
    append(log, message(3, 'hengkang-b02-heat', true)),
  ])
  const reader = openIntakeReader(join(folder, 'intake.db'))
  const devices = ['hengkang-b01-heat', 'hengkang-b02-heat', 'hengkang-b03-heat']
  expect(Object.fromEntries(reader.books(devices).counts)).toEqual({
    'hengkang-b01-heat': { accepted: 2, wills: 0, refused: 0 },
    'hengkang-b02-heat': { accepted: 1, wills: 1, refused: 1 },
  })
  expect(reader.totals()).toMatchObject({ accepted: 3 })
  await expect.poll(() => reader.totals()).toMatchObject({ accepted: 3, wills: 1, refused: 1 })
  const search = { after: 'hengkang-b01', part: 'b02', limit: 10 }
  expect([reader.devicesAfter(search), reader.devicesAfter({ ...search, part: '' }).length]).toEqual([
    ['hengkang-b02-heat'],
    2,
  ])
  reader.close()
})

test('positions go on after a restart, and a log made anew starts above the old one', async () => {
  const file = join(folder, 'intake.db')
  let log = await open()
  await append(log, message(1))
  await close(log)
  log = await open()
  await append(log, message(2))
  const reader = openIntakeReader(file)
  const end = reader.end()
  expect(end).toBe(reader.origin() + 2)
  reader.close()
  await close(log)
  rmSync(file)
  log = await open()
  const anew = openIntakeReader(file)
  expect(anew.origin()).toBeGreaterThan(end)
  anew.close()
})

test('only what every consumer has dealt with is trimmed, and counts and positions stay', async () => {
  let log = await open()
  const reader = openIntakeReader(join(folder, 'intake.db'))
  for (let seq = 0; seq < 5; seq++) await append(log, message(seq))
  const origin = reader.origin()
  log.reportCursor('history', origin + 5)
  log.reportCursor('watch', origin + 2)
  log.reportCursor('broker', origin + 5)
  await close(log)
  expect(reader.read(origin, 100).map(({ position }) => position - origin)).toEqual([3, 4, 5])
  log = await open()
  log.reportCursor('watch', origin + 5)
  await close(log)
  expect(reader.read(origin, 100)).toEqual([])
  expect(reader.end()).toBe(origin + 5)
  expect(reader.totals().accepted).toBe(5)
  reader.close()
})

test('a full log refuses, says so, and takes messages again once consumers have caught up', async () => {
  const log = await open(1_000)
  const big = { ...message(1), payload: Buffer.alloc(600) }
  await append(log, big)
  await expect(append(log, big)).rejects.toThrow('full')
  expect(log.health()).toMatchObject({ ok: false })
  const reader = openIntakeReader(join(folder, 'intake.db'))
  for (const consumer of intakeConsumers) log.reportCursor(consumer, reader.end())
  await expect.poll(() => append(log, big).then(() => 'taken', String), { timeout: 5_000 }).toBe('taken')
  expect(log.health()).toMatchObject({ ok: true })
  reader.close()
})

test('over the soft limit PUBACKs come late, the state says so, and they come at once when there is room', async () => {
  const log = await open(10_000)
  const large = { ...message(1), payload: Buffer.alloc(4_000) }
  await append(log, large)
  await append(log, large)
  expect(log.state()).toBe('holding')
  expect(log.health()).toMatchObject({ ok: true, detail: expect.stringContaining('holds PUBACKs back') })
  await append(log, message(2))
  const held = append(log, message(3)).then(() => 'late')
  const soon = new Promise((resolve) => setTimeout(resolve, 200, 'not yet'))
  expect(await Promise.race([held, soon])).toBe('not yet')
  const reader = openIntakeReader(join(folder, 'intake.db'))
  for (const consumer of intakeConsumers) log.reportCursor(consumer, reader.end())
  reader.close()
  expect(await held).toBe('late')
  expect(log.state()).toBe('taking')
})

test('another process reads along while the log is written, every position once and in order', async () => {
  const log = await open()
  const follower = `
    import { openIntakeReader } from ${JSON.stringify(new URL('intake-reader.ts', import.meta.url).href)}
    const reader = openIntakeReader(process.argv[1])
    const positions = []
    while (positions.length < 5000)
      for (const { position } of reader.read(positions.at(-1) ?? 0, 500)) positions.push(position)
    const first = positions[0]
    console.log(positions.every((position, index) => position === first + index), positions.length)`
  const following = promisify(execFile)(process.execPath, [
    '--no-warnings',
    '--input-type=module',
    '-e',
    follower,
    join(folder, 'intake.db'),
  ])
  for (let batch = 0; batch < 50; batch++)
    await Promise.all(Array.from({ length: 100 }, (_, seq) => append(log, message(batch * 100 + seq))))
  expect((await following).stdout.trim()).toBe('true 5000')
})

test('a consumer that reports a lower position than before gets nothing back, and loses nothing', async () => {
  const log = await open()
  for (let seq = 0; seq < 5; seq++) await append(log, message(seq))
  const reader = openIntakeReader(join(folder, 'intake.db'))
  const origin = reader.origin()
  for (const consumer of intakeConsumers) log.reportCursor(consumer, origin + 3)
  await expect.poll(() => reader.read(origin, 10)).toHaveLength(2)
  log.reportCursor('history', 0)
  await close(log)
  expect(reader.read(origin, 10).map(({ position }) => position - origin)).toEqual([4, 5])
  reader.close()
})

test('a cursor that could not be written down is written later, though its consumer does not move any more', async () => {
  const clock = new VirtualClock(Date.now())
  const log = await open(undefined, clock)
  /** When it is on disk, the cursors that were reported before it have been looked at. */
  const appendNow = async (seq: number) => {
    let appended = false
    log.append(message(seq), () => (appended = true))
    await expect.poll(() => (clock.advance(reportMs), appended)).toBe(true)
  }
  await appendNow(1)
  const shell = new Database(join(folder, 'intake.db'))
  shell.exec("create trigger held before insert on consumer begin select raise(abort, 'held'); end")
  const reader = openIntakeReader(join(folder, 'intake.db'))
  const end = reader.end()
  for (const consumer of intakeConsumers) log.reportCursor(consumer, end)
  await appendNow(2)
  expect(reader.read(0, 10)).toHaveLength(2)
  shell.exec('drop trigger held')
  shell.close()
  await appendNow(3)
  expect(reader.read(0, 10)).toHaveLength(2)
  reader.close()
})

test('while no consumer moves, nothing is written', () => {
  const file = new IntakeFile({ file: join(folder, 'intake.db'), originPosition: 1_000 })
  const onlooker = new Database(join(folder, 'intake.db'))
  const commits = () => onlooker.pragma('data_version', { simple: true })
  file.report([['history', 1_000]])
  const before = commits()
  file.report([['history', 1_000]])
  expect(commits()).toBe(before)
  file.report([['history', 1_001]])
  expect(commits()).not.toBe(before)
  onlooker.close()
  file.close()
})
