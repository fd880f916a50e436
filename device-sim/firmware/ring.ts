import type { Row } from '../../firmware-contracts/encode.ts'
import type { Kind } from '../../firmware-contracts/message.ts'
import type { Fleet } from '../fleet.ts'
import type { Identity } from './voice.ts'

/** A sample as the device keeps it after it was taken. */
export type KeptRow = Row & { boot: number; port?: string }

/** How many samples fit (domain.md D2): three days of a heat station that speaks every ten seconds, a week of a
 *  shed with twelve ports, 35 days of a meter that speaks every minute. */
const keptRows: Readonly<Record<Kind, number>> = {
  'heat-station': 30_000,
  'heat-entrance': 10_000,
  charger: 60_000,
  'water-meter': 52_000,
  'room-sensor': 4_000,
  gateway: 1_000,
}
/** 35 days of quarters of an hour, for who speaks through a gateway. */
const keptBehindGateway = 4_000
/** Boots it can tell apart: a week of a loop that reboots every five minutes. */
const keptLives = 2_016

export function rowsKeptBy({ kind, gateway }: Identity): number {
  return gateway === undefined ? keptRows[kind] : keptBehindGateway
}

/** Samples that one process keeps for all of its devices: about 400 MB. */
const keptByAll = 2_000_000

/** Share of its ring that each device of a fleet can have: all of it, unless there are thousands. */
export function keptShareOf({ estates }: Fleet): number {
  const rows = estates.reduce((sum, estate) => {
    const { buildings, sheds } = estate
    const behind = buildings.reduce(
      (of, house) => of + house.meteredFlats.length + house.thermometerFlats.length,
      0,
    )
    const perBuilding = keptRows['heat-entrance'] + keptRows['water-meter'] + keptRows.gateway
    const own = keptRows['heat-station'] + buildings.length * perBuilding + sheds.length * keptRows.charger
    return sum + own + behind * keptBehindGateway
  }, 0)
  return Math.min(1, keptByAll / rows)
}

interface Life {
  boot: number
  /** How many samples were taken before it. */
  before: number
}

/** The ring buffer in a device's flash: the newest samples, found again by boot and number. */
export class Ring {
  readonly #limit: number
  readonly #rows: KeptRow[] = []
  readonly #lives: Life[] = []
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Numbers start again at 1: a boot, or a firmware that forgot how far it was. */
  begin(boot: number): void {
    this.#lives.push({ boot, before: this.#taken })
    if (this.#lives.length > keptLives) this.#lives.shift()
  }

  add(row: KeptRow): void {
    this.#rows[this.#taken++ % this.#limit] = row
  }

  /** What is still there of the numbers `from` … `to` of boot `b`. */
  recall({ b, from, to }: { b: number; from: number; to: number }): KeptRow[] {
    const life = this.#lives.findLast(({ boot }) => boot === b)
    if (!life) return []
    const rows: KeptRow[] = []
    const first = Math.max(life.before + from - 1, this.#taken - this.#limit)
    const last = Math.min(life.before + to - 1, this.#taken - 1)
    for (let at = first; at <= last; at++) {
      const row = this.#rows[at % this.#limit]
      if (row?.boot === b && row.seq >= from && row.seq <= to) rows.push(row)
    }
    return rows
  }
}
