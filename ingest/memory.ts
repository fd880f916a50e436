import Database from 'better-sqlite3'
import { z } from 'zod'
import type { Refusal } from '../firmware-contracts/message.ts'
import { DeviceMemory, type Numbering } from './device-memory.ts'
import { PrintBudget } from './fingerprints.ts'
import type { Sorted } from './sorting.ts'

/** What the history consumer remembers, in one SQLite file of its own: its cursor in the intake log, the
 *  sequence numbers it has seen, the outcome counts of every device, and the quarantine. All of it moves in
 *  one transaction per batch, so a crash anywhere repeats the batch and changes nothing. */

/** Raw messages kept per device; the counts of a group go on when older raws make room. */
export const quarantinedPerDevice = 1_000

const schema = `
  create table if not exists cursor (only integer primary key check (only = 1), position integer not null);
  insert or ignore into cursor values (1, 0);
  create table if not exists device (
    device text primary key, memory text not null, asks text not null,
    stored integer not null, quarantined integer not null, duplicate integer not null,
    missing integer not null, given_up integer not null, filled integer not null, reboots integer not null,
    wraps integer not null, regresses integer not null, clones integer not null
  ) without rowid;
  create index if not exists device_missing on device (device) where missing > 0;
  create table if not exists refusal (
    id integer primary key, device text not null, topic text not null, reason text not null, path text not null,
    expected text not null, got text not null, count integer not null, first_seen integer not null,
    last_seen integer not null, unique (device, topic, reason, path)
  );
  create table if not exists quarantined (
    position integer primary key, refusal integer not null references refusal, device text not null,
    publisher text not null, topic text not null, payload blob not null, received_ms integer not null
  );
  create index if not exists quarantined_device on quarantined (device, position);`

const cursorRow = z.object({ position: z.number() })
const deviceRow = z.object({ memory: z.string(), asks: z.string() })
const deviceNames = z.array(z.object({ device: z.string() }))
const refusalRow = z.object({ id: z.number() })

export interface DeviceOutcomes {
  stored: number
  quarantined: number
  duplicate: number
}
const outcomeRows = z.array(
  z.object({ device: z.string(), stored: z.number(), quarantined: z.number(), duplicate: z.number() }),
)

const numberingRow = z.object({
  missing: z.number(),
  givenUp: z.number(),
  filled: z.number(),
  reboots: z.number(),
  wraps: z.number(),
  regresses: z.number(),
  clones: z.number(),
})
const numberingRows = z.array(numberingRow.extend({ device: z.string() }))

/** One kind of refusal of one device on one topic, and how often it happened. */
const quarantineItems = z.array(
  z.object({
    id: z.number(),
    device: z.string(),
    topic: z.string(),
    reason: z.string(),
    path: z.string(),
    expected: z.string(),
    got: z.string(),
    count: z.number(),
    firstSeen: z.number(),
    lastSeen: z.number(),
  }),
)
export type QuarantineItem = z.infer<typeof quarantineItems>[number]

export class IngestMemory {
  readonly #file: string
  readonly #devices = new Map<string, DeviceMemory>()
  readonly #prints = new PrintBudget()
  /** Devices with a gap. */
  readonly #gapped = new Set<string>()
  #opened: { database: Database.Database; statements: Statements } | undefined

  constructor(file: string) {
    this.#file = file
  }

