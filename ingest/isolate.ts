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
 *  What is wrong is mostly wrong for all readings of a device or a kind (a field of another type), so they are
 *  first laid side by side: a part of which the store says that it left out all of it needs no further search.
 *
 *  Only a store that tells good points from bad ones ever gets here (InfluxDB does, and takes a point twice
 *  without harm); the embedded one takes all or nothing.
 *
 *  `onSplit` is told each answer that led to a split. */
export async function storeIsolating(
  store: HistoryStore,
  batch: Batch,
  onSplit: (why: HistoryWriteError) => void,
): Promise<Poison[]> {
  const why = await refusalOf(store, batch)
  if (!why) return []
  onSplit(why)
  const poisoned: Poison[] = []
  const suspects = [{ why, points: batch.points.toSorted(bySeries) }]
  for (let suspect = suspects.pop(); suspect; suspect = suspects.pop()) {
    const { points } = suspect
    if (isAllPoison(suspect)) {
      for (const { position } of points) poisoned.push({ position, reason: suspect.why.reason })
      continue
    }
    const middle = Math.ceil(points.length / 2)
    for (const half of [points.slice(0, middle), points.slice(middle)]) {
      const refusal = await refusalOf(store, { ...batch, points: half })
      if (!refusal) continue
      onSplit(refusal)
      suspects.push({ why: refusal, points: half })
    }
  }
  return poisoned
}

/** The answer that is about the points; what is about the store, or about one point that no store of that
 *  setting could take, is thrown. */
async function refusalOf(store: HistoryStore, batch: Batch): Promise<HistoryWriteError | undefined> {
  try {
    await store.write(batch)
    return undefined
  } catch (cause) {
    if (!(cause instanceof HistoryWriteError) || !isAboutThePoints(cause, batch)) throw cause
    return cause
  }
}

function isAboutThePoints({ failure }: HistoryWriteError, { points }: Batch): boolean {
  if (failure === 'too-large') return points.length > 1
  return (failure === 'partial' || failure === 'refused') && points.length > 0
}

function isAllPoison({ why, points }: { why: HistoryWriteError; points: readonly Point[] }): boolean {
  return points.length === 1 || (why.failure === 'partial' && why.dropped === points.length)
}

function bySeries(a: Point, b: Point): number {
  const [first, second] = [`${a.kind}/${a.device}`, `${b.kind}/${b.device}`]
  return first < second ? -1 : Number(first > second)
}
