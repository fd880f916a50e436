import type { Stretch } from './dirty-windows.ts'
import { dayMs, hourMs, minuteMs, type Resolution, type Rollup } from './resolution.ts'
import type { Window } from './windows.ts'

/** A chart out of rollups where they are there, and out of something finer where they are not: the last minutes
 *  always, and wherever something came late. In an hour in which one minute is marked the other fifty-nine are
 *  still read as minutes, and only the one from the readings. */
export interface Piece {
  resolution: Resolution
  /** Epoch ms, inclusive and exclusive. */
  fromMs: number
  toMs: number
}

/** Without gap or overlap, in order of time. `marked` is in order of time too. */
export function stitched(
  resolution: Resolution,
  window: Window,
  marked: readonly Pick<Stretch, 'fromMs' | 'toMs'>[],
): Piece[] {
  if (resolution === 'raw') return [{ resolution, fromMs: window.fromMs, toMs: window.toMs }]
  const widthMs = widthOf(resolution, window)
  const originMs = resolution === 'day' ? window.fromMs : 0
  const pieces: Piece[] = []
  let atMs = window.fromMs
  for (const stretch of marked) {
    const fromMs = Math.max(atMs, originMs + Math.floor((stretch.fromMs - originMs) / widthMs) * widthMs)
    const toMs = Math.min(window.toMs, originMs + Math.ceil((stretch.toMs - originMs) / widthMs) * widthMs)
    if (toMs <= fromMs) continue
    if (fromMs > atMs) pieces.push({ resolution, fromMs: atMs, toMs: fromMs })
    const finer = resolution === 'minute' ? 'raw' : 'minute'
    pieces.push(...stitched(finer, { ...window, fromMs, toMs }, marked))
    atMs = toMs
  }
  if (atMs < window.toMs) pieces.push({ resolution, fromMs: atMs, toMs: window.toMs })
  return pieces
}

/** Days of 23 and 25 hours are windows of their own, whose slots are days. */
function widthOf(resolution: Rollup, { slotMs }: Window): number {
  if (resolution === 'minute') return minuteMs
  if (resolution === 'hour') return hourMs
  return slotMs % dayMs === 0 ? dayMs : slotMs
}
