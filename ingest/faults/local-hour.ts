/** Local wall-clock hours counted since the epoch: `index % 24` is the hour of the day, `floor(index / 24)` the
 *  day. Baselines compare the same hour of different days, and people shower by the clock on the wall. */

/** Offsets from UTC are whole quarters of an hour everywhere, so one look-up serves a quarter. */
const quarterMs = 15 * 60_000
const hourMs = 60 * 60_000
/** A look-up takes as long as judging ten samples. Two days: uploads come of any hour of the last. */
const quartersKnown = 192

export type LocalHour = (atMs: number) => number

export function localHours(timeZone: string): LocalHour {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
  })
  let quarter = Number.NaN
  let index = 0
  const known = new Map<number, number>()
  return (atMs) => {
    const at = Math.floor(atMs / quarterMs)
    if (at === quarter) return index
    quarter = at
    index = known.get(at) ?? look(at)
    return index
  }

  function look(at: number): number {
    if (known.size >= quartersKnown) known.clear()
    const part = new Map(format.formatToParts(at * quarterMs).map(({ type, value }) => [type, Number(value)]))
    const [year = 0, month = 1, day = 1, hour = 0] = [...partsOf(part)]
    const looked = Math.floor(Date.UTC(year, month - 1, day, hour) / hourMs)
    known.set(at, looked)
    return looked
  }
}

function partsOf(part: ReadonlyMap<string, number>): (number | undefined)[] {
  return [part.get('year'), part.get('month'), part.get('day'), part.get('hour')]
}
