import Database from 'better-sqlite3'
import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { sealBatch } from './intake-batch.ts'
import { intakeConsumers } from './intake-message.ts'
import { intakeRequest, type IntakeAnswer, type IntakeRequest } from './intake-exchange.ts'

/** The one writer of the intake log, in a thread of its own: the broker's event loop never waits for a disk.
 *
 *  A batch and the broker's own counts go to disk in one transaction with one fsync (WAL, synchronous FULL).
 *  What cannot be written is answered with the reason, and nothing of it counts. */

const options = z
  .object({ file: z.string(), maxBytes: z.number(), originPosition: z.number() })
  .parse(workerData)

const schema = `
  create table if not exists batch (first integer primary key, count integer not null, body blob not null);
  create table if not exists log (only integer primary key check (only = 1), origin integer not null, end integer not null);
  create table if not exists tally (
    device text primary key, accepted integer not null, wills integer not null, refused integer not null
  ) without rowid;
  create table if not exists consumer (name text primary key, position integer not null) without rowid;`

const endRow = z.object({ end: z.number() })
const bytesRow = z.object({ bytes: z.number() })
const lowestRow = z.object({ position: z.number().nullable() })

function open() {
  const database = new Database(options.file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(schema)
  database
    .prepare('insert or ignore into log values (1, ?, ?)')
    .run(options.originPosition, options.originPosition)
  const known = database.prepare('insert or ignore into consumer values (?, ?)')
  for (const consumer of intakeConsumers) known.run(consumer, 0)
  return database
}

function serve(database: Database.Database): void {
  const insert = database.prepare('insert into batch values (?, ?, ?)')
  const moveEnd = database.prepare('update log set end = ?')
  const count = database.prepare(
    `insert into tally values (?, ?, ?, ?) on conflict (device) do update set accepted = accepted + excluded.accepted,
       wills = wills + excluded.wills, refused = refused + excluded.refused`,
  )
  const report = database.prepare(
    'insert into consumer values (?, ?) on conflict (name) do update set position = excluded.position',
  )
  const lowest = database.prepare('select min(position) as position from consumer')
  const trim = database.prepare('delete from batch where first + count - 1 <= ?')
  const size = database.prepare('select coalesce(sum(length(body)), 0) as bytes from batch')

  let { end } = endRow.parse(database.prepare('select end from log').get())
  let { bytes } = bytesRow.parse(size.get())

  const append = database.transaction((request: Extract<IntakeRequest, { type: 'append' }>) => {
    if (request.count > 0) {
      sealBatch(request.body, end + 1)
      insert.run(end + 1, request.count, request.body)
    }
    if (request.count > 0) moveEnd.run(end + request.count)
    for (const own of request.tallies) count.run(...own)
  })

  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  const answer = (message: IntakeAnswer) => parentPort?.postMessage(message)

  function write(request: Extract<IntakeRequest, { type: 'append' }>): void {
    if (bytes + request.body.byteLength > options.maxBytes) {
      return answer({ type: 'refused', reason: `the intake log is full (${options.maxBytes} bytes)` })
    }
    const began = performance.now()
    try {
      append(request)
    } catch (cause) {
      return answer({ type: 'refused', reason: String(cause) })
    }
    end += request.count
    bytes += request.body.byteLength
    answer({ type: 'appended', end, bytes, seconds: (performance.now() - began) / 1000 })
  }

  function trimBelow(consumer: string, position: number): void {
    report.run(consumer, position)
    const { position: slowest } = lowestRow.parse(lowest.get())
    if (slowest === null || trim.run(slowest).changes === 0) return
    bytes = bytesRow.parse(size.get()).bytes
    answer({ type: 'trimmed', bytes })
  }

  parentPort?.on('message', (raw) => {
    const request = intakeRequest.parse(raw)
    if (request.type === 'append') write(request)
    else if (request.type === 'cursor') trimBelow(request.consumer, request.position)
    else {
      database.close()
      parentPort?.close()
    }
  })
  answer({ type: 'opened', end, bytes })
}

serve(open())
