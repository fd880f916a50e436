import * as z from 'zod/mini'
import type {
  ledgerAnswer,
  quarantineAnswer,
  quarantineGroupAnswer,
  replayAnswer,
} from '../../server/schemas.ts'
import { call, send, type Answer } from './rest.ts'

/** The calls of the ledger and of the quarantine. The server's own schemas would bring all of zod along and make
 *  the page's script half as large again (70 kB); so they are written a second time here, and the compiler sees that
 *  what is read has everything that is answered. */
type Read<Schema extends { _zod: { output: unknown } }> = z.ZodMiniType<z.output<Schema>>

const count = z.number()
const line = {
  accepted: count,
  stored: count,
  quarantined: count,
  duplicate: count,
  pending: count,
  refused: count,
  wills: count,
  readings: count,
  repeated: count,
  missing: count,
  givenUp: count,
  filled: count,
  reboots: count,
  wraps: count,
  regresses: count,
  clones: count,
  difference: count,
}
const deviceLine = z.object({ device: z.string(), ...line })
const ledger = z.object({
  total: z.object({ ...line, unreadable: count }),
  devices: z.array(deviceLine),
  next: z.exactOptional(z.string()),
  concerns: z.object({ out: count, cloned: count, pending: count, quarantined: count, missing: count }),
  checked: z.exactOptional(z.object({ devices: count, sinceMs: z.number() })),
  imbalance: count,
  uncounted: count,
  atMs: count,
}) satisfies Read<typeof ledgerAnswer>
export type DeviceLine = z.infer<typeof deviceLine>
export type Ledger = z.infer<typeof ledger>

const group = z.object({
  id: z.number(),
  device: z.string(),
  topic: z.string(),
  reason: z.string(),
  path: z.string(),
  expected: z.string(),
  got: z.string(),
  contract: z.string(),
  firmware: z.string(),
  count,
  kept: count,
  firstSeen: z.number(),
  lastSeen: z.number(),
})
export type Group = z.infer<typeof group>

const quarantine = z.object({
  items: z.array(group),
  fullness: z.object({
    groups: count,
    bytes: count,
    letGo: count,
    bounds: z.object({ groups: count, rawBytes: count }),
  }),
}) satisfies Read<typeof quarantineAnswer>
export type Quarantine = z.infer<typeof quarantine>

const raw = z.object({
  position: z.number(),
  receivedMs: z.number(),
  publisher: z.string(),
  topic: z.string(),
  will: z.boolean(),
  bytes: count,
  text: z.nullable(z.string()),
  hex: z.string(),
})
export type Raw = z.infer<typeof raw>
const raws = z.object({ item: group, raws: z.array(raw) }) satisfies Read<typeof quarantineGroupAnswer>

const replayed = z.object({
  replayed: count,
  stored: count,
  duplicate: count,
  quarantined: count,
  finished: z.boolean(),
}) satisfies Read<typeof replayAnswer>
export type Replayed = z.infer<typeof replayed>

export interface Selection {
  id?: number
  device?: string
  reason?: string
}

/** One page of the devices; see the API's description. */
export interface LedgerWish {
  device?: string
  concern?: string
  after?: string
}

const linesAPage = 100

export function readLedger(wish: LedgerWish, abort: AbortSignal): Promise<Answer<Ledger>> {
  const query = new URLSearchParams({ ...wish, limit: String(linesAPage) })
  return call(`/api/v1/ledger?${query.toString()}`, { signal: abort }, ledger)
}

export function readQuarantine(device: string | undefined, abort: AbortSignal): Promise<Answer<Quarantine>> {
  const query = device === undefined ? '' : `?${new URLSearchParams({ device }).toString()}`
  return call(`/api/v1/quarantine${query}`, { signal: abort }, quarantine)
}

export function readGroup(id: number, abort: AbortSignal): Promise<Answer<{ raws: Raw[] }>> {
  return call(`/api/v1/quarantine/${id}`, { signal: abort }, raws)
}

export function replay(selection: Selection): Promise<Answer<Replayed>> {
  return call('/api/v1/quarantine/replay', send('POST', selection), replayed)
}

export function discard(id: number): Promise<Answer<unknown>> {
  return call(`/api/v1/quarantine/${id}/discard`, send('POST', {}), z.unknown())
}

const session = z.object({ role: z.string() })

/** Whether who is signed in may replay and discard. */
export async function readMayAct(abort: AbortSignal): Promise<Answer<boolean>> {
  const answer = await call('/api/v1/session', { signal: abort }, session)
  return answer.ok
    ? { ok: true, value: answer.value.role === 'engineer' || answer.value.role === 'admin' }
    : answer
}
