import type { KeptRow } from './ring.ts'

/** What a flat's meter has sampled and not yet sent. A district has eight million of these samples between two
 *  uploads, nearly all of them a register and a flow: those stand as plain numbers in one array, which costs a
 *  fifth of the memory and gives the garbage collector nothing to look at. */
const perSample = 5

export class SampleBook {
  readonly #limit: number
  /** boot, seq, t, register, flow; a register of NaN: the sample is the next in `#odd`. */
  #numbers: number[] = []
  #odd: KeptRow[] = []

  /** At most `limit` samples; the oldest are forgotten. */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(row: KeptRow): void {
    const { boot, seq, t, values } = row
    const { vol_l: litres, flow_lph: flow } = values
    const isPlain =
      typeof litres === 'number' &&
      typeof flow === 'number' &&
      Object.keys(values).length === 2 &&
      row.quality === undefined
    if (isPlain) this.#numbers.push(boot, seq, t, litres, flow)
    else {
      this.#numbers.push(boot, seq, t, NaN, 0)
      this.#odd.push(row)
    }
    if (this.#numbers.length > this.#limit * perSample) {
      const [, , , register] = this.#numbers.splice(0, perSample)
      if (Number.isNaN(register)) this.#odd.shift()
    }
  }

  /** Takes out all samples, the oldest first. */
  take(): KeptRow[] {
    const rows: KeptRow[] = []
    const odd = this.#odd.values()
    for (let at = 0; at < this.#numbers.length; at += perSample) {
      const [boot = 0, seq = 0, t = 0, register = 0, flow = 0] = this.#numbers.slice(at, at + perSample)
      const row = Number.isNaN(register) ? odd.next().value : undefined
      rows.push(row ?? { boot, seq, t, values: { vol_l: register, flow_lph: flow } })
    }
    this.#numbers = []
    this.#odd = []
    return rows
  }
}
