import { useEffect, useRef, useState } from 'preact/hooks'
import type { HeatPointView, Measured } from '../../protocol.ts'
import { inLanguage } from '../language.ts'
import { shown, stateOf, type Sight } from './heat-point.ts'
import { HistoryChart } from './history-chart.tsx'
import { extremes } from './history-series.ts'
import { sayPointAge } from './loop-view.tsx'
import { Mark } from './mark.tsx'
import type { Failure } from './rest.ts'
import { say, sayAge } from './say.ts'
import { celsius, mpa } from './units.ts'
import { historyRanges, rangeOf, useHistory, type HistoryRange } from './use-history.ts'

interface Drawer {
  point: HeatPointView
  sight: Sight
  onClose: () => void
}

/** One place in detail. It does not block the page: the next place may be chosen while it is open. */
export function PointDrawer({ point, sight, onClose }: Drawer) {
  const [range, setRange] = useState<HistoryRange>('1h')
  const close = useRef<HTMLButtonElement>(null)
  useEffect(() => close.current?.focus(), [])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') onClose()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [onClose])
  const state = stateOf(point, sight)
  return (
    <section class="drawer" role="dialog" aria-modal="false" aria-labelledby="drawer-name" data-state={state}>
      <header class="drawer-head">
        <h2 class="drawer-name" id="drawer-name">
          {inLanguage(point.name)}
        </h2>
        <span class="point-state">
          <Mark state={state} /> {say(`heat-${state}`)}
        </span>
        <button ref={close} class="button" data-weight="quiet" type="button" onClick={onClose}>
          {say('drawer-close')}
        </button>
      </header>
      <Now point={point} sight={sight} />
      <div class="ranges" role="group" aria-label={say('drawer-history')}>
        {historyRanges.map((each) => (
          <button
            key={each}
            class="chip"
            type="button"
            aria-pressed={each === range}
            onClick={() => setRange(each)}
          >
            {say(`range-${each}`)}
          </button>
        ))}
      </div>
      <PointHistory key={point.id} point={point} range={range} />
      <p class="hint">
        <code>{point.device}</code> {sayPointAge(point, sight)}
      </p>
    </section>
  )
}

function Now({ point, sight }: { point: HeatPointView; sight: Sight }) {
  return (
    <dl class="now">
      <Value name={say('col-return')} measured={point.returnKpa} sight={sight} write={mpa} kind="return" />
      <Value name={say('col-supply')} measured={point.supplyKpa} sight={sight} write={mpa} kind="supply" />
      <Value
        name={`${say('return')} °C`}
        measured={point.returnC10}
        sight={sight}
        write={celsius}
        kind="return"
      />
      <Value
        name={`${say('supply')} °C`}
        measured={point.supplyC10}
        sight={sight}
        write={celsius}
        kind="supply"
      />
    </dl>
  )
}

interface ValueOf {
  name: string
  measured: Measured | undefined
  sight: Sight
  write: (value: number) => string
  kind: 'supply' | 'return'
}

function Value({ name, measured, sight, write, kind }: ValueOf) {
  const now = shown(measured, sight)
  return (
    <div class="now-value" data-kind={kind} data-known={now.known ? '' : undefined}>
      <dt>{name}</dt>
      <dd>
        <b>{now.known ? write(now.value) : say('unknown')}</b>
        {measured && (
          <small>
            {!now.known && `${say('lastKnown', { value: write(measured.value) })} · `}
            {sayAge(sight.nowMs - measured.t)}
          </small>
        )}
      </dd>
    </div>
  )
}

function PointHistory({ point, range }: { point: HeatPointView; range: HistoryRange }) {
  const history = useHistory(point.device, range)
  if (history.state === 'loading') return <ChartNote text={say('history-loading')} />
  if (history.state === 'failed') {
    return <ChartNote text={say('history-failed', { detail: sayFailure(history.failure) })} alert />
  }
  const { histories, fromMs, toMs } = history
  const reach = extremes(histories.return)
  if (!reach && histories.supply.length === 0) return <ChartNote text={say('history-none')} />
  const says = say('history-says', {
    name: inLanguage(point.name),
    range: say(`range-${range}`),
    min: reach ? mpa(reach.min) : '–',
    max: reach ? mpa(reach.max) : '–',
  })
  const { gapMs } = rangeOf[range]
  return (
    <HistoryChart
      histories={histories}
      window={{ fromMs, toMs }}
      gapMs={gapMs}
      band={point.band}
      says={says}
    />
  )
}

function ChartNote({ text, alert = false }: { text: string; alert?: boolean }) {
  return (
    <p class="chart chart-note" role={alert ? 'alert' : 'status'}>
      {text}
    </p>
  )
}

function sayFailure(failure: Failure): string {
  switch (failure.kind) {
    case 'unauthorized':
      return say('act-unauthorized')
    case 'limited':
      return say('login-limited')
    case 'unreachable':
      return say('login-unreachable')
    case 'refused':
      return failure.detail
  }
}
