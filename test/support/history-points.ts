import type { Batch, Point } from '../../ingest/history/store.ts'

/** Made-up points for tests of the history stores. */
export const startMs = Date.UTC(2026, 0, 15, 4)

/** A reading of the heat entrance of building 1, one second a position, unless told otherwise. */
export function pointAt(position: number, different: Partial<Point> = {}): Point {
  return {
    position,
    site: 'hengkang',
    kind: 'heat-entrance',
    device: 'hengkang-b01-heat',
    t: startMs + position * 1_000,
    boot: 17,
    seq: position,
    fields: { p_sup_kpa: 500 + (position % 50), p_ret_kpa: 352 },
    ...different,
  }
}

export function batchOf(points: readonly Point[]): Batch {
  return { from: points[0]?.position ?? 1, to: points.at(-1)?.position ?? 1, points }
}

/** Twenty positions from `from` on. */
export function historyBatch(from: number): Batch {
  return batchOf(Array.from({ length: 20 }, (_, nth) => pointAt(from + nth)))
}
