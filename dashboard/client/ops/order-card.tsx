import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { BilingualText } from '../../../estate/registry.ts'
import type { OrderView } from '../../protocol.ts'
import { stopwatch } from '../age.ts'
import { inLanguage } from '../language.ts'
import { serverNowMs } from '../server-clock.ts'
import { dayAndMinute, hourMinuteSecond } from '../site-time.ts'
import type { LiveEstate } from './live-estate.ts'
import { OrderActions } from './order-actions.tsx'
import { OrderClocks } from './order-clocks.tsx'
import { OrderNotes } from './order-notes.tsx'
import { say } from './say.ts'

type Isolated = NonNullable<OrderView['cutsOff']>

export function OrderCard({ order, live }: { order: OrderView; live: LiveEstate }) {
  return (
    <li class="order" data-severity={order.severity} data-order={order.id} data-state={order.state}>
      <div class="order-head">
        <b class="severity" data-severity={order.severity}>
          {order.severity}
        </b>
        <span class="order-state">{say(`state-${order.state}`)}</span>
        <OrderAge openedAt={order.openedAt} />
      </div>
      <h3 class="order-title">{inLanguage(order.title)}</h3>
      <p class="order-line">
        <code>{order.id}</code> <span>{order.rule}</span>
        <time>{say('opened', { time: dayAndMinute(order.openedAt) })}</time>
      </p>
      {order.recoveredAt !== undefined && (
        <p class="recovered">{say('recovered', { time: hourMinuteSecond(order.recoveredAt) })}</p>
      )}
      {order.pause && (
        <p class="order-line">
          {say('paused', {
            reason: say(`waits-${order.pause.reason}`),
            who: order.pause.who,
            time: dayAndMinute(order.pause.since),
          })}
        </p>
      )}
      <OrderClocks clocks={order.clocks} />
      <Facts order={order} />
      <OrderActions order={order} live={live} />
      <OrderNotes order={order} live={live} />
    </li>
  )
}

function Facts({ order }: { order: OrderView }) {
  return (
    <dl class="facts">
      {!isNamed(order) && <Fact name={say('root')}>{inLanguage(order.rootName)}</Fact>}
      <Fact name={say('reason')}>{inLanguage(order.reason)}</Fact>
      {order.suspected && <Fact name={say('suspected')}>{inLanguage(order.suspected.name)}</Fact>}
      {order.cutsOff && <Valves valves={order.valves} cutsOff={order.cutsOff} />}
      {order.affected.length > 0 && (
        <Fact name={say('affected', { count: order.affected.length })}>
          <Places places={order.affected} atFirst={6} kind="house" />
        </Fact>
      )}
      <div class="figures">
        {order.households > 0 && <b>{say('households', { count: order.households })}</b>}
        {order.alarms > 1 && <span>{say('alarms', { count: order.alarms })}</span>}
        {order.assignee !== undefined && (
          <span>
            {say('assignee')} {order.assignee}
          </span>
        )}
      </div>
    </dl>
  )
}

/** What to close, and whom to tell before. */
function Valves({ valves, cutsOff }: { valves: OrderView['valves']; cutsOff: Isolated }) {
  if (valves.length === 0) return <Fact name={say('valves')}>{say('valves-unknown')}</Fact>
  return (
    <>
      <Fact name={say('valves')}>
        <Places places={valves} atFirst={6} kind="valve" />
      </Fact>
      <Fact name={say('cuts-off', { count: cutsOff.households })}>
        <Places places={cutsOff.buildings} atFirst={6} kind="house" />
      </Fact>
    </>
  )
}

/** Most titles name the place already; then it is not said twice. */
function isNamed({ title, rootName }: OrderView): boolean {
  return inLanguage(title).includes(inLanguage(rootName))
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function OrderAge({ openedAt }: { openedAt: number }) {
  return <time class="order-age">{say('running', { time: stopwatch(serverNowMs.value - openedAt) })}</time>
}

interface PlacesOf {
  places: readonly { id: string; name: BilingualText }[]
  atFirst: number
  kind: 'valve' | 'house'
}

/** The first few; the rest on demand. */
function Places({ places, atFirst, kind }: PlacesOf) {
  const [all, setAll] = useState(false)
  const hidden = all ? 0 : Math.max(0, places.length - atFirst)
  return (
    <ul class="places">
      {places.slice(0, places.length - hidden).map(({ id, name }) => (
        <li key={id} class="place" data-kind={kind}>
          {inLanguage(name)}
        </li>
      ))}
      {hidden > 0 && (
        <li>
          <button class="more" type="button" onClick={() => setAll(true)}>
            {say('more', { count: hidden })}
          </button>
        </li>
      )}
    </ul>
  )
}
