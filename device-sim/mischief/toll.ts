import { z } from 'zod'

const count = z.int().min(0)

/** What mischief did, device by device: for the ground truth, and for a test that counts what is missing. */
export const tollSchema = z.strictObject({
  lost: count.describe('readings that were numbered and never arrived'),
  duplicated: count.describe('readings that arrived once more'),
  garbled: count.describe('readings that arrived as bytes nobody can read'),
  overtaken: count.describe('readings that arrived after one that was said later'),
  reboots: count.describe('times it started again by itself'),
  outages: z
    .array(z.strictObject({ fromMs: z.int(), untilMs: z.int() }))
    .describe('when its line was dead, epoch ms; the last may still be'),
  clocksLostMs: z
    .array(z.int())
    .describe('when it began again in the year 2000, epoch ms; until the next daily time'),
})

export type Toll = z.infer<typeof tollSchema>

/** Outages, and lost clocks, that are remembered of a device; a year has fifty. */
const eventsLimit = 1_000

export class Tolls {
  readonly #byDevice = new Map<string, Toll>()

  of(device: string): Toll {
    const known = this.#byDevice.get(device)
    if (known) return known
    const toll: Toll = {
      lost: 0,
      duplicated: 0,
      garbled: 0,
      overtaken: 0,
      reboots: 0,
      outages: [],
      clocksLostMs: [],
    }
    this.#byDevice.set(device, toll)
    return toll
  }

  outage(device: string, window: Toll['outages'][number]): void {
    const { outages } = this.of(device)
    if (outages.length < eventsLimit) outages.push(window)
  }

  clockLost(device: string, atMs: number): void {
    const { clocksLostMs } = this.of(device)
    if (clocksLostMs.length < eventsLimit) clocksLostMs.push(atMs)
  }

  /** Only devices that something happened to, by id. */
  all(): ReadonlyMap<string, Readonly<Toll>> {
    return new Map([...this.#byDevice].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
}
