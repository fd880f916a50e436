import type { HeatPointView, Measured } from '../../protocol.ts'

/** Whether a value of a heating point may still be believed. Pure; times are epoch ms of the server. */
export type Shown = { known: true; value: number; t: number } | { known: false; lastT?: number }

export interface Sight {
  nowMs: number
  /** The page has had no line to the server for too long. */
  blind: boolean
}

/** The server marks what is older than its own limit. This one is only the net below it, for a page that hears
 *  nothing of a point any more. */
export const believedForMs = 15 * 60_000

export function shown(measured: Measured | undefined, { nowMs, blind }: Sight): Shown {
  if (!measured) return { known: false }
  const { value, t, stale } = measured
  if (stale || blind || nowMs - t > believedForMs) return { known: false, lastT: t }
  return { known: true, value, t }
}

export type HeatState = HeatPointView['state']
export const heatStates = ['low-low', 'low', 'high', 'unknown', 'normal'] as const

/** A state that rests on a return pressure nobody believes is no state. */
export function stateOf({ state, returnKpa }: HeatPointView, sight: Sight): HeatState {
  return shown(returnKpa, sight).known ? state : 'unknown'
}

/** Newest sample of the point, of whatever signal. */
export function newestT(point: HeatPointView): number | undefined {
  const times = [point.returnKpa, point.supplyKpa, point.supplyC10, point.returnC10].flatMap((measured) =>
    measured ? [measured.t] : [],
  )
  return times.length > 0 ? Math.max(...times) : undefined
}

/** The station first, then along the loop. */
export function inLoopOrder(points: readonly HeatPointView[]): readonly HeatPointView[] {
  const rank = ({ type, distanceM }: HeatPointView) => (type === 'heat-station' ? -1 : distanceM)
  return [...points].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
}

export function countStates(
  points: readonly HeatPointView[],
  sight: Sight,
): Readonly<Record<HeatState, number>> {
  const counts = { 'low-low': 0, low: 0, high: 0, unknown: 0, normal: 0 }
  for (const point of points) counts[stateOf(point, sight)] += 1
  return counts
}
