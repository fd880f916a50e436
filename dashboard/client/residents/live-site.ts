import { computed, signal } from '@preact/signals'
import { io, type Socket } from 'socket.io-client'
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
  readonly #watched = signal<string | undefined>(undefined)
  /** Several sites, and none chosen yet. */
  readonly isChoosing = computed(() => this.sites.value.length > 1 && this.#watched.value === undefined)
  #socket: Socket<ResidentServerEvents, ResidentClientEvents> | undefined
  #awaitsSnapshot = false

  /** Shows what the page was delivered with, until the line is up. */
  embed(snapshot: ResidentSnapshot): void {
    heardServerTime(snapshot.serverMs)
    this.snapshot.value = snapshot
    this.#watched.value = snapshot.site.id
  }

  /** `preferred` is what the visitor asked for or used last. Where it is gone and there is more than one site,
   *  nothing is watched before the visitor has chosen. */
  async start(preferred: string | undefined): Promise<void> {
    this.#watched.value = preferred ?? this.#watched.peek()
    this.#connect()
    const sites = await fetchSites()
    this.sites.value = sites
    if (sites.length === 0 || sites.some(({ id }) => id === this.#watched.peek())) return
    const [only, another] = sites
    this.#watched.value = another ? undefined : only?.id
    this.snapshot.value = undefined
    this.#ask()
  }

  watch(site: string): void {
    this.#watched.value = site
    remember('site', site)
    this.snapshot.value = undefined
    this.#ask()
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#wake)
    this.#socket?.disconnect()
  }

  #connect(): void {
    const socket: Socket<ResidentServerEvents, ResidentClientEvents> = io('/residents', {
      transports: ['websocket', 'polling'],
    })
    this.#socket = socket
    socket.on('connect', () => this.#ask())
    socket.on('snapshot', (snapshot) => this.#take(snapshot))
    socket.on('delta', (delta) => this.#follow(delta))
    socket.on('disconnect', () => {
      this.#awaitsSnapshot = false
      this.#note('broken')
    })
    document.addEventListener('visibilitychange', this.#wake)
  }

  #ask(): void {
    const site = this.#watched.peek()
    if (site !== undefined && this.#socket?.connected) this.#socket.emit('watch', site)
  }

  #take(snapshot: ResidentSnapshot): void {
    if (snapshot.site.id !== this.#watched.peek()) return
    this.#awaitsSnapshot = false
    heardServerTime(snapshot.serverMs)
    this.snapshot.value = snapshot
    this.#note('snapshot')
  }

  #follow(delta: ResidentDelta): void {
    const was = this.snapshot.value
    if (!was || this.link.value.state !== 'live') return
    const applied = applyResidentDelta(was, delta)
    if (applied.outcome === 'gap') this.#resync()
    if (applied.outcome !== 'applied') return
    heardServerTime(delta.serverMs)
    this.snapshot.value = applied.snapshot
  }

  #note(event: LinkEvent): void {
    this.link.value = followLink(this.link.value, event, Date.now())
  }

  /** A phone that slept may have missed much without noticing that the line broke. */
  #wake = (): void => {
    if (document.visibilityState === 'visible') this.#resync()
  }

  /** Once, until the answer comes: what arrives in between does not fit either. */
  #resync(): void {
    if (this.#awaitsSnapshot || !this.#socket?.connected) return
    this.#awaitsSnapshot = true
    this.#socket.emit('resync')
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
