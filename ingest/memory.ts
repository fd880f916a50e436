import Database from 'better-sqlite3'
import { z } from 'zod'
import { bringUpToDate } from './memory-schema.ts'
import { Quarantine } from './quarantine.ts'
import type { ReplayBatch } from './quarantine-replay.ts'
import { DeviceMemory } from './device-memory.ts'
import { PrintBudget } from './fingerprints.ts'
import { OutcomeBooks } from './outcome-books.ts'
import type { Outcome, Sorted } from './sorting.ts'

/** What the history consumer remembers, in one SQLite file of its own: its cursor in the intake log, the
 *  sequence numbers it has seen, the outcome counts of every device, and the quarantine. All of it moves in
 *  one transaction per batch, so a crash anywhere repeats the batch and changes nothing. */

const cursorRow = z.object({ position: z.number(), origin: z.number().nullable() })
const deviceRow = z.object({ memory: z.string(), asks: z.string() })
const deviceNames = z.array(z.object({ device: z.string() }))
const replayRow = z.object({
  position: z.number(),
  under_way: z
    .string()
    .nullable()
    .transform((json) => (json === null ? [] : z.array(z.number()).parse(JSON.parse(json)))),
})

/** Where the memory stands with a replay: the position before the batch, and its raw messages; none when
 *  nothing is under way. */
export interface ReplayPlan {
  position: number
  underWay: readonly number[]
}

interface Opened {
  database: Database.Database
  statements: Statements
  quarantine: Quarantine
  books: OutcomeBooks
}

export class IngestMemory {
  readonly #file: string
  readonly #devices = new Map<string, DeviceMemory>()
  readonly #prints = new PrintBudget()
  /** Devices with a gap. */
  readonly #gapped = new Set<string>()
  #opened: Opened | undefined
  #origin: number | undefined

  constructor(file: string) {
    this.#file = file
  }

