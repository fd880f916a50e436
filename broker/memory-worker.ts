import Database from 'better-sqlite3'
import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { systemClock } from '../platform/clock.ts'
import { memoryRequest, schema, statements, type MemoryAnswer, type Write } from './memory-exchange.ts'
import { moveAside } from './memory-rows.ts'

/** The one writer of `broker.db`, in a thread of its own: one transaction and one fsync a batch, all of it or
 *  nothing. A file that turns out to be damaged is moved aside and begun anew: after a batch that failed, all that
 *  the broker has in memory is written again. */

const options = z.object({ file: z.string() }).parse(workerData)

/** Nobody else writes to the file; somebody who copies it may hold it for a moment. */
const lockedMs = 500

function open(): Database.Database {
  const database = new Database(options.file, { timeout: lockedMs })
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  database.exec(schema)
  return database
}

function prepare() {
  const database = open()
  const prepared = new Map(
    Object.entries(statements).map(([name, statement]) => [name, database.prepare(statement)]),
  )
  const write = database.transaction((writes: readonly Write[]) => {
    for (const [name, ...values] of writes) prepared.get(name)?.run(...values)
  })
  return { write, close: () => database.close() }
}

let memory = prepare()

function write(writes: readonly Write[]): MemoryAnswer {
  const began = performance.now()
  try {
    memory.write(writes)
    return { type: 'written', seconds: (performance.now() - began) / 1000 }
  } catch (cause) {
    return { type: 'failed', reason: isDamage(cause) ? `${String(cause)}; ${beginAnew()}` : String(cause) }
  }
}

function isDamage(cause: unknown): boolean {
  return cause instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(cause.code)
}

function beginAnew(): string {
  memory.close()
  const movedTo = moveAside(options.file, systemClock.now())
  memory = prepare()
  return `moved aside to ${movedTo}`
}

parentPort?.on('message', (raw) => {
  const request = memoryRequest.parse(raw)
  if (request.type === 'write') return say(write(request.writes))
  memory.close()
  parentPort?.close()
})

function say(answer: MemoryAnswer): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer)
}

say({ type: 'opened' })
