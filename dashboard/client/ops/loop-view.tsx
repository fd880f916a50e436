import type { HeatPointView } from '../../protocol.ts'
import { inLanguage } from '../language.ts'
import { along, gaugeScale, type GaugeScale } from './gauge-scale.ts'
import { inLoopOrder, newestT, shown, stateOf, type Shown, type Sight } from './heat-point.ts'
import { Mark } from './mark.tsx'
import { PressureGauge } from './pressure-gauge.tsx'
import { say, sayAge } from './say.ts'
import { celsius, cubicMetres, mpa } from './units.ts'

interface Loop {
  points: readonly HeatPointView[]
  sight: Sight
  opened: string | undefined
  onOpen: (point: string) => void
}

/** Every building of the loop in the order the water reaches it, one row each, on one pressure axis. */
export function LoopView({ points, sight, opened, onOpen }: Loop) {
  const scale = gaugeScale(points)
  return (
    <section class="panel loop" aria-labelledby="loop-name">
      <h2 class="panel-name" id="loop-name">
        {say('loop')}
      </h2>
      <Key />
      {points.length === 0 && <p class="nothing">{say('loop-none')}</p>}
      {points.length > 0 && <Columns scale={scale} />}
      <ol class="points">
        {inLoopOrder(points).map((point) => (
          <PointRow
            key={point.id}
            point={point}
            sight={sight}
            scale={scale}
            isOpen={point.id === opened}
            onOpen={onOpen}
          />
        ))}
      </ol>
    </section>
  )
}

function Key() {
  return (
    <ul class="key" aria-hidden="true">
      <li>
        <i class="gauge-return" /> {say('key-return')}
      </li>
      <li>
        <i class="gauge-supply" /> {say('key-supply')}
      </li>
      <li>
        <i class="key-zone" data-zone="band" /> {say('key-band')}
      </li>
      <li>
        <i class="key-zone" data-zone="low" /> {say('key-low')}
      </li>
      <li>
        <i class="key-zone" data-zone="empty" /> {say('key-low-low')}
      </li>
      <li>
        <i class="key-limit" /> {say('key-supply-max')}
      </li>
    </ul>
  )
}

function Columns({ scale }: { scale: GaugeScale }) {
  return (
    <div class="columns point-grid" aria-hidden="true">
      <span>{say('col-state')}</span>
      <span>{say('col-place')}</span>
      <span class="axis">
        {scale.ticksKpa.map((tick) => (
          <i key={tick} style={{ left: `${along(tick, scale)}%` }}>
            {(tick / 1000).toFixed(1)}
          </i>
        ))}
      </span>
      <span class="number">{say('col-return')}</span>
      <span class="number">{say('col-supply')}</span>
      <span class="number">{say('col-temperature')}</span>
      <span class="number">{say('col-age')}</span>
    </div>
  )
}

interface Row {
  point: HeatPointView
  sight: Sight
  scale: GaugeScale
  isOpen: boolean
  onOpen: (point: string) => void
}

function PointRow({ point, sight, scale, isOpen, onOpen }: Row) {
  const state = stateOf(point, sight)
  const supply = shown(point.supplyKpa, sight)
  const ret = shown(point.returnKpa, sight)
  const age = sayPointAge(point, sight)
  const label = say('pointSays', {
    name: inLanguage(point.name),
    state: say(`heat-${state}`),
    return: sayPressure(ret),
    supply: sayPressure(supply),
    age,
  })
  return (
    <li>
      <button
        class="point point-grid"
        type="button"
        data-state={state}
        data-point={point.id}
        aria-label={label}
        aria-expanded={isOpen}
        onClick={() => onOpen(point.id)}
      >
        <span class="point-state">
          <Mark state={state} /> {say(`heat-${state}`)}
        </span>
        <PlaceName point={point} sight={sight} />
        <PressureGauge band={point.band} supply={supply} ret={ret} scale={scale} />
        <Pressure kind="return" value={ret} />
        <Pressure kind="supply" value={supply} />
        <Temperatures point={point} sight={sight} />
        <span class="point-age number">{age}</span>
      </button>
    </li>
  )
}

function PlaceName({ point, sight }: { point: HeatPointView; sight: Sight }) {
  const makeUp = shown(point.makeUpLph, sight)
  const where = point.type === 'heat-station' ? say('station') : say('metres', { count: point.distanceM })
  return (
    <span class="point-place">
      <b>{inLanguage(point.name)}</b>
      <small>{makeUp.known ? say('makeUp', { value: cubicMetres(makeUp.value) }) : where}</small>
    </span>
  )
}

/** `label` stands on narrow screens, where the rows have no heads of columns. */
function Pressure({ kind, value }: { kind: 'supply' | 'return'; value: Shown }) {
  return (
    <span class="number pressure" data-kind={kind}>
      <small class="narrow">{say(kind)}</small>
      {value.known ? <b>{mpa(value.value)}</b> : <i>{say('unknown')}</i>}
    </span>
  )
}

function Temperatures({ point, sight }: { point: HeatPointView; sight: Sight }) {
  const supply = shown(point.supplyC10, sight)
  const ret = shown(point.returnC10, sight)
  return (
    <span class="number temperature">
      {supply.known ? celsius(supply.value) : '–'} / {ret.known ? celsius(ret.value) : '–'}
      <small class="narrow"> °C</small>
    </span>
  )
}

export function sayPressure(value: Shown): string {
  return value.known ? `${mpa(value.value)} MPa` : say('unknown')
}

export function sayPointAge(point: HeatPointView, { nowMs }: Sight): string {
  const t = newestT(point)
  return t === undefined ? say('age-never') : sayAge(nowMs - t)
}
