import Database from 'better-sqlite3'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeBatch } from './intake-batch.ts'
import { IntakeFile } from './intake-file.ts'
import { damagedPublisher, intakeConsumers } from './intake-message.ts'
import { openIntakeReader } from './intake-reader.ts'

/** The file of the log after a disk, a person or a power cut has been at it. */

const batches = 40
const perBatch = 25
const origin = 1_763_510_400_000_000

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'damage-'))
  file = join(folder, 'intake.db')
  fill()
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (originPosition = origin) => new IntakeFile({ file, originPosition })

function append(log: IntakeFile, from: number, count = perBatch): void {
  const messages = Array.from({ length: count }, (_, index) => ({
    device: 'hengkang-b01-heat',
    publisher: 'hengkang-b01-heat',
    receivedMs: 1_763_510_400_000,
    will: false,
    retain: false,
    qos: 1 as const,
    topic: 'est/1/hengkang/heat-entrance/hengkang-b01-heat/tele',
    payload: Buffer.from(`{"s":${from + index},"filler":"${'x'.repeat(150)}"}`),
  }))
  log.append({ count, body: encodeBatch(messages), tallies: [], talliedTo: log.end })
}

function fill(): void {
  const log = open()
  for (let batch = 0; batch < batches; batch++) append(log, batch * perBatch + 1)
  log.close()
}

/** What comes out: sequence numbers, and how many positions are damaged. */
function readAll() {
  const reader = openIntakeReader(file)
  const messages = reader.read(0, 100_000)
  const { accepted } = reader.totals()
  const end = reader.end()
  reader.close()
  const good = messages.filter(({ publisher }) => publisher !== damagedPublisher)
  return {
    seqs: good.map(({ payload }) => Number(/"s":(\d+)/.exec(payload.toString())?.[1])),
    positions: messages.map(({ position }) => position - origin),
    damaged: messages.length - good.length,
    accepted,
    end: end - origin,
  }
}

const all = Array.from({ length: batches * perBatch }, (_, index) => index + 1)

function overwrite(at: number, bytes: Uint8Array): void {
  const opened = openSync(file, 'r+')
  writeSync(opened, bytes, 0, bytes.length, at)
  closeSync(opened)
}

const pageBytes = 4_096
const pages = () => Math.floor(readFileSync(file).length / pageBytes)
const asides = () => readdirSync(folder).filter((name) => /^intake\.db\.damaged-\d+$/.test(name))

test('a flipped byte in one batch costs that batch alone, and its positions are counted', () => {
  const bytes = readFileSync(file)
  const at = bytes.indexOf('{"s":501,')
  overwrite(at, Buffer.from('{"s":502,'))
  const found = readAll()
  expect(found.positions).toEqual(all)
  expect(found.damaged).toBe(perBatch)
  expect(found.seqs).toEqual(all.filter((seq) => seq < 501 || seq > 525))
  expect(found.accepted).toBe(all.length)
})

describe('a reader comes past pages that are no pages', () => {
  test.each([3, 10, 20])(
    'every %ith page zeroed: what is readable is read, every position comes out once',
    (step) => {
      // The first pages hold the roots of the tables: without them there is nothing to read.
      const count = pages()
      for (let page = 12; page < count; page += step) overwrite(page * pageBytes, Buffer.alloc(pageBytes))
      const { positions, seqs, damaged } = readAll()
      expect(positions).toEqual(all)
      expect(seqs.length + damaged).toBe(all.length)
      expect(seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] ?? 0))).toBe(true)
    },
  )
})

test('a hole that is trimmed, or a log that does not begin at 0, is no damage', () => {
  const log = open()
  log.append({
    count: 0,
    body: new Uint8Array(),
    tallies: [['hengkang-b01-heat', 1_000, 0, 0]],
    talliedTo: log.end,
  })
  log.report(intakeConsumers.map((consumer) => [consumer, origin + 100]))
  log.close()
  expect(readAll()).toMatchObject({ damaged: 0, positions: all.slice(100) })
})

describe('a file that is not whole is moved aside when the broker opens it', () => {
  test('pages zeroed: what is readable is in the fresh one, at its positions, and new ones follow', () => {
    const count = pages()
    for (let page = 20; page < count; page += 9) overwrite(page * pageBytes, Buffer.alloc(pageBytes))
    const before = readAll()
    const log = open(origin + 1e9)
    expect(log.damage).toMatch(/messages in \d+ batches were saved/)
    append(log, 1_001)
    log.close()
    expect(asides()).toHaveLength(1)
    const after = readAll()
    expect(after.seqs).toEqual([
      ...before.seqs,
      ...Array.from({ length: perBatch }, (_, index) => 1_001 + index),
    ])
    expect(after.positions).toEqual(Array.from({ length: all.length + perBatch }, (_, index) => index + 1))
    expect(after.damaged).toBe(before.damaged)
    expect(open().damage).toBeUndefined()
  })

  test('cut off in the middle: what is left is saved', () => {
    truncateSync(file, Math.floor(pages() / 2) * pageBytes)
    const log = open(origin + 1e9)
    expect(log.damage).toMatch(/were saved/)
    log.close()
    const { positions, seqs } = readAll()
    expect(positions).toEqual(all)
    expect(seqs.length).toBeGreaterThan(0)
  })

  test('no database at all: a new log above every position of the old one', () => {
    writeFileSync(file, 'somebody thought this was a text file\n'.repeat(1_000))
    const log = open(origin + 1e9)
    expect(log.damage).toContain('nothing in it could be read')
    append(log, 1)
    log.close()
    expect(readAll()).toMatchObject({ damaged: 0, end: 1e9 + perBatch })
  })

  test('its own row lost: new positions are above all old ones, and the leap is no damage', () => {
    const database = new Database(file)
    database.exec('delete from log')
    database.close()
    const bytes = readFileSync(file)
    // The header's page count: SQLite finds the file too short and calls it malformed.
    bytes.writeUInt32BE(pages() + 50, 28)
    writeFileSync(file, bytes)
    const log = open(origin + 1e9)
    expect(log.damage).toMatch(/were saved/)
    append(log, 1_001)
    log.close()
    const { end, damaged, seqs } = readAll()
    expect(end).toBe(1e9 + perBatch)
    expect(damaged).toBe(0)
    expect(seqs.slice(-perBatch)).toEqual(Array.from({ length: perBatch }, (_, index) => 1_001 + index))
  })
})

test('a reader that has the damaged file open goes on with the fresh one', () => {
  const reader = openIntakeReader(file)
  expect(reader.end()).toBe(origin + all.length)
  for (let page = 20; page < 30; page++) overwrite(page * pageBytes, Buffer.alloc(pageBytes))
  const log = open(origin + 1e9)
  append(log, 1_001)
  expect(log.damage).toBeDefined()
  expect(reader.end()).toBe(origin + all.length + perBatch)
  expect(reader.read(origin + all.length, 100)).toHaveLength(perBatch)
  log.close()
  reader.close()
})

test('counts of batches that were written after the last counting are made up at the next start', () => {
  const log = open()
  log.close()
  const database = new Database(file, { readonly: true })
  expect(database.prepare('select sum(accepted) from tally').pluck().get()).toBe(all.length)
  database.close()
})
