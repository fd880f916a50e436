import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { Refusal } from '../firmware-contracts/message.ts'
import type { IntakeMessage } from '../platform/intake-message.ts'
import type { Refused } from './sorting.ts'

/** What was refused: the raw messages, and groups that say how often one device got the same thing wrong in the
 *  same place. It lies in the file of the ingest memory and changes only in the memory's transactions.
 *
 *  A broken device must not fill the disk. Past the bound on groups, new kinds of mistakes are counted in one
 *  group of the device and the reason, under `*`. Past a bound on raw messages, the oldest of the device's largest
 *  group makes room, so that a babbling mistake does not push out the only sample of another; past the bound of
 *  all devices together, the device with the most bytes gives. Counts go on: `count` minus `kept` were let go. */
export const quarantineBounds = {
  groups: 20_000,
  groupsPerDevice: 50,
  rawsPerDevice: 1_000,
  rawBytesPerDevice: 1024 * 1024,
  rawBytes: 256 * 1024 * 1024,
} as const
export type QuarantineBounds = Readonly<Record<keyof typeof quarantineBounds, number>>

/** Stands for every topic, or every path, of a group that takes what found no room. */
export const anyPlace = '*'

/** One kind of refusal of one device on one topic, and how often it happened. */
const quarantineItem = z.object({
  id: z.number(),
  device: z.string(),
  topic: z.string(),
  reason: z.string(),
  path: z.string(),
  /** Of the newest: what the contract wants there, what came, and the contract and firmware it came from; the
   *  last two are '' where nobody said. */
  expected: z.string(),
  got: z.string(),
  contract: z.string(),
  firmware: z.string(),
  count: z.number(),
  /** Of these the raw message is still here, and can be replayed. */
  kept: z.number(),
  firstSeen: z.number(),
  lastSeen: z.number(),
})
export type QuarantineItem = z.infer<typeof quarantineItem>

export interface QuarantineSelection {
  id?: number
  device?: string
  reason?: string
}

const keptRow = z.object({
  position: z.number(),
  refusal: z.number(),
  reason: z.string(),
  device: z.string(),
  publisher: z.string(),
  topic: z.string(),
  payload: z.instanceof(Uint8Array),
  receivedMs: z.number(),
  will: z.number().transform((flag) => flag === 1),
})
/** One raw message. `position` is the one it had in the intake log. */
export type Kept = z.infer<typeof keptRow>

const idRow = z.object({ id: z.number() }).optional()
const numberRow = z.object({ number: z.number().nullable() })
const positionRows = z.array(z.object({ position: z.number() }))
const shareRow = z.object({ kept: z.number(), bytes: z.number() }).optional()
const deviceRow = z.object({ device: z.string() }).optional()
const oldestRow = z.object({ position: z.number(), bytes: z.number() }).optional()

export class Quarantine {
  readonly #statements: Statements
  readonly #bounds: QuarantineBounds
  #groups: number
  #bytes: number
  #letGo = 0

  constructor(database: Database.Database, bounds: QuarantineBounds = quarantineBounds) {
    this.#statements = prepare(database)
    this.#bounds = bounds
    this.#groups = numberRow.parse(this.#statements.countAll.get()).number ?? 0
    this.#bytes = numberRow.parse(this.#statements.bytesOfAll.get()).number ?? 0
  }

  keep({ message: { intake }, device, refusal }: Refused, firmware: string): void {
    const { position, publisher, topic, payload, receivedMs, will } = intake
    const id = this.#groupFor(device, topic, refusal)
    this.#countIn(id, intake, refusal, firmware)
    this.#statements.keepRaw.run(position, id, device, publisher, topic, payload, receivedMs, will ? 1 : 0)
    this.#share(id, device, { kept: 1, bytes: payload.byteLength })
    this.#makeRoom(device)
  }

  /** The most recent first, at most `limit` groups. */
  list({ id, device, reason }: QuarantineSelection, limit: number): readonly QuarantineItem[] {
    return z
      .array(quarantineItem)
      .parse(
        this.#statements.list.all({ id: id ?? null, device: device ?? null, reason: reason ?? null, limit }),
      )
  }

