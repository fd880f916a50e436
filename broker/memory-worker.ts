import Database from 'better-sqlite3'
import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { memoryRequest, schema, statements, type MemoryAnswer, type Write } from './memory-exchange.ts'

/** The one writer of `broker.db`, in a thread of its own: one transaction and one fsync a batch, all of it or
 *  nothing. */

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

serve(open())
say({ type: 'opened' })
