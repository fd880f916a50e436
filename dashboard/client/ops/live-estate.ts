import { signal } from '@preact/signals'
import { io, type Socket } from 'socket.io-client'
import type { OpsClientEvents, OpsDelta, OpsServerEvents, OpsSnapshot } from '../../protocol.ts'
import { applyOpsDelta } from '../apply.ts'
import { followLink, type Link, type LinkEvent } from '../link.ts'
import { heardServerTime } from '../server-clock.ts'

/** `unknown` until the server took or refused the first connection. */
export type Session = 'unknown' | 'needed' | 'open'

/** The server's word where it cannot look up sessions. */
const cannotTell = 'not available now'
const retryMs = 2000

/** Everything the engineers see, as it is now. Owns the line to the server; components read the signals. */
export class LiveEstate {
  readonly snapshot = signal<OpsSnapshot | undefined>(undefined)
  readonly link = signal<Link>({ state: 'connecting', sinceMs: Date.now() })
  readonly session = signal<Session>('unknown')
  /** The server took name and password, and still does not know the browser: it keeps no cookies. */
  readonly cookieLost = signal(false)
  #hasLoggedIn = false
  #socket: Socket<OpsServerEvents, OpsClientEvents> | undefined
  #awaitsSnapshot = false

  start(): void {
    const socket: Socket<OpsServerEvents, OpsClientEvents> = io('/ops', {
      transports: ['websocket', 'polling'],
    })
    this.#socket = socket
    socket.on('connect', () => {
      this.session.value = 'open'
      this.#hasLoggedIn = false
      this.cookieLost.value = false
    })
    socket.on('connect_error', ({ message }) => this.#refused(message))
    socket.on('snapshot', (snapshot) => this.#take(snapshot))
    socket.on('delta', (delta) => this.#follow(delta))
    socket.on('disconnect', () => this.#broken())
    document.addEventListener('visibilitychange', this.#wake)
  }

  /** After a login: the cookie is new, so the line is tried anew. */
  reconnect(): void {
    this.#hasLoggedIn = true
    this.#socket?.disconnect().connect()
  }

  /** After a logout, or when the server said that the session is over. */
  close(): void {
    this.#socket?.disconnect()
    this.session.value = 'needed'
    this.snapshot.value = undefined
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#wake)
    this.#socket?.disconnect()
  }

  /** A socket that will not try again by itself was refused by the server: nobody is logged in, unless the
   *  server says that it cannot tell at the moment. */
  #refused(reason: string): void {
    if (!this.#socket || this.#socket.active) return
    if (reason === cannotTell) return this.#retry(this.#socket)
    this.cookieLost.value = this.#hasLoggedIn
    this.session.value = 'needed'
    this.snapshot.value = undefined
  }

  #broken(): void {
    this.#awaitsSnapshot = false
    this.#note('broken')
    const socket = this.#socket
    if (!socket || socket.active || this.session.value !== 'open') return
    this.#retry(socket)
  }

  #retry(socket: Socket): void {
    setTimeout(() => socket.connect(), retryMs)
  }

  #take(snapshot: OpsSnapshot): void {
    this.#awaitsSnapshot = false
    heardServerTime(snapshot.serverMs)
    this.snapshot.value = snapshot
    this.#note('snapshot')
  }

  #follow(delta: OpsDelta): void {
    const was = this.snapshot.value
    if (!was || this.link.value.state !== 'live') return
    const applied = applyOpsDelta(was, delta)
    if (applied.outcome === 'gap') this.#resync()
    if (applied.outcome !== 'applied') return
    heardServerTime(delta.serverMs)
    this.snapshot.value = applied.snapshot
  }

  #note(event: LinkEvent): void {
    this.link.value = followLink(this.link.value, event, Date.now())
  }

  /** A machine that slept may have missed much without noticing that the line broke. */
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
