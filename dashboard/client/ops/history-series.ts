import type { HistoryBucket } from './rest.ts'

/** Two histories on one time axis, as uPlot wants them: columns. `null` breaks a line, `undefined` lets it pass.
 *  A device samples once a minute, so an empty bucket of seconds is normal; silence longer than `gapMs` is a
 *  hole, and a hole is drawn as one, never bridged. */
export interface HistoryColumns {
  /** Epoch s, ascending. */
  t: number[]
  supply: Curve
  return: Curve
}

/** MPa. */
export interface Curve {
  mean: Cell[]
  min: Cell[]
  max: Cell[]
}

type Cell = number | null | undefined

export interface Histories {
  supply: readonly HistoryBucket[]
  return: readonly HistoryBucket[]
}

export function historyColumns(histories: Histories, gapMs: number): HistoryColumns {
  const supply = withHoles(histories.supply, gapMs)
  const ret = withHoles(histories.return, gapMs)
  const times = [...new Set([...supply.keys(), ...ret.keys()])].sort((a, b) => a - b)
  return { t: times.map((ms) => ms / 1000), supply: curve(times, supply), return: curve(times, ret) }
}

/** Lowest and highest of a history, kPa; undefined where it is empty. */
export function extremes(buckets: readonly HistoryBucket[]): { min: number; max: number } | undefined {
  if (buckets.length === 0) return undefined
  return {
    min: Math.min(...buckets.map(({ min }) => min)),
    max: Math.max(...buckets.map(({ max }) => max)),
  }
}

function withHoles(
  buckets: readonly HistoryBucket[],
  gapMs: number,
): ReadonlyMap<number, HistoryBucket | null> {
  const at = new Map<number, HistoryBucket | null>()
  let last: number | undefined
  for (const bucket of buckets) {
    if (last !== undefined && bucket.t - last > gapMs) at.set(last + 1, null)
    at.set(bucket.t, bucket)
    last = bucket.t
  }
  return at
}

function curve(times: readonly number[], at: ReadonlyMap<number, HistoryBucket | null>): Curve {
  const column = (key: 'mean' | 'min' | 'max') =>
    times.map((ms) => {
      const bucket = at.get(ms)
      return bucket ? bucket[key] / 1000 : bucket
    })
  return { mean: column('mean'), min: column('min'), max: column('max') }
}
