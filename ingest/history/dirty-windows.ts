import Database from 'better-sqlite3'
import { z } from 'zod'
import { dayMs, hourMs, minuteMs } from './resolution.ts'
import type { Point } from './store.ts'

/** Which minutes of which device have readings that the rollups do not know of yet.
 *
 *  InfluxDB has no transaction that could hold readings and rollup together, so what is to be recomputed is
 *  written down here, in a small SQLite file, before the readings are sent: a crash at any moment leaves too
 *  much marked, never too little. On disk a mark is rounded to the hour, so that a device that reports all the
 *  time costs a row an hour; in memory it is exact to the minute, because marked minutes are read from the raw
 *  readings. There is at most one stretch for a device and a (UTC) day. */
export interface Stretch {
  kind: string
  device: string
  /** Whole minutes, epoch ms: inclusive, exclusive; within one UTC day. */
  fromMs: number
  toMs: number
}

interface Marked extends Stretch {
  /** What is on disk of it. */
  savedFromMs: number
  savedToMs: number
}

interface Device {
  /** UTC day -> what is marked in it. */
  fresh: Map<number, Marked>
  /** Taken by a pass that is not done with it. */
  taken: Map<number, Stretch>
  /** Where its last reading fell: nearly always where the next one falls. */
  latest: Marked | undefined
}

const schema = `
  create table if not exists dirty (
    kind text not null, device text not null, day integer not null, from_ms integer not null,
    to_ms integer not null, round integer not null, primary key (kind, device, day)
  ) without rowid;
  create table if not exists begun (ms integer not null);`

const dirtyRows = z.array(
  z.object({
    kind: z.string(),
    device: z.string(),
    fromMs: z.number(),
    toMs: z.number(),
    round: z.number(),
  }),
)

export class DirtyWindows {
  readonly #file: string
  /** Kind -> device. */
  readonly #kinds = new Map<string, Map<string, Device>>()
  /** A row that was marked again while its stretch was being rolled up stays. */
  #round = 0
  #hasBegun = false
  #opened: { database: Database.Database; statements: ReturnType<typeof prepare> } | undefined

  constructor(file: string) {
    this.#file = file
  }

