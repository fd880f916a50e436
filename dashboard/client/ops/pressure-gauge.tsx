import type { PressureBand } from '../../protocol.ts'
import { along, type GaugeScale } from './gauge-scale.ts'
import type { Shown } from './heat-point.ts'

interface Gauge {
  band: PressureBand
  supply: Shown
  ret: Shown
  scale: GaugeScale
}

/** Return and supply as two markers over the band of this house. The numbers stand beside it, so it is hidden
 *  from screen readers. An unknown value has no marker: none is better than an old one. */
export function PressureGauge({ band, supply, ret, scale }: Gauge) {
  return (
    <span class="gauge" data-blind={supply.known || ret.known ? undefined : ''} aria-hidden="true">
      <Zone zone="empty" from={0} to={band.lowLow} scale={scale} />
      <Zone zone="low" from={band.lowLow} to={band.low} scale={scale} />
      <Zone zone="band" from={band.low} to={band.high} scale={scale} />
      <i class="gauge-limit" style={{ left: `${along(band.supplyMax, scale)}%` }} />
      {supply.known && ret.known && <Span from={ret.value} to={supply.value} scale={scale} />}
      {ret.known && <i class="gauge-return" style={{ left: `${along(ret.value, scale)}%` }} />}
      {supply.known && <i class="gauge-supply" style={{ left: `${along(supply.value, scale)}%` }} />}
    </span>
  )
}

interface Stretch {
  from: number
  to: number
  scale: GaugeScale
}

function Zone({ zone, from, to, scale }: Stretch & { zone: 'empty' | 'low' | 'band' }) {
  return <i class="gauge-zone" data-zone={zone} style={stretch({ from, to, scale })} />
}

/** The pressure that drives the water through the house. */
function Span({ from, to, scale }: Stretch) {
  return <i class="gauge-span" style={stretch({ from: Math.min(from, to), to: Math.max(from, to), scale })} />
}

function stretch({ from, to, scale }: Stretch): { left: string; width: string } {
  const left = along(from, scale)
  return { left: `${left}%`, width: `${along(to, scale) - left}%` }
}
