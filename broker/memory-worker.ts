import Database from 'better-sqlite3'
import { existsSync, renameSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { memoryRequest, schema, statements, type MemoryAnswer, type Write } from './memory-exchange.ts'

/** The one writer of `broker.db`, in a thread of its own: one transaction and one fsync a batch, all of it or
 *  nothing. A file that is damaged is moved aside, and the broker starts with an empty one: what it must know is
 *  worth less than that it takes messages. */

const options = z.object({ file: z.string(), nowMs: z.number() }).parse(workerData)

function open(): Database.Database {
  const database = new Database(options.file)
  try {
    const found = z.array(z.object({ quick_check: z.string() })).parse(database.pragma('quick_check'))
    if (found[0]?.quick_check !== 'ok') throw new Error(found.map((row) => row.quick_check).join('; '))
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    database.exec(schema)
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

function openOrReplace(): { database: Database.Database; movedTo: string | null; reason: string } {
  try {
    return { database: open(), movedTo: null, reason: '' }
  } catch (cause) {
    const movedTo = `${options.file}.damaged-${options.nowMs}`
    for (const part of ['', '-wal', '-shm'])
      if (existsSync(options.file + part)) renameSync(options.file + part, movedTo + part)
    return { database: open(), movedTo, reason: String(cause) }
  }
}

function serve(database: Database.Database): void {
  const prepared = new Map(
    Object.entries(statements).map(([name, statement]) => [name, database.prepare(statement)]),
  )
  const all = database.transaction((writes: readonly Write[]) => {
    for (const [name, ...values] of writes) prepared.get(name)?.run(...values)
  })

  function write(writes: readonly Write[]): MemoryAnswer {
    const began = performance.now()
    try {
      all(writes)
      return { type: 'written', seconds: (performance.now() - began) / 1000 }
    } catch (cause) {
      return { type: 'failed', reason: String(cause) }
    }
  }

  parentPort?.on('message', (raw) => {
    const request = memoryRequest.parse(raw)
    if (request.type === 'write') return say(write(request.writes))
    database.close()
    parentPort?.close()
  })
}

function say(answer: MemoryAnswer): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer)
}

const { database, movedTo, reason } = openOrReplace()
serve(database)
say({ type: 'opened', movedTo, reason })
