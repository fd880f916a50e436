import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { Numbering } from './device-memory.ts'
import type { Outcome } from './sorting.ts'

/** The counts in the file of the ingest memory, for who draws up the ledger. The sum over all devices stands in a
 *  row of its own, which moves with the rows of the devices (memory-schema.ts), so that looking at it costs the same
 *  for a village and a district. Devices are read by name, in pieces: nothing here reads all of them at once. */

const numbering = {
  missing: z.number(),
  givenUp: z.number(),
  filled: z.number(),
  reboots: z.number(),
  wraps: z.number(),
  regresses: z.number(),
  clones: z.number(),
}
const counts = {
  stored: z.number(),
  quarantined: z.number(),
  duplicate: z.number(),
  carried: z.number(),
  readings: z.number(),
  repeated: z.number(),
  ...numbering,
}
const numberingRow = z.object(numbering)
const totalRow = z.object(counts)
const outcomeRows = z.array(z.object({ device: z.string(), ...counts }))
const deviceRows = z.array(z.object({ device: z.string() }))
const sizesRow = z.object({ cloned: z.number(), quarantined: z.number(), missing: z.number() })

/** What became of a device's messages and of the readings in them, and how it counts them: gaps known and
 *  filled, reboots, wraps, regresses, and duplicates with another content (a cloned device). */
export interface DeviceOutcomes extends Record<Outcome, number>, Numbering {
  /** Dealt with while an earlier intake log was in use, whose counts went with it. */
  carried: number
  /** What carries (boot, seq): stored, and seen before. */
  readings: number
  repeated: number
}

/** Devices of which there is an index: something of theirs is missing, lies in quarantine, or has two contents. */
export type IndexedConcern = keyof z.infer<typeof sizesRow>

export interface NameSearch {
  /** Names above this one. */
  after: string
  /** Names with this in them; '' for all. */
  part: string
  limit: number
}

export class OutcomeBooks {
  readonly #statements: Statements

  constructor(database: Database.Database) {
    this.#statements = prepare(database)
  }

  total(): DeviceOutcomes {
    return totalRow.parse(this.#statements.total.get())
  }

  /** How all devices together count their messages. */
  numbering(): Numbering {
    return numberingRow.parse(this.#statements.total.get())
  }

  /** Of these devices, where anything of theirs was dealt with. */
  of(devices: readonly string[]): ReadonlyMap<string, DeviceOutcomes> {
    const rows = outcomeRows.parse(this.#statements.outcomes.all(JSON.stringify(devices)))
    return new Map(rows.map(({ device, ...own }) => [device, own]))
  }

  /** Devices in the order of their names; all of them, or those with a concern. */
  search({ after, part, limit }: NameSearch, concern: IndexedConcern | 'any' = 'any'): string[] {
    const rows = deviceRows.parse(this.#statements.names[concern].all({ after, part, limit }))
    return rows.map(({ device }) => device)
  }

  /** How many devices have which concern. */
  concerned(): Record<IndexedConcern, number> {
    return sizesRow.parse(this.#statements.concerned.get())
  }
}

type Statements = ReturnType<typeof prepare>

/** As the indexes of the file have it. */
const where = {
  cloned: '(clones > 0 or regresses > 0)',
  quarantined: 'quarantined > 0',
  missing: 'missing > 0',
} as const

const columns = `stored, quarantined, duplicate, carried, readings, repeated, missing, given_up as givenUp, filled,
  reboots, wraps, regresses, clones`

function prepare(database: Database.Database) {
  const names = (index: string, condition = 'true') =>
    database.prepare(
      `select device from device indexed by ${index}
       where ${condition} and device > @after and (@part = '' or instr(device, @part) > 0)
       order by device limit @limit`,
    )
  const size = (concern: IndexedConcern) =>
    `(select count(*) from device indexed by device_${concern} where ${where[concern]}) as ${concern}`
  return {
    total: database.prepare(`select ${columns} from total`),
    outcomes: database.prepare(
      `select device, ${columns} from json_each(?) asked join device on device = asked.value`,
    ),
    concerned: database.prepare(`select ${size('cloned')}, ${size('quarantined')}, ${size('missing')}`),
    names: {
      any: names('device_name'),
      cloned: names('device_cloned', where.cloned),
      quarantined: names('device_quarantined', where.quarantined),
      missing: names('device_missing', where.missing),
    },
  }
}
