import Database from 'better-sqlite3'
import { z } from 'zod'
import { bytesOf } from './sessions.ts'

/** What `broker.db` holds, read once at the start. */

const qos = z.literal([0, 1, 2])
const bytes = z.instanceof(Uint8Array).transform(bytesOf)
const flag = z.number().transform((number) => number !== 0)

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

/** Throws when a row is not what was written. */
export function readMemory(file: string) {
  const database = new Database(file, { readonly: true })
  const all = (query: string) => database.prepare(query).all()
  try {
    return {
      position: progress.parse(all('select position from progress'))[0]?.position,
      sessions: sessions.parse(all('select client, seen_ms as seenMs from session')),
      subscriptions: subscriptions.parse(all('select client, filter as topic, qos from subscription')),
      queued: queued.parse(
        all(
          'select seq, client, topic, qos, payload, message_id as messageId, released from queued order by seq',
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
