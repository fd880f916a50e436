import { z } from 'zod'

/** Two messages of one series may carry the same millisecond (a port's state and its sample). InfluxDB would
 *  let the second overwrite the first, so the second moves on by 1 ms, and says so. */
export const savedSeries = z.array(z.tuple([z.string(), z.object({ said: z.number(), used: z.number() })]))

interface Latest {
  /** The time the latest sample carried. */
  said: number
  /** The time it was stored under. */
  used: number
}

export class SeriesClock {
  /** Port ('' for the device itself) -> its latest sample. At most the ports of one device. */
  readonly #latest: Map<string, Latest>

  constructor(latest: Iterable<[string, Latest]> = []) {
    this.#latest = new Map(latest)
  }

  toJSON(): z.infer<typeof savedSeries> {
    return [...this.#latest]
  }

  place(port: string, t: number): { t: number; moved: boolean } {
    const latest = this.#latest.get(port)
    const used = latest && t >= latest.said && t <= latest.used ? latest.used + 1 : t
    this.#latest.set(port, { said: t, used })
    return { t: used, moved: used !== t }
  }
}
