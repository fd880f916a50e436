import Database from 'better-sqlite3'
import { z } from 'zod'
import type { Refusal } from '../firmware-contracts/message.ts'
import type { DeviceMemory, Sorted } from './sorting.ts'
import { SeriesClock } from './series-clock.ts'
import { SeenSequences } from './sequences.ts'

/** What the history consumer remembers, in one SQLite file of its own: its cursor in the intake log, the
 *  sequence numbers it has seen, the outcome counts of every device, and the quarantine. All of it moves in
 *  one transaction per batch, so a crash anywhere repeats the batch and changes nothing. */

/** Raw messages kept per device; the counts of a group go on when older raws make room. */
export const quarantinedPerDevice = 1_000

const schema = `
  create table if not exists cursor (only integer primary key check (only = 1), position integer not null);
  insert or ignore into cursor values (1, 0);
  create table if not exists device (
    device text primary key, seen text not null, series text not null,
    stored integer not null default 0, quarantined integer not null default 0, duplicate integer not null default 0
  ) without rowid;
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
const deviceRow = z.object({ seen: z.string(), series: z.string() })
const refusalRow = z.object({ id: z.number() })

export interface DeviceOutcomes {
  stored: number
  quarantined: number
  duplicate: number
}
const outcomeRows = z.array(
  z.object({ device: z.string(), stored: z.number(), quarantined: z.number(), duplicate: z.number() }),
)

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
        const { seen, series } = this.device(name)
        statements.saveDevice.run({ name, seen: seen.toString(), series: series.toString(), ...counts })
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
    const loaded = row
      ? { seen: SeenSequences.parse(row.seen), series: SeriesClock.parse(row.series) }
      : { seen: new SeenSequences(), series: new SeriesClock() }
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
    loadDevice: database.prepare('select seen, series from device where device = ?'),
    saveDevice: database.prepare(
      `insert into device values (@name, @seen, @series, @stored, @quarantined, @duplicate)
       on conflict (device) do update set seen = excluded.seen, series = excluded.series,
         stored = stored + excluded.stored, quarantined = quarantined + excluded.quarantined,
         duplicate = duplicate + excluded.duplicate`,
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
