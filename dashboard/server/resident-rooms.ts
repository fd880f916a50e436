import type { DefaultEventsMap, Namespace, Socket } from 'socket.io'
import { z } from 'zod'
import type { LiveDevice } from '../../estate/live.ts'
import type { Clock } from '../../platform/clock.ts'
import type { PortView, ResidentClientEvents, ResidentServerEvents, ResidentSnapshot } from '../protocol.ts'
import { portsOf, shedsOf } from '../view/ports.ts'
import type { Sources } from '../view/sources.ts'
import { deltaPeriodMs, MessageRate, Pace, socketMessages } from './pace.ts'
import { SentRows } from './sent-rows.ts'

/** The residents' line: one room for each site, open to everyone. A room is only kept up while somebody is in
 *  it; the first to come finds it made anew. There are never more rooms than sites. */

interface Viewer {
  site?: string
}
export type ResidentNamespace = Namespace<
  ResidentClientEvents,
  ResidentServerEvents,
  DefaultEventsMap,
  Viewer
>
type ResidentSocket = Socket<ResidentClientEvents, ResidentServerEvents, DefaultEventsMap, Viewer>

interface Room {
  seq: number
  ports: SentRows<PortView>
}

const siteName = z.string().max(64)

export class ResidentRooms {
  readonly #namespace: ResidentNamespace
  readonly #sources: () => Sources
  readonly #clock: Clock
  readonly #rooms = new Map<string, Room>()
  readonly #changed = new Set<string>()
  readonly #pace: Pace

  constructor({
    namespace,
    sources,
    clock,
  }: {
    namespace: ResidentNamespace
    sources: () => Sources
    clock: Clock
  }) {
    this.#namespace = namespace
    this.#sources = sources
    this.#clock = clock
    this.#pace = new Pace({ clock, periodMs: deltaPeriodMs, task: () => this.#flush() })
  }

  start(): void {
    this.#namespace.on('connection', (socket) => this.#welcome(socket))
  }

  stop(): void {
    this.#pace.stop()
  }

  devicesChanged(devices: readonly LiveDevice[]): void {
    for (const { kind, site } of devices) if (kind === 'charger') this.siteChanged(site)
  }

  siteChanged(site: string): void {
    if (!this.#isWatched(site)) return
    this.#changed.add(site)
    this.#pace.ask()
  }

  /** Time passes, and what nobody renewed grows old. */
  sweep(): void {
    for (const site of this.#rooms.keys()) this.siteChanged(site)
  }

  /** Another registry may have other sheds and ports: everybody starts again from a snapshot. */
  startOver(): void {
    for (const [site, room] of this.#rooms) {
      if (!this.#isWatched(site) || !this.#renew(site, room)) continue
      const snapshot = this.#snapshot(site, room)
      if (snapshot) this.#namespace.to(site).emit('snapshot', snapshot)
    }
  }

  #welcome(socket: ResidentSocket): void {
    const rate = new MessageRate({ clock: this.#clock, ...socketMessages })
    socket.use((_event, next) => {
      if (rate.allows()) next()
      else socket.disconnect(true)
    })
    socket.on('watch', (asked) => {
      const site = siteName.safeParse(asked)
      if (site.success) this.#show(socket, site.data)
    })
    socket.on('resync', () => {
      if (socket.data.site !== undefined) this.#show(socket, socket.data.site)
    })
  }

  /** A site that does not exist is not answered. */
  #show(socket: ResidentSocket, site: string): void {
    const room = this.#rooms.get(site) ?? { seq: 0, ports: new SentRows<PortView>() }
    if (!this.#isWatched(site) && !this.#renew(site, room)) return
    this.#rooms.set(site, room)
    const snapshot = this.#snapshot(site, room)
    if (!snapshot) return
    if (socket.data.site !== undefined && socket.data.site !== site) void socket.leave(socket.data.site)
    socket.data.site = site
    void socket.join(site)
    socket.emit('snapshot', snapshot)
  }

  #flush(): void {
    const sources = this.#sources()
    for (const site of this.#changed) {
      const room = this.#rooms.get(site)
      const ports = room?.ports.take(portsOf(site, sources)) ?? []
      if (!room || ports.length === 0) continue
      room.seq += 1
      this.#namespace.to(site).emit('delta', { seq: room.seq, serverMs: sources.nowMs, ports })
    }
    this.#changed.clear()
  }

  /** False when there is no such site. */
  #renew(site: string, room: Room): boolean {
    const sources = this.#sources()
    if (!sources.registry.site(site)) return false
    room.seq += 1
    room.ports.replace(portsOf(site, sources))
    return true
  }

  #snapshot(site: string, { seq, ports }: Room): ResidentSnapshot | undefined {
    return residentSnapshot(site, { sources: this.#sources(), seq, ports: ports.all() })
  }

  #isWatched(site: string): boolean {
    return (this.#namespace.adapter.rooms.get(site)?.size ?? 0) > 0
  }
}

/** Also what the page is delivered with. Undefined when there is no such site. */
export function residentSnapshot(
  site: string,
  { sources, seq, ports }: { sources: Sources; seq: number; ports: readonly PortView[] },
): ResidentSnapshot | undefined {
  const { registry, nowMs } = sources
  const known = registry.site(site)
  if (!known) return undefined
  const { id, name } = known
  return { seq, serverMs: nowMs, site: { id, name }, sheds: shedsOf(registry, site), ports }
}
