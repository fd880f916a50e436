import type { Reading } from '../../firmware-contracts/message.ts'
import { everybody, firstTurn, inTurn, isNext, overdue, type Ticket, type Turn } from './turn.ts'

/** Where samples behind a gap wait (turn.ts), for all devices. Time is the engine's: waits end at its steps, at
 *  the last one before they get too long, and then in the order of arrival, so that the same log gives the same
 *  order. */
/** Devices with somebody waiting; beyond it whoever has waited the longest need not wait any longer. */
const devicesLimit = 1_000

export interface WaitingRoomOptions {
  /** How long a sample of this device may wait, ms. */
  waitMs: (device: string) => number
  /** Time between two steps, ms. */
  stepMs: number
  judge: (reading: Reading, receivedMs: number) => void
  /** Somebody of this device has had the turn by the passing of time. */
  moved: (device: string) => void
}

export class WaitingRoom {
  readonly #options: WaitingRoomOptions
  readonly #turns = new Map<string, Turn>()
  /** Devices with somebody waiting. */
  readonly #waiting = new Map<string, Turn>()

  constructor(options: WaitingRoomOptions) {
    this.#options = options
  }

  reading(reading: Reading, receivedMs: number): void {
    const { device, boot, seq } = reading
    const at = this.#turnOf(device)
    if (isNext(at, boot, seq)) this.#options.judge(reading, receivedMs)
    else this.#come(device, at, { boot, seq, receivedMs, reading })
  }

  /** Something numbered that is not judged. */
  pass(device: string, ticket: Omit<Ticket, 'reading'>): void {
    this.#come(device, this.#turnOf(device), ticket)
  }

  /** The same, where the number is not sure to be the device's: of another boot it says nothing. */
  passIfKnown(device: string, ticket: Omit<Ticket, 'reading'>): void {
    if (this.#turns.get(device)?.boot === ticket.boot) this.pass(device, ticket)
  }

  /** How long a sample of this device may stay in it before it is sent, s: with more than 0 nobody waits. */
  declareDelivery(device: string, deliveryS: number): void {
    this.#turnOf(device).waits = deliveryS === 0 && this.#options.waitMs(device) > 0
  }

  /** The device is gone: what it said last is judged now. */
  leave(device: string): void {
    const at = this.#waiting.get(device)
    if (!at) return
    this.#judgeAll(everybody(at))
    this.#options.moved(device)
    this.#waiting.delete(device)
  }

  step(atMs: number): void {
    const { waitMs, stepMs } = this.#options
    const due = [...this.#waiting].flatMap(([device, at]) =>
      overdue(at, atMs + stepMs - waitMs(device)).map((ticket) => ({ device, ticket })),
    )
    const inOrder = due.sort(
      (a, b) => a.ticket.receivedMs - b.ticket.receivedMs || compare(a.device, b.device),
    )
    this.#judgeAll(inOrder.map(({ ticket }) => ticket))
    for (const { device } of due) this.#options.moved(device)
    for (const [device, { waiting }] of this.#waiting) if (waiting.length === 0) this.#waiting.delete(device)
  }

  /** Whose turn it is at a device; nothing before it has spoken. */
  turn(device: string): Turn | undefined {
    return this.#turns.get(device)
  }

  /** Whoever has waited the longest stands first again. */
  restore(saved: readonly (readonly [device: string, turn: Turn])[]): void {
    this.#turns.clear()
    this.#waiting.clear()
    for (const [device, at] of saved) this.#turns.set(device, at)
    const waiting = saved.filter(([, { waiting: tickets }]) => tickets.length > 0)
    const sinceMs = (at: Turn) => Math.min(...at.waiting.map(({ receivedMs }) => receivedMs))
    for (const [device, at] of waiting.toSorted(([, a], [, b]) => sinceMs(a) - sinceMs(b)))
      this.#waiting.set(device, at)
  }

  #turnOf(device: string): Turn {
    const known = this.#turns.get(device)
    if (known) return known
    const fresh = firstTurn(this.#options.waitMs(device) > 0)
    this.#turns.set(device, fresh)
    return fresh
  }

  #come(device: string, at: Turn, ticket: Ticket): void {
    this.#judgeAll(inTurn(at, ticket))
    if (at.waiting.length === 0) return void this.#waiting.delete(device)
    this.#waiting.set(device, at)
    if (this.#waiting.size > devicesLimit) this.#letLongest()
  }

  #letLongest(): void {
    for (const device of this.#waiting.keys()) return this.leave(device)
  }

  #judgeAll(tickets: readonly Ticket[]): void {
    for (const { reading, receivedMs } of tickets) if (reading) this.#options.judge(reading, receivedMs)
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
