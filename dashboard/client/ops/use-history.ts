import { useEffect, useState } from 'preact/hooks'
import { serverNowMs } from '../server-clock.ts'
import type { Histories } from './history-series.ts'
import { readHistory, type Answer, type Failure, type HistoryBucket } from './rest.ts'

export const historyRanges = ['1h', '24h', '7d'] as const
export type HistoryRange = (typeof historyRanges)[number]

/** `points`: enough for the width of the drawing. `gapMs`: longer silence is drawn as a hole; an entrance reports
 *  once a minute. */
export const rangeOf: Readonly<Record<HistoryRange, { spanMs: number; points: number; gapMs: number }>> = {
  '1h': { spanMs: 3600_000, points: 360, gapMs: 3.5 * 60_000 },
  '24h': { spanMs: 86_400_000, points: 480, gapMs: 10 * 60_000 },
  '7d': { spanMs: 7 * 86_400_000, points: 504, gapMs: 60 * 60_000 },
}

export type History =
  | { state: 'loading' }
  | { state: 'ready'; fromMs: number; toMs: number; histories: Histories }
  | { state: 'failed'; failure: Failure }

const refreshMs = 10_000

/** Supply and return pressure of a device over the range that ends now, read again every 10 s. A refresh that
 *  fails says so rather than leaving an old curve that looks live. */
export function useHistory(device: string, range: HistoryRange): History {
  const [history, setHistory] = useState<History>({ state: 'loading' })
  useEffect(() => {
    const abort = new AbortController()
    const refresh = async () => {
      const answer = await readBoth(device, range, abort.signal)
      if (!abort.signal.aborted) setHistory(answer)
    }
    setHistory({ state: 'loading' })
    void refresh()
    const timer = setInterval(() => void refresh(), refreshMs)
    return () => {
      clearInterval(timer)
      abort.abort()
    }
  }, [device, range])
  return history
}

async function readBoth(device: string, range: HistoryRange, abort: AbortSignal): Promise<History> {
  const { spanMs, points } = rangeOf[range]
  const toMs = serverNowMs.peek()
  const fromMs = toMs - spanMs
  const read = (signal: 'p_sup_kpa' | 'p_ret_kpa'): Promise<Answer<readonly HistoryBucket[]>> =>
    readHistory({ device, signal, fromMs, toMs, points }, abort)
  const [supply, ret] = await Promise.all([read('p_sup_kpa'), read('p_ret_kpa')])
  if (!supply.ok) return { state: 'failed', failure: supply.failure }
  if (!ret.ok) return { state: 'failed', failure: ret.failure }
  return { state: 'ready', fromMs, toMs, histories: { supply: supply.value, return: ret.value } }
}
