import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeUpload } from '../firmware-contracts/encode.ts'
import { systemClock } from '../platform/clock.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import type { IntakeReader } from '../platform/intake-message.ts'
import { Lifecycle } from '../platform/lifecycle.ts'
import { silentLog } from '../platform/log.ts'
import { DecodedLog } from './decoded-log.ts'
import { dayMs, openIntake, sample, send } from './history-writer.fixture.ts'

const megabyte = 2 ** 20

let folder: string
let lifecycle: Lifecycle
let intake: { log: IntakeLog; reader: IntakeReader }
let decoded: DecodedLog
let said = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'decoded-'))
  lifecycle = new Lifecycle(silentLog)
  intake = await openIntake(folder, lifecycle)
  decoded = new DecodedLog({ reader: intake.reader, clock: systemClock })
  said = 0
})

afterEach(async () => {
  await lifecycle.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function say(messages: number): Promise<void> {
  await Promise.all(Array.from({ length: messages }, () => send(intake.log, sample(++said))))
}

const positions = (cursor: number) => decoded.read(cursor).map(({ intake: { position } }) => position)

/** From `cursor` to the end of the log. */
function readOn(cursor: number): number[] {
  const read: number[] = []
  for (let portion = positions(cursor); portion.length > 0; portion = positions(read.at(-1) ?? 0))
    read.push(...portion)
  return read
}

function everything(): number[] {
  const first = intake.reader.origin() + 1
  return Array.from({ length: said }, (_, index) => first + index)
}

test('two consumers of the same messages pay for one contract check', async () => {
  await say(300)
  const origin = intake.reader.origin()
  const [first] = decoded.read(origin)
  expect(decoded.read(origin)[0]).toBe(first)
  expect(decoded.read(origin + 299)[0]).toBe(decoded.read(origin)[299])
})

test('a consumer that comes later gets in one portion what the other took in several', async () => {
  const origin = intake.reader.origin()
  let cursor = origin
  for (let round = 0; round < 5; round++) {
    await say(200)
    cursor = decoded.read(cursor).at(-1)?.intake.position ?? 0
  }
  expect(cursor).toBe(origin + 1_000)
  expect(positions(origin)).toEqual(everything())
})

test('a consumer far behind gets every message once, and in the end the same as the one in front', async () => {
  await say(12_000)
  const origin = intake.reader.origin()
  await say(26_000)
  const front = readOn(origin + 6_000)
  expect(front).toEqual(everything().slice(6_000))
  expect(readOn(origin)).toEqual(everything())
  await say(10)
  expect(positions(origin + 38_000)).toEqual(everything().slice(-10))
})

test('of large uploads a portion has a megabyte, and a window that is full of them loses nothing', async () => {
  const rows = Array.from({ length: 96 }, (_, nth) => ({
    seq: nth,
    t: dayMs + nth * 900_000,
    values: { vol_l: nth },
  }))
  const day = encodeUpload({ contract: 'water-meter/1.0', boot: 1, clock: 'n', rows })
  const to = 'est/1/hengkang/water-meter/hengkang-b01-f101-water/batch'
  said = Math.ceil((10 * megabyte) / day.byteLength)
  await Promise.all(Array.from({ length: said }, () => send(intake.log, day, { to })))
  const origin = intake.reader.origin()
  expect(decoded.read(origin).length * day.byteLength).toBeLessThan(megabyte + day.byteLength)
  expect(readOn(origin + 100)).toEqual(everything().slice(100))
  expect(readOn(origin)).toEqual(everything())
})

test('a portion has at most 5,000 messages', async () => {
  await say(6_000)
  expect(positions(intake.reader.origin())).toHaveLength(5_000)
})
