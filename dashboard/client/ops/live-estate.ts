import { signal } from '@preact/signals'
import { io, type Socket } from 'socket.io-client'
import type { OpsClientEvents, OpsDelta, OpsServerEvents, OpsSnapshot } from '../../protocol.ts'
import { applyOpsDelta } from '../apply.ts'
import { followLink, type Link, type LinkEvent } from '../link.ts'
import { heardServerTime } from '../server-clock.ts'

/** `unknown` until the server took or refused the first connection. */
export type Session = 'unknown' | 'needed' | 'open'

const retryAfterKickMs = 1000

/** Everything the engineers see, as it is now. Owns the line to the server; components read the signals. */
export class LiveEstate {
  readonly snapshot = signal<OpsSnapshot | undefined>(undefined)
  readonly link = signal<Link>({ state: 'connecting', sinceMs: Date.now() })
  readonly session = signal<Session>('unknown')
  #socket: Socket<OpsServerEvents, OpsClientEvents> | undefined

  start(): void {
    const socket: Socket<OpsServerEvents, OpsClientEvents> = io('/ops', {
      transports: ['websocket', 'polling'],
    })
    this.#socket = socket
    socket.on('connect', () => {
      this.session.value = 'open'
    })
    socket.on('connect_error', () => this.#refused())
    socket.on('snapshot', (snapshot) => this.#take(snapshot))
    socket.on('delta', (delta) => this.#follow(delta))
    socket.on('disconnect', () => this.#broken())
    document.addEventListener('visibilitychange', this.#wake)
  }

  /** After a login: the cookie is new, so the line is tried anew. */
  reconnect(): void {
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

  /** A socket that will not try again by itself was refused by the server: nobody is logged in. */
  #refused(): void {
    if (this.#socket?.active) return
    this.session.value = 'needed'
    this.snapshot.value = undefined
  }

  #broken(): void {
    this.#note('broken')
    const socket = this.#socket
    if (!socket || socket.active || this.session.value !== 'open') return
    setTimeout(() => socket.connect(), retryAfterKickMs)
  }

  #take(snapshot: OpsSnapshot): void {
    heardServerTime(snapshot.serverMs)
    this.snapshot.value = snapshot
    this.#note('snapshot')
  }

  #follow(delta: OpsDelta): void {
    const was = this.snapshot.value
    if (!was || this.link.value.state !== 'live') return
    const applied = applyOpsDelta(was, delta)
    if (applied.outcome === 'gap') this.#socket?.emit('resync')
    if (applied.outcome !== 'applied') return
    heardServerTime(delta.serverMs)
    this.snapshot.value = applied.snapshot
  }

  #note(event: LinkEvent): void {
    this.link.value = followLink(this.link.value, event, Date.now())
  }

  /** A machine that slept may have missed much without noticing that the line broke. */
  #wake = (): void => {
    if (document.visibilityState === 'visible' && this.#socket?.connected) this.#socket.emit('resync')
  }
}
