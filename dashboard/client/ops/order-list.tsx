import { useEffect } from 'preact/hooks'
import type { OrderView } from '../../protocol.ts'
import { inLanguage } from '../language.ts'
import type { LiveEstate } from './live-estate.ts'
import { OrderCard } from './order-card.tsx'
import { say } from './say.ts'
import { byUrgency } from './urgency.ts'

export function OrderList({ live, orders }: { live: LiveEstate; orders: readonly OrderView[] }) {
  const count = orders.length
  useEffect(() => {
    document.title = count > 0 ? `(${count}) Estate Pulse` : 'Estate Pulse'
  }, [count])
  return (
    <section class="panel orders" aria-labelledby="orders-name">
      <h2 class="panel-name" id="orders-name">
        {say('orders')} <b class="badge">{count}</b>
      </h2>
      <p class="unseen" role="status">
        {newest(orders)}
      </p>
      {count === 0 && <p class="nothing">{say('orders-none')}</p>}
      <ol class="order-cards">
        {byUrgency(orders).map((order) => (
          <OrderCard key={order.id} order={order} live={live} />
        ))}
      </ol>
    </section>
  )
}

/** For a screen reader: read aloud when a new order comes. */
function newest(orders: readonly OrderView[]): string {
  const [last] = [...orders].sort((a, b) => b.openedAt - a.openedAt)
  return last ? `${last.severity} ${inLanguage(last.title)}` : ''
}
