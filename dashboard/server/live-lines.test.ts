import type { Socket } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { applyOpsDelta, applyResidentDelta } from '../client/apply.ts'
import type { OpsDelta, OpsSnapshot, ResidentDelta, ResidentSnapshot } from '../protocol.ts'
import {
  chargerSaying,
  deviceSaying,
  name,
  orderAt,
  smallEstate,
  startMs,
} from '../view/small-estate.fixture.ts'
import { buildRegistry } from '../../estate/registry-index.ts'
import { RunningDashboard } from './running-dashboard.fixture.ts'

let dashboard: RunningDashboard
beforeEach(async () => {
  dashboard = await new RunningDashboard().start()
})
afterEach(() => dashboard.stop())

/** A browser, as the client keeps its state: a snapshot, and deltas that fit it. */
class Screen<Snapshot extends { seq: number; serverMs: number }, Delta extends { seq: number }> {
  readonly socket: Socket
  readonly deltas: Delta[] = []
  state: Snapshot | undefined

  constructor(
    socket: Socket,
    apply: (was: Snapshot, delta: Delta) => { outcome: string; snapshot?: Snapshot },
  ) {
    this.socket = socket
    socket.on('snapshot', (snapshot: Snapshot) => {
      this.state = snapshot
    })
    socket.on('delta', (delta: Delta) => {
      this.deltas.push(delta)
      const applied = this.state && apply(this.state, delta)
      expect(applied?.outcome).toBe('applied')
      this.state = applied?.snapshot
    })
  }

  /** What is seen, but for the time it was told. */
  get seen() {
    return { ...this.state, serverMs: 0 }
  }
}

function resident(site = 'oak') {
  const socket = dashboard.connect('/residents')
  socket.on('connect', () => socket.emit('watch', site))
  return new Screen<ResidentSnapshot, ResidentDelta>(socket, applyResidentDelta)
}

function engineer(session = dashboard.staff.signIn('engineer')) {
  return new Screen<OpsSnapshot, OpsDelta>(dashboard.connect('/ops', session), applyOpsDelta)
}

function portSays(avail: string, t = dashboard.clock.now()) {
  dashboard.live.hear(chargerSaying({ p01: { avail, phase: 'idle' } }, { t }))
}

/** What the event tells: the reason of a disconnect, the error of a refused connection. */
function happens(socket: Socket, event: 'connect' | 'disconnect' | 'connect_error'): Promise<unknown> {
  return new Promise((resolve) => socket.once(event, resolve))
}

async function shows(screen: { state: unknown }): Promise<void> {
  await vi.waitFor(() => expect(screen.state).toBeDefined())
}

describe('residents', () => {
  it('who comes late sees exactly what one sees who stayed', async () => {
    portSays('available')
    const early = resident()
    await shows(early)
    portSays('occupied')
    dashboard.clock.advance(250)
    await vi.waitFor(() => expect(early.state?.ports[0]?.availability).toBe('occupied'))
    dashboard.orders.put(orderAt('port-2'))
    const late = resident()
    await shows(late)
    expect(late.seen).toEqual(early.seen)
    dashboard.clock.advance(250)
    await vi.waitFor(() => expect(late.state?.ports[1]?.availability).toBe('faulted'))
    await vi.waitFor(() => expect(late.seen).toEqual(early.seen))
  })

  it('only what changed is sent, in one delta a quarter of a second', async () => {
    const screen = resident()
    await shows(screen)
    portSays('available')
    dashboard.clock.advance(0)
    for (const avail of ['occupied', 'available', 'reserved']) portSays(avail)
    dashboard.clock.advance(249)
    dashboard.clock.advance(1)
    await vi.waitFor(() => expect(screen.state?.ports[0]?.availability).toBe('reserved'))
    expect(screen.deltas.map(({ ports }) => ports.map(({ id }) => id))).toEqual([['port-1'], ['port-1']])
  })

  it('a port that falls silent turns unknown while people look at it', async () => {
    portSays('available')
    const screen = resident()
    await shows(screen)
    dashboard.clock.advance(15 * 60_000 + 5_250)
    await vi.waitFor(() => expect(screen.state?.ports[0]?.availability).toBe('unknown'))
  })

  it('a gap is repaired by asking for the snapshot again', async () => {
    const screen = resident()
    await shows(screen)
    screen.state = undefined
    screen.socket.emit('resync')
    await shows(screen)
  })

  it('a new registry gives everybody a new snapshot', async () => {
    const screen = resident()
    await shows(screen)
    const sites = [{ id: 'oak', name: name('Renamed') }]
    dashboard.registry = buildRegistry({ ...smallEstate, sites })
    dashboard.clock.advance(5_000)
    await vi.waitFor(() => expect(screen.state?.site.name.en).toBe('Renamed'))
  })

  it('a script that asks without end is sent away', async () => {
    const { socket } = resident()
    const gone = happens(socket, 'disconnect')
    for (let count = 0; count < 40; count++) socket.emit('resync')
    await gone
  })

  it('a site that does not exist, or is no word at all, is not answered and harms nobody', async () => {
    const screen = resident('nowhere')
    await happens(screen.socket, 'connect')
    screen.socket.emit('watch', { toString: 1 })
    screen.socket.emit('watch', 'oak')
    await vi.waitFor(() => expect(screen.state?.site.id).toBe('oak'))
  })
})

