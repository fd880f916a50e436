import { useState } from 'preact/hooks'
import type { OpsSnapshot } from '../../protocol.ts'
import { isBlind } from '../link.ts'
import { recall, remember } from '../preference.ts'
import { browserMs, serverNowMs } from '../server-clock.ts'
import { DeviceList } from './device-list.tsx'
import type { Sight } from './heat-point.ts'
import { LedgerView } from './ledger-view.tsx'
import { LineStatus } from './line-status.tsx'
import type { LiveEstate } from './live-estate.ts'
import { LoginForm } from './login-form.tsx'
import { LoopView } from './loop-view.tsx'
import { OrderList } from './order-list.tsx'
import { PointDrawer } from './point-drawer.tsx'
import { QuarantineView } from './quarantine-view.tsx'
import { TopBar } from './top-bar.tsx'
import { addressOf, view } from './view.ts'

export function Page({ live }: { live: LiveEstate }) {
  const snapshot = live.snapshot.value
  if (live.session.value === 'needed') return <LoginForm live={live} />
  if (!snapshot) {
    return (
      <main class="waiting">
        <p class="brand">Estate Pulse</p>
        <LineStatus live={live} />
      </main>
    )
  }
  return <Board live={live} snapshot={snapshot} />
}

function Board({ live, snapshot }: { live: LiveEstate; snapshot: OpsSnapshot }) {
  const [wanted, setWanted] = useState(recall('site'))
  const [opened, setOpened] = useState<string>()
  const close = () => {
    document.querySelector<HTMLElement>(`[data-point="${opened ?? ''}"]`)?.focus()
    setOpened(undefined)
  }
  const { name, device } = view.value
  const sought = name === 'watch' ? snapshot.devices.find(({ id }) => id === device) : undefined
  const site = sought?.site ?? snapshot.sites.find(({ id }) => id === wanted)?.id ?? snapshot.sites[0]?.id
  const sight: Sight = { nowMs: serverNowMs.value, blind: isBlind(live.link.value, browserMs.value) }
  const points = snapshot.heat.filter((point) => point.site === site)
  const point = points.find(({ id }) => id === opened)
  return (
    <div class="board">
      <TopBar
        live={live}
        snapshot={snapshot}
        sight={sight}
        site={site}
        choose={(id) => {
          location.hash = addressOf({ name: 'watch' })
          setWanted(id)
          remember('site', id)
        }}
      />
      {name === 'ledger' && <LedgerView live={live} />}
      {name === 'quarantine' && <QuarantineView live={live} device={device} />}
      {name === 'watch' && (
        <main class="floor">
          <OrderList live={live} orders={snapshot.orders} />
          <LoopView points={points} sight={sight} opened={opened} onOpen={setOpened} />
          <DeviceList
            devices={snapshot.devices.filter((device) => device.site === site)}
            sight={sight}
            sought={sought?.id}
          />
        </main>
      )}
      {name === 'watch' && point && (
        <PointDrawer key={point.id} point={point} sight={sight} onClose={close} />
      )}
    </div>
  )
}
