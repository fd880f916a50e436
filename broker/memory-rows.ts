import Database from 'better-sqlite3'
import { existsSync, renameSync } from 'node:fs'
import { z } from 'zod'
import { schema } from './memory-exchange.ts'
import { bytesOf } from './sessions.ts'

/** What `broker.db` holds, read once at the start, before its writer opens it. A file that is damaged is moved
 *  aside, and the broker starts with an empty one: what it must not forget is worth less than that it takes
 *  messages. */

const qos = z.literal([0, 1, 2])
const bytes = z.instanceof(Uint8Array).transform(bytesOf)
const flag = z.number().transform((number) => number !== 0)

const checks = z.array(z.object({ quick_check: z.string() }))
const progress = z.array(z.object({ position: z.number() }))
const sessions = z.array(z.object({ client: z.string(), seenMs: z.number() }))
const subscriptions = z.array(z.object({ client: z.string(), topic: z.string(), qos }))
const queued = z.array(
  z
    .object({
      seq: z.number(),
      client: z.string(),
      topic: z.string(),
      qos,
      payload: bytes,
      messageId: z.number().nullable(),
      retain: flag,
      released: flag,
    })
    .transform(({ messageId, ...row }) => ({
      ...row,
      messageId: messageId ?? undefined,
      dup: messageId !== null,
    })),
)
const incoming = z.array(z.object({ client: z.string(), messageId: z.number() }))
const retained = z.array(z.object({ topic: z.string(), qos, payload: bytes }))
const wills = z.array(
  z.object({
    clientId: z.string(),
    brokerId: z.string(),
    topic: z.string(),
    qos,
    retain: flag,
    payload: bytes,
  }),
)

export type MemoryRows = ReturnType<typeof read>

export interface Damage {
  movedTo: string
  reason: string
}

/** Throws when the file cannot be opened or moved, for want of room or permission. */
export function openMemory(file: string, nowMs: number): { rows: MemoryRows; damage?: Damage } {
  try {
    return { rows: read(file) }
  } catch (cause) {
    if (isOfTheDisk(cause)) throw cause
    const movedTo = moveAside(file, nowMs)
    return { rows: read(file), damage: { movedTo, reason: String(cause) } }
  }
}

/** Makes room for a file begun anew; the damaged one, which nobody may have open, is left to be looked at. */
export function moveAside(file: string, nowMs: number): string {
  const movedTo = `${file}.damaged-${nowMs}`
  for (const part of ['', '-wal', '-shm'])
    if (existsSync(file + part)) renameSync(file + part, movedTo + part)
  return movedTo
}

/** A full or failing disk says nothing about what the file holds. */
function isOfTheDisk(cause: unknown): boolean {
  return (
    cause instanceof Database.SqliteError &&
    /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|PERM|BUSY)/.test(cause.code)
  )
}

function read(file: string) {
  const database = new Database(file)
  const all = (query: string) => database.prepare(query).all()
  try {
    database.pragma('journal_mode = WAL')
    const [check] = checks.parse(database.pragma('quick_check(1)'))
    if (check?.quick_check !== 'ok') throw new Error(check?.quick_check ?? 'no answer of quick_check')
    database.exec(schema)
    return {
      position: progress.parse(all('select position from progress'))[0]?.position,
      sessions: sessions.parse(all('select client, seen_ms as seenMs from session')),
      subscriptions: subscriptions.parse(all('select client, filter as topic, qos from subscription')),
      queued: queued.parse(
        all(
          'select seq, client, topic, qos, payload, message_id as messageId, retain, released from queued order by seq',
        ),
      ),
      incoming: incoming.parse(all('select client, message_id as messageId from incoming')),
      retained: retained.parse(all('select topic, qos, payload from retained')),
      wills: wills.parse(
        all('select client as clientId, broker as brokerId, topic, qos, retain, payload from will'),
      ),
    }
  } finally {
    database.close()
  }
}
