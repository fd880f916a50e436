import type { DefaultEventsMap, Namespace, Socket } from 'socket.io'
import type { LiveDevice } from '../../estate/live.ts'
import { isClosed, type WorkOrder } from '../../estate/work-order.ts'
import type { Clock } from '../../platform/clock.ts'
import type {
  DeviceView,
  HeatPointView,
  OpsClientEvents,
  OpsServerEvents,
  OpsSnapshot,
  OrderView,
} from '../protocol.ts'
import { deviceView } from '../view/devices.ts'
import { heatPointOf, heatPointsOf } from '../view/heat.ts'
import type { Sources } from '../view/sources.ts'
import { deltaPeriodMs, MessageRate, Pace, socketMessages } from './pace.ts'
import type { Session, StaffDoor } from './ports.ts'
import { SentRows } from './sent-rows.ts'
import { sessionTokenOf } from './session-cookie.ts'

/** The engineers' line: one room, for those with a session and only as long as it lasts. Kept up only while
 *  somebody is in it. */

interface Viewer {
  session: Session
}
export type OpsNamespace = Namespace<OpsClientEvents, OpsServerEvents, DefaultEventsMap, Viewer>
type OpsSocket = Socket<OpsClientEvents, OpsServerEvents, DefaultEventsMap, Viewer>

interface OpsRoomOptions {
  namespace: OpsNamespace
  sources: () => Sources
  orderView: (order: WorkOrder) => OrderView
  staff: StaffDoor
  clock: Clock
}

const room = 'ops'

export class OpsRoom {
  readonly #options: OpsRoomOptions
  readonly #pace: Pace
  readonly #heat = new SentRows<HeatPointView>()
  readonly #orders = new SentRows<OrderView>()
  readonly #devices = new SentRows<DeviceView>()
  readonly #changedDevices = new Set<string>()
  readonly #changedOrders = new Map<string, WorkOrder>()
  #everythingChanged = false
  #seq = 0

  constructor(options: OpsRoomOptions) {
    this.#options = options
    this.#pace = new Pace({ clock: options.clock, periodMs: deltaPeriodMs, task: () => this.#flush() })
  }

  start(): void {
    const { namespace, staff } = this.#options
    namespace.use((socket, next) => {
      const token = sessionTokenOf(socket.handshake.headers.cookie)
      const asked = token === undefined ? Promise.resolve(undefined) : staff.session(token)
      asked.then(
        (session) => {
          if (!session) return next(new Error('sign in first'))
          socket.data.session = session
          next()
        },
        () => next(new Error('not available now')),
      )
    })
    namespace.on('connection', (socket) => this.#welcome(socket))
  }

  stop(): void {
    this.#pace.stop()
  }

  devicesChanged(devices: readonly LiveDevice[]): void {
    if (!this.#isWatched()) return
    for (const { device } of devices) this.#changedDevices.add(device)
    this.#pace.ask()
  }

  orderChanged(order: WorkOrder): void {
    if (!this.#isWatched()) return
    this.#changedOrders.set(order.id, order)
    this.#pace.ask()
  }

  /** Time passes: values grow old, devices fall silent, sessions end. */
  async sweep(): Promise<void> {
    if (!this.#isWatched()) return
    this.#everythingChanged = true
    this.#pace.ask()
    await this.#sendHomeTheExpired()
  }

  /** Another registry may have other places: everybody starts again from a snapshot. */
  startOver(): void {
    if (!this.#isWatched()) return
    this.#renew()
    this.#options.namespace.to(room).emit('snapshot', this.#snapshot())
  }

  sessionEnded(token: string): void {
    for (const socket of this.#options.namespace.sockets.values()) {
      if (socket.data.session.token === token) socket.disconnect(true)
    }
  }

  #welcome(socket: OpsSocket): void {
    const rate = new MessageRate({ clock: this.#options.clock, ...socketMessages })
    socket.use((_event, next) => {
      if (rate.allows()) next()
      else socket.disconnect(true)
    })
    socket.on('resync', () => socket.emit('snapshot', this.#snapshot()))
    if (!this.#isWatched()) this.#renew()
    void socket.join(room)
    socket.emit('snapshot', this.#snapshot())
  }

  #flush(): void {
    const sources = this.#options.sources()
    const { registry, nowMs } = sources
    const devices = this.#everythingChanged
      ? registry.devices
      : [...this.#changedDevices].flatMap((id) => registry.device(id) ?? [])
    const orders = new Map(this.#everythingChanged ? sources.orders.map((order) => [order.id, order]) : [])
    for (const [id, order] of this.#changedOrders) orders.set(id, order)
    const delta = {
      heat: this.#heat.take(devices.flatMap((device) => heatPointOf(device, sources) ?? [])),
      orders: this.#orders.take([...orders.values()].map(this.#options.orderView)),
      devices: this.#devices.take(devices.map((device) => deviceView(device, sources))),
    }
    for (const { id, state } of orders.values()) if (isClosed(state)) this.#orders.drop(id)
    this.#forgetChanges()
    if (delta.heat.length + delta.orders.length + delta.devices.length === 0) return
    this.#seq += 1
    this.#options.namespace.to(room).emit('delta', { seq: this.#seq, serverMs: nowMs, ...delta })
  }

  #renew(): void {
    const sources = this.#options.sources()
    this.#heat.replace(heatPointsOf(sources))
    this.#orders.replace(sources.orders.map(this.#options.orderView))
    this.#devices.replace(sources.registry.devices.map((device) => deviceView(device, sources)))
    this.#forgetChanges()
    this.#seq += 1
  }

  #forgetChanges(): void {
    this.#changedDevices.clear()
    this.#changedOrders.clear()
    this.#everythingChanged = false
  }

  #snapshot(): OpsSnapshot {
    const { registry, nowMs } = this.#options.sources()
    return {
      seq: this.#seq,
      serverMs: nowMs,
      sites: registry.sites.map(({ id, name }) => ({ id, name })),
      heat: this.#heat.all(),
      orders: this.#orders.all(),
      devices: this.#devices.all(),
    }
  }

  #isWatched(): boolean {
    return (this.#options.namespace.adapter.rooms.get(room)?.size ?? 0) > 0
  }

  /** Asks only once the time known is over: asking counts as using the session, and would keep it for ever. */
  async #sendHomeTheExpired(): Promise<void> {
    const { namespace, staff, clock } = this.#options
    for (const socket of namespace.sockets.values()) {
      if (socket.data.session.expiresMs > clock.now()) continue
      const session = await staff.session(socket.data.session.token)
      if (session) socket.data.session = session
      else socket.disconnect(true)
    }
  }
}
