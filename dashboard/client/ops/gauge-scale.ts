import type { HeatPointView } from '../../protocol.ts'

/** All points of a site share one pressure axis, so that their markers, one row below the other, draw the
 *  pressure profile of the loop. Zero is on it: that is where a burst goes. */
export interface GaugeScale {
  maxKpa: number
  ticksKpa: readonly number[]
}

const stepKpa = 100
const headroomKpa = 30

export function gaugeScale(points: readonly HeatPointView[]): GaugeScale {
  const highest = Math.max(stepKpa, ...points.map(({ band }) => Math.max(band.high, band.supplyMax)))
  const maxKpa = highest + headroomKpa
  const ticks = Math.floor(maxKpa / stepKpa) + 1
  return { maxKpa, ticksKpa: Array.from({ length: ticks }, (_, i) => i * stepKpa) }
}

/** Per cent of the axis, held between its ends. */
export function along(kpa: number, { maxKpa }: GaugeScale): number {
  return Math.min(100, Math.max(0, (kpa / maxKpa) * 100))
}
