import { hourMs, minuteMs } from './resolution.ts'
import type { HistoryStore, StoredReading } from './store.ts'

/** The past of a site as a stream, however long: in stretches of time that are short where it says much and long where
 *  it says little, so that one of them is about a thousand readings and neither memory nor the store is held for long. */
const fewest = 300
const most = 1_500
const shortestMs = minuteMs
const longestMs = 6 * hourMs

export async function* readingStream(
  store: Pick<HistoryStore, 'readings'>,
  { site, fromMs, toMs }: { site: string; fromMs: number; toMs: number },
): AsyncGenerator<readonly StoredReading[]> {
  let widthMs = hourMs / 4
  for (let at = fromMs; at < toMs;) {
    const end = Math.min(toMs, at + widthMs)
    const readings = await store.readings({ site, fromMs: at, toMs: end })
    yield readings
    at = end
    if (readings.length > most) widthMs = Math.max(shortestMs, widthMs / 2)
    else if (readings.length < fewest) widthMs = Math.min(longestMs, widthMs * 2)
  }
}