  start(): void {
    const database = new Database(this.#file)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.exec(schema)
    this.#opened = { database, statements: prepare(database) }
    for (const { device } of deviceNames.parse(this.#statements.gapped.all())) this.#gapped.add(device)
  }

  stop(): void {
    this.#opened?.database.close()
    this.#opened = undefined
  }

  /** Position of the last message dealt with; 0 before the first. */
  cursor(): number {
    return cursorRow.parse(this.#statements.cursor.get()).position
  }

  /** The memory of one device; sorting a batch changes it, `commit` of that batch saves it. */
  device(name: string): DeviceMemory {
    return this.#devices.get(name) ?? this.#load(name)
  }

  /** Saves what became of a batch, and moves the cursor to `to`. */
  commit(sorted: Sorted, to: number): void {
    const { database, statements } = this.#open
    const save = database.transaction(() => {
      for (const [name, counts] of tally(sorted)) {
        const memory = this.device(name)
        const numbering = memory.numbering()
        if (numbering.missing > 0) this.#gapped.add(name)
        else this.#gapped.delete(name)
        const texts = { memory: JSON.stringify(memory), asks: JSON.stringify(memory.asks) }
        statements.saveDevice.run({ name, ...texts, ...counts, ...numbering })
      }
      for (const refused of sorted.refused) this.#quarantine(refused)
      statements.moveCursor.run(to)
    })
    save()
  }

  outcomes(): ReadonlyMap<string, DeviceOutcomes> {
    const rows = outcomeRows.parse(this.#statements.outcomes.all())
    return new Map(rows.map(({ device, ...counts }) => [device, counts]))
  }

  /** How every device counts its messages, as of `cursor`: gaps known and filled, reboots, wraps, regresses,
   *  and duplicates with another content (a cloned device). */
  numberings(): ReadonlyMap<string, Numbering> {
    const rows = numberingRows.parse(this.#statements.numberings.all())
    return new Map(rows.map(({ device, ...counts }) => [device, counts]))
  }

  /** The same, of all devices together. */
  numbering(): Numbering {
    return numberingRow.parse(this.#statements.numbering.get())
  }

  /** Devices of which something is missing. */
  get gapped(): ReadonlySet<string> {
    return this.#gapped
  }

  /** Saves what a device was asked for. Nothing else: a batch that is being written may already have moved the
   *  rest of its memory. */
  saveAsks(name: string): void {
    const memory = this.device(name)
    const { givenUp } = memory.numbering()
    this.#statements.saveAsks.run({ name, asks: JSON.stringify(memory.asks), givenUp })
  }

  /** The most recent first, at most `limit` groups. */
  quarantine(limit: number): readonly QuarantineItem[] {
    return quarantineItems.parse(this.#statements.quarantine.all(limit))
  }

  get #open(): { database: Database.Database; statements: Statements } {
    if (!this.#opened) throw new Error('the ingest memory is not open')
    return this.#opened
  }

  get #statements(): Statements {
    return this.#open.statements
  }

  #load(name: string): DeviceMemory {
    const row = deviceRow.optional().parse(this.#statements.loadDevice.get(name))
    const loaded = new DeviceMemory(this.#prints, row)
    this.#devices.set(name, loaded)
    return loaded
  }

  #quarantine({ message: { intake }, device, refusal }: Sorted['refused'][number]): void {
    const { statements } = this.#open
    const { topic, receivedMs, position, publisher, payload } = intake
    const group = refusalRow.parse(statements.refuse.get({ device, topic, receivedMs, ...shown(refusal) }))
    statements.keepRaw.run(position, group.id, device, publisher, topic, payload, receivedMs)
    statements.trimRaw.run(device, device, quarantinedPerDevice)
  }
}

function tally(sorted: Sorted): Map<string, DeviceOutcomes> {
  const counts = new Map<string, DeviceOutcomes>()
  for (const { device, outcome } of sorted.outcomes) {
    const own = counts.get(device) ?? { stored: 0, quarantined: 0, duplicate: 0 }
    own[outcome]++
    counts.set(device, own)
  }
  return counts
}

function shown({
  reason,
  path,
  expected,
  got,
}: Refusal): Pick<Refusal, 'reason' | 'path' | 'expected' | 'got'> {
  return { reason, path, expected, got }
}

type Statements = ReturnType<typeof prepare>

function prepare(database: Database.Database) {
  return {
    cursor: database.prepare('select position from cursor'),
    moveCursor: database.prepare('update cursor set position = ?'),
    loadDevice: database.prepare('select memory, asks from device where device = ?'),
    saveDevice: database.prepare(
      `insert into device values (@name, @memory, @asks, @stored, @quarantined, @duplicate,
         @missing, @givenUp, @filled, @reboots, @wraps, @regresses, @clones)
       on conflict (device) do update set memory = excluded.memory, asks = excluded.asks,
         stored = stored + excluded.stored, quarantined = quarantined + excluded.quarantined,
         duplicate = duplicate + excluded.duplicate, missing = excluded.missing,
         given_up = excluded.given_up, filled = excluded.filled, reboots = excluded.reboots,
         wraps = excluded.wraps, regresses = excluded.regresses, clones = excluded.clones`,
    ),
    saveAsks: database.prepare('update device set asks = @asks, given_up = @givenUp where device = @name'),
    gapped: database.prepare('select device from device where missing > 0'),
    numbering: database.prepare(
      `select ${['missing', 'filled', 'reboots', 'wraps', 'regresses', 'clones']
        .map((count) => `total(${count}) as ${count}`)
        .join(', ')}, total(given_up) as givenUp from device`,
    ),
    numberings: database.prepare(
      `select device, missing, given_up as givenUp, filled, reboots, wraps, regresses, clones from device`,
    ),
    outcomes: database.prepare('select device, stored, quarantined, duplicate from device'),
    refuse: database.prepare(
      `insert into refusal (device, topic, reason, path, expected, got, count, first_seen, last_seen)
       values (@device, @topic, @reason, @path, @expected, @got, 1, @receivedMs, @receivedMs)
       on conflict (device, topic, reason, path) do update set count = count + 1, expected = excluded.expected,
         got = excluded.got, last_seen = excluded.last_seen
       returning id`,
    ),
    keepRaw: database.prepare('insert into quarantined values (?, ?, ?, ?, ?, ?, ?)'),
    trimRaw: database.prepare(
      `delete from quarantined where device = ? and position <=
         (select position from quarantined where device = ? order by position desc limit 1 offset ?)`,
    ),
    quarantine: database.prepare(
      `select id, device, topic, reason, path, expected, got, count, first_seen as firstSeen, last_seen as lastSeen
       from refusal order by last_seen desc, id desc limit ?`,
    ),
  }
}
