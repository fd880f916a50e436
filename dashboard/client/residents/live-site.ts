import { signal } from '@preact/signals'
import type { Socket } from 'socket.io-client'
import type {
  ResidentClientEvents,
  ResidentDelta,
  ResidentServerEvents,
  ResidentSnapshot,
  SiteView,
} from '../../protocol.ts'
import { applyResidentDelta } from '../apply.ts'
import { followLink, type Link, type LinkEvent } from '../link.ts'
import { remember } from '../preference.ts'
import { heardServerTime } from '../server-clock.ts'

/** One site as it is now. Owns the line to the server; components read the signals. */
export class LiveSite {
  readonly snapshot = signal<ResidentSnapshot | undefined>(undefined)
  readonly link = signal<Link>({ state: 'connecting', sinceMs: Date.now() })
  readonly sites = signal<readonly SiteView[]>([])
  #socket: Socket<ResidentServerEvents, ResidentClientEvents> | undefined
  #watched: string | undefined

  /** Shows what the page was delivered with, until the line is up. */
  embed(snapshot: ResidentSnapshot): void {
    heardServerTime(snapshot.serverMs)
    this.snapshot.value = snapshot
    this.#watched = snapshot.site.id
  }

  /** `preferred` is what the visitor asked for or used last; a site that is gone gives way to the first one. */
  async start(preferred: string | undefined): Promise<void> {
    this.#watched = preferred ?? this.#watched
    const [{ io }, sites] = await Promise.all([import('socket.io-client'), fetchSites()])
    this.sites.value = sites
    if (sites.length > 0 && !sites.some(({ id }) => id === this.#watched)) this.#watched = sites[0]?.id
    const socket: Socket<ResidentServerEvents, ResidentClientEvents> = io('/residents', {
      transports: ['websocket', 'polling'],
    })
    this.#socket = socket
    socket.on('connect', () => this.#ask())
    socket.on('snapshot', (snapshot) => this.#take(snapshot))
    socket.on('delta', (delta) => this.#follow(delta))
    socket.on('disconnect', () => this.#note('broken'))
    document.addEventListener('visibilitychange', this.#wake)
  }

  watch(site: string): void {
    this.#watched = site
    remember('site', site)
    this.snapshot.value = undefined
    this.#ask()
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#wake)
    this.#socket?.disconnect()
  }

  #ask(): void {
    if (this.#watched !== undefined) this.#socket?.emit('watch', this.#watched)
  }

  #take(snapshot: ResidentSnapshot): void {
    if (snapshot.site.id !== this.#watched) return
    heardServerTime(snapshot.serverMs)
    this.snapshot.value = snapshot
    this.#note('snapshot')
  }

  #follow(delta: ResidentDelta): void {
    const was = this.snapshot.value
    if (!was || this.link.value.state !== 'live') return
    const applied = applyResidentDelta(was, delta)
    if (applied.outcome === 'gap') this.#socket?.emit('resync')
    if (applied.outcome !== 'applied') return
    heardServerTime(delta.serverMs)
    this.snapshot.value = applied.snapshot
  }

  #note(event: LinkEvent): void {
    this.link.value = followLink(this.link.value, event, Date.now())
  }

  /** A phone that slept may have missed much without noticing that the line broke. */
  #wake = (): void => {
    if (document.visibilityState === 'visible' && this.#socket?.connected) this.#socket.emit('resync')
  }
}

/** Empty where the list cannot be had: the page then shows the site it came with. */
async function fetchSites(): Promise<readonly SiteView[]> {
  try {
    const response = await fetch('/api/v1/sites')
    return response.ok ? sitesIn(await response.json()) : []
  } catch {
    return []
  }
}

function sitesIn(body: unknown): readonly SiteView[] {
  if (typeof body !== 'object' || body === null || !('sites' in body) || !Array.isArray(body.sites)) return []
  return body.sites.filter(isSite)
}

function isSite(value: unknown): value is SiteView {
  if (typeof value !== 'object' || value === null || !('id' in value) || !('name' in value)) return false
  const { id, name } = value
  return typeof id === 'string' && typeof name === 'object' && name !== null && 'zh' in name && 'en' in name
}