  start(): void {
    const database = new Database(this.#file)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    bringUpToDate(database)
    this.#opened = {
      database,
      statements: prepare(database),
      quarantine: new Quarantine(database),
      books: new OutcomeBooks(database),
    }
    for (const { device } of deviceNames.parse(this.#statements.gapped.all())) this.#gapped.add(device)
    this.#origin = cursorRow.parse(this.#statements.cursor.get()).origin ?? undefined
  }

  stop(): void {
    this.#opened?.database.close()
    this.#opened = undefined
  }

  get quarantine(): Quarantine {
    return this.#open.quarantine
  }

  /** What became of everybody's messages. */
  get books(): OutcomeBooks {
    return this.#open.books
  }

  /** Position of the last message dealt with; 0 before the first. */
  cursor(): number {
    return cursorRow.parse(this.#statements.cursor.get()).position
  }

  /** Says which log is being read, by its origin. A log made anew counts from nothing, so what was dealt with
   *  before it is carried over in a column of its own. */
  countFor(origin: number): void {
    if (origin === 0 || origin === this.#origin) return
    const isAnother = this.#origin !== undefined
    this.#open.database.transaction(() => {
      if (isAnother) this.#statements.carryOver.run()
      this.#statements.setOrigin.run(origin)
    })()
    this.#origin = origin
  }

  /** The memory of one device; sorting a batch changes it, `commit` of that batch saves it. */
  device(name: string): DeviceMemory {
    return this.#devices.get(name) ?? this.#load(name)
  }

  /** Saves what became of a batch, and moves the cursor to `to`. */
  commit(sorted: Sorted, to: number): void {
    const { database, statements, quarantine } = this.#open
    const save = database.transaction(() => {
      this.#saveDevices(tally(sorted))
      for (const refused of sorted.refused) quarantine.keep(refused, this.device(refused.device).firmware)
      statements.moveCursor.run(to)
    })
    save()
  }

  replayPlan(): ReplayPlan {
    const { position, under_way: underWay } = replayRow.parse(this.#statements.replay.get())
    return { position, underWay }
  }

  /** Writes down which raw messages are about to be replayed, before anything is done about them. */
  planReplay({ position, underWay }: ReplayPlan): void {
    this.#statements.planReplay.run(position, JSON.stringify(underWay))
  }

  /** Forgets a group of the quarantine; its messages stay counted as quarantined. False when there is none. */
  discard(id: number): boolean {
    const { database, quarantine } = this.#open
    return database.transaction(() => quarantine.discard(id))()
  }

  /** Saves what became of a replayed batch: each message leaves the quarantine for its new outcome, or stays. */
  commitReplay({ kept, to }: ReplayBatch, sorted: Sorted): void {
    const { database, statements, quarantine } = this.#open
    const refusals = new Map(sorted.refused.map(({ message, refusal }) => [message.intake.position, refusal]))
    const from = to - kept.length + 1
    const save = database.transaction(() => {
      const moved = tally(sorted)
      for (const [at, message] of kept.entries()) {
        const refusal = refusals.get(from + at)
        const counts = moved.get(message.device)
        if (counts) counts.quarantined--
        if (refusal) quarantine.keepStill(message, refusal, this.device(message.device).firmware)
        else quarantine.release(message)
      }
      this.#saveDevices(moved)
      statements.finishReplay.run(to)
    })
    save()
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

  get #open() {
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

  #saveDevices(tallies: ReadonlyMap<string, Tally>): void {
    for (const [name, counts] of tallies) {
      const memory = this.device(name)
      const numbering = memory.numbering()
      if (numbering.missing > 0) this.#gapped.add(name)
      else this.#gapped.delete(name)
      const texts = { memory: JSON.stringify(memory), asks: JSON.stringify(memory.asks) }
      this.#statements.saveDevice.run({ name, ...texts, ...counts, ...numbering })
    }
  }
}

type Tally = Record<Outcome | 'readings' | 'repeated', number>

function tally(sorted: Sorted): Map<string, Tally> {
  const counts = new Map<string, Tally>()
  for (const { device, outcome, readings, repeated } of sorted.outcomes) {
    const own = counts.get(device) ?? { stored: 0, quarantined: 0, duplicate: 0, readings: 0, repeated: 0 }
    own[outcome]++
    own.readings += readings
    own.repeated += repeated
    counts.set(device, own)
  }
  return counts
}

type Statements = ReturnType<typeof prepare>

function prepare(database: Database.Database) {
  return {
    cursor: database.prepare('select position, origin from cursor'),
    moveCursor: database.prepare('update cursor set position = ?'),
    setOrigin: database.prepare('update cursor set origin = ?'),
    carryOver: database.prepare('update device set carried = stored + quarantined + duplicate'),
    loadDevice: database.prepare('select memory, asks from device where device = ?'),
    saveDevice: database.prepare(
      `insert into device (device, memory, asks, stored, quarantined, duplicate, readings, repeated, missing,
         given_up, filled, reboots, wraps, regresses, clones)
       values (@name, @memory, @asks, @stored, @quarantined, @duplicate, @readings, @repeated, @missing,
         @givenUp, @filled, @reboots, @wraps, @regresses, @clones)
       on conflict (device) do update set memory = excluded.memory, asks = excluded.asks,
         stored = stored + excluded.stored, quarantined = quarantined + excluded.quarantined,
         duplicate = duplicate + excluded.duplicate, readings = readings + excluded.readings,
         repeated = repeated + excluded.repeated, missing = excluded.missing, given_up = excluded.given_up,
         filled = excluded.filled, reboots = excluded.reboots, wraps = excluded.wraps,
         regresses = excluded.regresses, clones = excluded.clones`,
    ),
    saveAsks: database.prepare('update device set asks = @asks, given_up = @givenUp where device = @name'),
    gapped: database.prepare('select device from device where missing > 0'),
    replay: database.prepare('select position, under_way from replay'),
    planReplay: database.prepare('update replay set position = ?, under_way = ?'),
    finishReplay: database.prepare('update replay set position = ?, under_way = null'),
  }
}