  /** Raw messages of a group, the newest first. */
  raws(id: number, limit: number): readonly Kept[] {
    return z.array(keptRow).parse(this.#statements.newest.all(id, limit))
  }

  /** Positions of raw messages in (after, until], the oldest first. */
  find(
    { id, device, reason }: QuarantineSelection,
    { after, until, limit }: { after: number; until: number; limit: number },
  ): number[] {
    const wanted = { id: id ?? null, device: device ?? null, reason: reason ?? null, after, until, limit }
    return positionRows.parse(this.#statements.find.all(wanted)).map(({ position }) => position)
  }

  take(positions: readonly number[]): Kept[] {
    return positions.map((position) => keptRow.parse(this.#statements.take.get(position)))
  }

  /** A raw message that was understood after all, or is known to be one that came before: it is gone from here. */
  release({ position, refusal, device, payload }: Kept): void {
    this.#statements.drop.run(position)
    this.#share(refusal, device, { kept: -1, bytes: -payload.byteLength })
    this.#countOut(refusal)
  }

  /** A raw message that is refused still: it stays, under the reason of today. */
  keepStill(kept: Kept, refusal: Refusal, firmware: string): void {
    const id = this.#groupFor(kept.device, kept.topic, refusal)
    if (id === kept.refusal) return
    this.#countIn(id, kept, refusal, firmware)
    this.#statements.move.run(id, kept.position)
    this.#statements.changeKept.run(1, id)
    this.#statements.changeKept.run(-1, kept.refusal)
    this.#countOut(kept.refusal)
  }

  /** Forgets a group with its raw messages; what they count for in the ledger stays. False when there is none. */
  discard(id: number): boolean {
    for (let rest = this.raws(id, 1_000); rest.length > 0; rest = this.raws(id, 1_000)) {
      for (const { position, device, payload } of rest) {
        this.#statements.drop.run(position)
        this.#share(id, device, { kept: -1, bytes: -payload.byteLength })
      }
    }
    const found = this.#statements.discard.run(id).changes > 0
    if (found) this.#groups--
    return found
  }

  /** How full it is; `letGo` counts raw messages that made room since the start. */
  fullness(): { groups: number; bytes: number; letGo: number; bounds: QuarantineBounds } {
    return { groups: this.#groups, bytes: this.#bytes, letGo: this.#letGo, bounds: this.#bounds }
  }

  #groupFor(device: string, topic: string, { reason, path }: Refusal): number {
    const { groupOf, makeGroup, countOf } = this.#statements
    const known = idRow.parse(groupOf.get(device, topic, reason, path))
    if (known) return known.id
    const own = numberRow.parse(countOf.get(device)).number ?? 0
    const isFull = own >= this.#bounds.groupsPerDevice || this.#groups >= this.#bounds.groups
    const place = isFull ? [anyPlace, reason, anyPlace] : [topic, reason, path]
    const shared = isFull ? idRow.parse(groupOf.get(device, ...place)) : undefined
    if (shared) return shared.id
    this.#groups++
    return Number(makeGroup.run(device, ...place).lastInsertRowid)
  }

  #countIn(
    id: number,
    { payload, receivedMs }: Pick<IntakeMessage, 'payload' | 'receivedMs'>,
    { expected, got }: Refusal,
    firmware: string,
  ): void {
    const contract = contractSaid(payload)
    this.#statements.countIn.run({ id, expected, got, contract, firmware, receivedMs })
  }

  #countOut(id: number): void {
    this.#statements.countOut.run(id)
    this.#groups -= this.#statements.dropEmpty.run(id).changes
  }

  #share(id: number, device: string, { kept, bytes }: { kept: number; bytes: number }): void {
    this.#statements.changeKept.run(kept, id)
    this.#statements.changeShare.run(device, kept, bytes)
    this.#bytes += bytes
  }

  #makeRoom(device: string): void {
    const { rawsPerDevice, rawBytesPerDevice, rawBytes } = this.#bounds
    const share = () => shareRow.parse(this.#statements.share.get(device)) ?? { kept: 0, bytes: 0 }
    for (let own = share(); own.kept > rawsPerDevice || own.bytes > rawBytesPerDevice; own = share())
      if (!this.#letGoOfOne(device)) break
    while (this.#bytes > rawBytes) {
      const fullest = deviceRow.parse(this.#statements.fullest.get())
      if (!fullest || !this.#letGoOfOne(fullest.device)) break
    }
  }

  #letGoOfOne(device: string): boolean {
    const { largestGroup, oldestOf, drop } = this.#statements
    const group = idRow.parse(largestGroup.get(device))
    const oldest = group && oldestRow.parse(oldestOf.get(group.id))
    if (!oldest) return false
    drop.run(oldest.position)
    this.#share(group.id, device, { kept: -1, bytes: -oldest.bytes })
    this.#letGo++
    return true
  }
}

const contractInText = /"c"\s*:\s*"([^"\\]{1,64})"/
const contractWithinBytes = 512

/** The contract a payload names, also where it is no longer JSON; '' where it names none. */
function contractSaid(payload: Uint8Array): string {
  const start = Buffer.from(
    payload.buffer,
    payload.byteOffset,
    Math.min(payload.byteLength, contractWithinBytes),
  )
  return contractInText.exec(start.toString('latin1'))?.[1] ?? ''
}

type Statements = ReturnType<typeof prepare>

const rawColumns = `q.position, q.refusal, r.reason, q.device, q.publisher, q.topic, q.payload,
  q.received_ms as receivedMs, q.will from quarantined q join refusal r on r.id = q.refusal`

function prepare(database: Database.Database) {
  return {
    countAll: database.prepare('select count(*) as number from refusal'),
    bytesOfAll: database.prepare('select sum(bytes) as number from raw_share'),
    countOf: database.prepare('select count(*) as number from refusal where device = ?'),
    groupOf: database.prepare(
      'select id from refusal where device = ? and topic = ? and reason = ? and path = ?',
    ),
    makeGroup: database.prepare(
      `insert into refusal (device, topic, reason, path, expected, got, count, first_seen, last_seen)
       values (?, ?, ?, ?, '', '', 0, 9e15, 0)`,
    ),
    countIn: database.prepare(
      `update refusal set count = count + 1, expected = @expected, got = @got, contract = @contract,
         firmware = @firmware, first_seen = min(first_seen, @receivedMs), last_seen = max(last_seen, @receivedMs)
       where id = @id`,
    ),
    countOut: database.prepare('update refusal set count = count - 1 where id = ?'),
    dropEmpty: database.prepare('delete from refusal where id = ? and count <= 0'),
    discard: database.prepare('delete from refusal where id = ?'),
    keepRaw: database.prepare(
      `insert into quarantined (position, refusal, device, publisher, topic, payload, received_ms, will)
       values (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    drop: database.prepare('delete from quarantined where position = ?'),
    move: database.prepare('update quarantined set refusal = ? where position = ?'),
    changeKept: database.prepare('update refusal set kept = kept + ? where id = ?'),
    changeShare: database.prepare(
      `insert into raw_share values (?, ?, ?)
       on conflict (device) do update set kept = kept + excluded.kept, bytes = bytes + excluded.bytes`,
    ),
    share: database.prepare('select kept, bytes from raw_share where device = ?'),
    fullest: database.prepare('select device from raw_share order by bytes desc limit 1'),
    largestGroup: database.prepare(
      'select id from refusal where device = ? and kept > 0 order by kept desc limit 1',
    ),
    oldestOf: database.prepare(
      'select position, length(payload) as bytes from quarantined where refusal = ? order by position limit 1',
    ),
    list: database.prepare(
      `select id, device, topic, reason, path, expected, got, contract, firmware, count, kept,
         first_seen as firstSeen, last_seen as lastSeen from refusal
       where (@id is null or id = @id) and (@device is null or device = @device)
         and (@reason is null or reason = @reason)
       order by last_seen desc, id desc limit @limit`,
    ),
    newest: database.prepare(`select ${rawColumns} where q.refusal = ? order by q.position desc limit ?`),
    take: database.prepare(`select ${rawColumns} where q.position = ?`),
    find: database.prepare(
      `select q.position from quarantined q join refusal r on r.id = q.refusal
       where (@id is null or r.id = @id) and (@device is null or q.device = @device)
         and (@reason is null or r.reason = @reason) and q.position > @after and q.position <= @until
       order by q.position limit @limit`,
    ),
  }
}