describe('engineers', () => {
  it('who comes late sees exactly what one sees who stayed', async () => {
    const early = engineer()
    await shows(early)
    portSays('available')
    dashboard.live.hear(deviceSaying({ device: 'house-heat', kind: 'heat-entrance' }, { p_ret_kpa: 100 }))
    dashboard.orders.put(orderAt('house'))
    dashboard.clock.advance(250)
    await vi.waitFor(() => expect(early.state?.heat[1]?.state).toBe('low-low'))
    expect(early.deltas.map(({ seq }) => seq)).toEqual([early.state?.seq ?? 0])
    expect(early.deltas[0]?.devices.map(({ id }) => id).sort()).toEqual(['charger', 'house-heat'])
    const late = engineer()
    await shows(late)
    expect(late.seen).toEqual(early.seen)
  })

  it('a closed order is sent once more and then leaves the list, on every screen', async () => {
    dashboard.orders.put(orderAt('house'))
    const early = engineer()
    await shows(early)
    expect(early.state?.orders).toHaveLength(1)
    dashboard.orders.put(orderAt('house', { state: 'cancelled' }))
    dashboard.clock.advance(250)
    await vi.waitFor(() => expect(early.deltas[0]?.orders[0]?.state).toBe('cancelled'))
    const late = engineer()
    await shows(late)
    expect(late.state?.orders).toEqual([])
    expect(late.seen).toEqual(early.seen)
  })

  it('a pressure that nobody renews turns unknown', async () => {
    dashboard.live.hear(deviceSaying({ device: 'house-heat', kind: 'heat-entrance' }, { p_ret_kpa: 225 }))
    const screen = engineer({ ...dashboard.staff.signIn('engineer'), expiresMs: Infinity })
    await shows(screen)
    expect(screen.state?.heat[1]?.state).toBe('normal')
    dashboard.clock.advance(30_000)
    dashboard.live.hear({
      ...deviceSaying({ device: 'house-heat', kind: 'heat-entrance' }, {}),
      connection: 'lost',
    })
    dashboard.clock.advance(250)
    await vi.waitFor(() => expect(screen.state?.heat[1]?.state).toBe('unknown'))
  })

  it('a stranger does not get in', async () => {
    const stranger = { token: 'made-up', name: 'x', role: 'admin', expiresMs: startMs } as const
    for (const session of [undefined, stranger]) {
      const refusal = await happens(dashboard.connect('/ops', session), 'connect_error')
      expect(refusal).toMatchObject({ message: 'sign in first' })
    }
  })

  it('signing out closes the screens of that session', async () => {
    const session = dashboard.staff.signIn('engineer')
    const screen = engineer(session)
    await shows(screen)
    const gone = happens(screen.socket, 'disconnect')
    const headers = { cookie: `estate_session=${session.token}` }
    await dashboard.ask('/api/v1/session', { method: 'DELETE', headers })
    await gone
  })

  it('so does the end of the session by itself', async () => {
    const screen = engineer()
    await shows(screen)
    const gone = happens(screen.socket, 'disconnect')
    dashboard.clock.advance(65_000)
    await gone
  })
})

it('stopping ends every line at once, and the browser takes it for a broken one', async () => {
  const screen = resident()
  await shows(screen)
  const gone = happens(screen.socket, 'disconnect')
  const beganMs = performance.now()
  await dashboard.stopServer()
  expect(performance.now() - beganMs).toBeLessThan(1_500)
  expect(await gone).toMatch(/^transport/)
})
