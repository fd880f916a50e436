import { z } from 'zod'
import { kinds } from '../../firmware-contracts/message.ts'
import type { StoredReading } from './store.ts'

/** Readings out of the embedded history, where a row is one signal at one instant: rows of one number are one reading
 *  again. Rows lie in the file in the order of arrival, each block with its earliest and latest time, so a stretch of
 *  time touches few blocks. */
export const readingsOfSite = `
  select sample.t::double, series.device, sample.boot, sample.seq, series.port, series.kind, series.signal,
    sample.number::double, sample.word
  from sample join series on sample.series = series.id
  where series.site = $site and sample.t >= $from and sample.t < $to
  order by sample.t, series.device, sample.boot, sample.seq, series.port`

const row = z.tuple([
  z.number(),
  z.string(),
  z.number(),
  z.number(),
  z.string(),
  z.enum(kinds),
  z.string(),
  z.number().nullable(),
  z.string().nullable(),
])

/** In the order of the rows. */
export function readingsOf(rows: readonly unknown[], site: string): StoredReading[] {
  const readings: StoredReading[] = []
  let fields: Record<string, number | string> = {}
  for (const each of rows) {
    const [t, device, boot, seq, port, kind, signal, number, word] = row.parse(each)
    const last = readings.at(-1)
    const goesOn =
      last?.t === t &&
      last.device === device &&
      last.boot === boot &&
      last.seq === seq &&
      (last.port ?? '') === port
    if (!goesOn) {
      fields = {}
      readings.push({ site, kind, device, t, boot, seq, fields, ...(port !== '' && { port }) })
    }
    const value = word ?? number
    if (value !== null) fields[signal] = value
  }
  return readings
}
