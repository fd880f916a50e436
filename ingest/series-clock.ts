import { z } from 'zod'

/** InfluxDB keeps one sample for a series and an instant, and lets a second one overwrite it. Milliseconds are not
 *  fine enough: a port tells its state and its sample in the same one, a device sends what it kept during an
 *  outage, a clock is set back and its whole seconds come again.
 *
 *  A sample that is later than all before it has its millisecond for itself, and is stored at its beginning.
 *  Any other may meet one that is there already, however long ago that came; so it is stored some nanoseconds
 *  into its millisecond, as many as its own identity says. That takes no memory of the past, and the same
 *  sample has the same place whenever it is written again. (Always to do so would cost InfluxDB several bytes
 *  for every value: regular times are packed to almost nothing.) What is uploaded many to a message stands
 *  apart always: of such a message a part may be stored and all of it come again out of quarantine. */
export const savedSeries = z.array(z.tuple([z.string(), z.number()]))

const millisecondNs = 1_000_000

export class SeriesClock {
  /** Port ('' for the device itself) -> the latest time so far, ms. At most the ports of one device. */
  readonly #latest: Map<string, number>

  constructor(latest: z.infer<typeof savedSeries> = []) {
    this.#latest = new Map(latest)
  }

  toJSON(): z.infer<typeof savedSeries> {
    return [...this.#latest]
  }

  /** How far into the millisecond `t` the sample is stored: 0, or 1 … 999,999 ns by its `identity`, a whole number
   *  that no other sample of that millisecond has. */
  place(port: string, t: number, identity: number): number {
    const latest = this.#latest.get(port)
    if (latest !== undefined && t <= latest) return apart(identity)
    this.#latest.set(port, t)
    return 0
  }
}

/** 1 … 999,999 ns. */
export function apart(identity: number): number {
  return 1 + (identity % (millisecondNs - 1))
}

/** Of one device. Two boots would have to give the same sum in the same millisecond to meet. */
export function identityOf({ boot, seq }: { boot: number; seq: number }): number {
  return seq + boot * 7_919
}
