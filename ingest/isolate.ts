import type { Batch, HistoryStore, Point } from './history/store.ts'
import { HistoryWriteError } from './history/write-error.ts'

/** A point that the store will never take, and why, in the store's own words. */
export interface Poison {
  position: number
  reason: string
}

/** Writes a batch; where the store will not have it, halves it until the points at fault stand alone, so that
 *  one bad point does not keep its neighbours out. Returns those points; rejects when the store is down.
 *
 *  Only a store that tells good points from bad ones ever gets here (InfluxDB does, and takes a point twice
 *  without harm); the embedded one takes all or nothing. */
export async function storeIsolating(store: HistoryStore, batch: Batch): Promise<Poison[]> {
  try {
    await store.write(batch)
    return []
  } catch (cause) {
    if (!(cause instanceof HistoryWriteError) || !isAboutThePoints(cause)) throw cause
    const [only] = batch.points
    if (!only) throw cause
    if (batch.points.length === 1) return [{ position: only.position, reason: cause.reason }]
    const middle = Math.ceil(batch.points.length / 2)
    return [
      ...(await storeIsolating(store, part(batch, batch.points.slice(0, middle)))),
      ...(await storeIsolating(store, part(batch, batch.points.slice(middle)))),
    ]
  }
}

function isAboutThePoints({ failure }: HistoryWriteError): boolean {
  return failure === 'partial' || failure === 'refused' || failure === 'too-large'
}

function part(batch: Batch, points: readonly Point[]): Batch {
  return { ...batch, points }
}
