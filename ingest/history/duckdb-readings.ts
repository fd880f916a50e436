import type { DuckDBConnection } from '@duckdb/node-api'
import { z } from 'zod'
import { kinds } from '../../firmware-contracts/message.ts'
import type { StoredReading } from './store.ts'

/** Readings out of the embedded history, where a row is one signal at one instant: rows of one number are one reading
 *  again. Rows lie in the file in the order of arrival, each block with its earliest and latest time, so a stretch of
 *  time touches few blocks.
 *
 *  Nearly all of the time goes into making strings of names, so the names of a site's series are read once: numbers of
 *  series only go up, and of those that are known nothing has to be read again. */
const rowsOfSite = `
  select sample.t::double, sample.series, sample.boot, sample.seq, sample.number::double, sample.word
  from sample join series on sample.series = series.id
  where series.site = $site and sample.t >= $from and sample.t < $to
  order by sample.t, series.device, sample.boot, sample.seq, series.port`
const seriesOfSite = `
  select id, kind, device, port, signal from series where site = $site and id > $known order by id`

const numbers = z.array(z.number())
const columns = z.tuple([
  numbers,
  numbers,
  numbers,
  numbers,
  z.array(z.number().nullable()),
  z.array(z.string().nullable()),
])
const series = z.object({
  id: z.number(),
  kind: z.enum(kinds),
  device: z.string(),
  port: z.string(),
  signal: z.string(),
})
type Series = z.infer<typeof series>

/** The names of one site's series, of whichever was asked for last. */
export class SeriesNames {
  #site = ''
  #known = 0
  #names = new Map<number, Series>()

  async of(site: string, reader: DuckDBConnection): Promise<ReadonlyMap<number, Series>> {
    if (site !== this.#site) {
      this.#names = new Map()
      this.#known = 0
      this.#site = site
    }
    const answer = await reader.runAndReadAll(seriesOfSite, { site, known: this.#known })
    for (const found of z.array(series).parse(answer.getRowObjectsJS())) {
      this.#names.set(found.id, found)
      this.#known = found.id
    }
    return this.#names
  }
}

interface Stretch {
  site: string
  fromMs: number
  toMs: number
}

/** Names are read after the rows: every series that has a row has its name by then. */
export async function readingsIn(
  reader: DuckDBConnection,
  names: SeriesNames,
  { site, fromMs: from, toMs: to }: Stretch,
): Promise<StoredReading[]> {
  const answer = await reader.runAndReadAll(rowsOfSite, { site, from, to })
  if (answer.currentRowCount === 0) return []
  return readingsOf(columns.parse(answer.getColumnsJS()), site, await names.of(site, reader))
}

/** In the order of the rows. */
function readingsOf(
  [times, ids, boots, seqs, values, words]: z.infer<typeof columns>,
  site: string,
  names: ReadonlyMap<number, Series>,
): StoredReading[] {
  const readings: StoredReading[] = []
  let fields: Record<string, number | string> = {}
  for (const [at, t] of times.entries()) {
    const [id = 0, boot = 0, seq = 0] = [ids[at], boots[at], seqs[at]]
    const name = names.get(id)
    const value = words[at] ?? values[at]
    if (!name || value === null || value === undefined) continue
    const { kind, device, port, signal } = name
    const last = readings.at(-1)
    const isSame = last?.t === t && last.device === device && last.boot === boot && last.seq === seq
    if (!isSame || (last.port ?? '') !== port) {
      fields = {}
      readings.push({ site, kind, device, t, boot, seq, fields, ...(port !== '' && { port }) })
    }
    fields[signal] = value
  }
  return readings
}