  start(): void {
    const database = new Database(this.#file)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.exec(schema)
    const statements = prepare(database)
    this.#opened = { database, statements }
    this.#kinds.clear()
    this.#hasBegun = statements.begun.get() !== undefined
    for (const { round, ...row } of dirtyRows.parse(statements.all.all())) {
      const marked = { ...row, savedFromMs: row.fromMs, savedToMs: row.toMs }
      this.#deviceOf(row.kind, row.device).fresh.set(dayOf(row.fromMs), marked)
      this.#round = Math.max(this.#round, round)
    }
  }

  stop(): void {
    this.#opened?.database.close()
    this.#opened = undefined
  }

  /** False until `begin`: a new file knows nothing of readings that were there before it. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Marks what was there before, whole days. */
  begin(stretches: readonly Stretch[], nowMs: number): void {
    const grown: Marked[] = []
    for (const { kind, device, fromMs, toMs } of stretches) {
      this.#grow({ kind, device }, fromMs, grown)
      this.#grow({ kind, device }, toMs - minuteMs, grown)
    }
    this.#save(grown)
    this.#open.statements.begin.run(nowMs)
    this.#hasBegun = true
  }

  /** The marks are on disk when it returns. */
  mark(points: readonly Point[]): void {
    const grown: Marked[] = []
    for (const point of points) {
      const latest = this.#deviceOf(point.kind, point.device).latest
      if (latest && point.t >= latest.fromMs && point.t < latest.toMs) continue
      this.#grow(point, point.t, grown)
    }
    if (grown.length > 0) this.#save(grown)
  }

  /** What is marked of a device, in order of time, stretches that touch joined. */
  of(kind: string, device: string): Pick<Stretch, 'fromMs' | 'toMs'>[] {
    const known = this.#kinds.get(kind)?.get(device)
    if (!known) return []
    const stretches = [...known.taken.values(), ...known.fresh.values()]
    const joined: Pick<Stretch, 'fromMs' | 'toMs'>[] = []
    for (const { fromMs, toMs } of stretches.toSorted((a, b) => a.fromMs - b.fromMs)) {
      const before = joined.at(-1)
      if (before && fromMs <= before.toMs) before.toMs = Math.max(before.toMs, toMs)
      else joined.push({ fromMs, toMs })
    }
    return joined
  }

  /** Everything marked, for a pass; it stays marked until the pass says `done`. */
  take(): Stretch[] {
    this.#round++
    const all: Stretch[] = []
    for (const devices of this.#kinds.values())
      for (const device of devices.values()) {
        for (const [day, { kind, device: name, fromMs, toMs }] of device.fresh) {
          const left = device.taken.get(day) ?? { kind, device: name, fromMs, toMs }
          device.taken.set(day, {
            ...left,
            fromMs: Math.min(left.fromMs, fromMs),
            toMs: Math.max(left.toMs, toMs),
          })
        }
        device.fresh.clear()
        device.latest = undefined
        all.push(...device.taken.values())
      }
    return all
  }

  done(stretches: readonly Stretch[]): void {
    const { database, statements } = this.#open
    database.transaction(() => {
      for (const { kind, device, fromMs } of stretches)
        statements.remove.run(kind, device, dayOf(fromMs), this.#round)
    })()
    for (const { kind, device, fromMs } of stretches)
      this.#kinds.get(kind)?.get(device)?.taken.delete(dayOf(fromMs))
  }

  #grow({ kind, device }: Pick<Stretch, 'kind' | 'device'>, t: number, grown: Marked[]): void {
    const known = this.#deviceOf(kind, device)
    const minute = t - (t % minuteMs)
    const day = dayOf(t)
    const was = known.fresh.get(day)
    const marked = was ?? {
      kind,
      device,
      fromMs: minute,
      toMs: minute,
      savedFromMs: Infinity,
      savedToMs: -Infinity,
    }
    if (!was) known.fresh.set(day, marked)
    marked.fromMs = Math.min(marked.fromMs, minute)
    marked.toMs = Math.max(marked.toMs, minute + minuteMs)
    known.latest = marked
    if (marked.fromMs >= marked.savedFromMs && marked.toMs <= marked.savedToMs) return
    marked.savedFromMs = marked.fromMs - (marked.fromMs % hourMs)
    marked.savedToMs = Math.ceil(marked.toMs / hourMs) * hourMs
    grown.push(marked)
  }

  #save(grown: readonly Marked[]): void {
    const { database, statements } = this.#open
    database.transaction(() => {
      for (const { kind, device, savedFromMs, savedToMs } of grown)
        statements.mark.run(kind, device, dayOf(savedFromMs), savedFromMs, savedToMs, this.#round)
    })()
  }

  #deviceOf(kind: string, device: string): Device {
    let devices = this.#kinds.get(kind)
    if (!devices) this.#kinds.set(kind, (devices = new Map()))
    let known = devices.get(device)
    if (!known) devices.set(device, (known = { fresh: new Map(), taken: new Map(), latest: undefined }))
    return known
  }

  get #open(): { database: Database.Database; statements: ReturnType<typeof prepare> } {
    if (!this.#opened) throw new Error('the marks of the rollups are not open')
    return this.#opened
  }
}

function dayOf(t: number): number {
  return Math.floor(t / dayMs)
}

function prepare(database: Database.Database) {
  return {
    all: database.prepare('select kind, device, from_ms as fromMs, to_ms as toMs, round from dirty'),
    mark: database.prepare(
      `insert into dirty values (?, ?, ?, ?, ?, ?)
       on conflict (kind, device, day) do update set from_ms = min(from_ms, excluded.from_ms),
         to_ms = max(to_ms, excluded.to_ms), round = excluded.round`,
    ),
    remove: database.prepare('delete from dirty where kind = ? and device = ? and day = ? and round < ?'),
    begun: database.prepare('select ms from begun'),
    begin: database.prepare('insert into begun values (?)'),
  }
}
