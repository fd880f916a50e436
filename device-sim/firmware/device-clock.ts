import type { ClockSource } from '../../firmware-contracts/message.ts'
import { dayMs } from '../plant/day.ts'
import { randomFor, uniform } from '../random.ts'

/** What a device takes for the time. Its crystal is some millionths off, and once a day the network sets it
 *  right (domain.md E4): never more than 2.6 s wrong, unless its cell is empty and a boot begins in 2000, or
 *  nobody sets it right. */

const driftPpm = 30
const firstInstantMs = Date.UTC(2000, 0, 1)

export class DeviceClock {
  readonly #ppm: number
  /** When it was last set, true time. */
  #setMs: number
  /** How far ahead it was set. */
  #aheadMs = 0
  #source: ClockSource = 'n'
  #forsaken = false
  /** Called when its cell proves empty; set by who keeps the tolls. */
  onLost: (nowMs: number) => void = () => {}

  constructor(ppm = 0, setMs = 0) {
    this.#ppm = ppm
    this.#setMs = setMs
  }

  get source(): ClockSource {
    return this.#source
  }

  /** What it shows at `trueMs`, whole milliseconds. */
  at(trueMs: number): number {
    return this.whole(trueMs) + Math.round((trueMs - this.#setMs) * this.#ppm * 1e-6)
  }

  /** What it shows to a device that waits for a full quarter of an hour on its own clock: right but for what
   *  the clock was set wrong by. The two seconds by which it waited too long, no meter notices. */
  whole(trueMs: number): number {
    if (!this.#forsaken && trueMs - this.#setMs >= dayMs) this.sync(trueMs - ((trueMs - this.#setMs) % dayMs))
    return trueMs + this.#aheadMs
  }

  /** The network tells it the time. */
  sync(nowMs: number): void {
    this.#set(nowMs, 0, 'n')
    this.#forsaken = false
  }

  /** After a boot its own cell kept the time, as it was. */
  boot(): void {
    if (this.#source !== 'u') this.#source = 'r'
  }

  /** Its cell did not: the boot at `nowMs` begins in 2000. Put right by the next daily sync. */
  lose(nowMs: number): void {
    this.#set(nowMs, firstInstantMs - nowMs, 'u')
    this.onLost(nowMs)
  }

  /** Set wrong by `aheadMs`, and nobody puts it right but a command or a technician. */
  setWrong(nowMs: number, aheadMs: number): void {
    this.#set(nowMs, aheadMs, 'r')
    this.#forsaken = true
  }

  /** Whether it may be believed after the network was reached. */
  get isLost(): boolean {
    return this.#forsaken || this.#source === 'u'
  }

  #set(nowMs: number, aheadMs: number, source: ClockSource): void {
    this.#setMs = nowMs
    this.#aheadMs = aheadMs
    this.#source = source
  }
}

/** The clock of one device, set right when it was switched on. */
export function clockOf(seed: number, device: string, setMs: number): DeviceClock {
  return new DeviceClock(uniform(randomFor(seed, device, 'clock'), -driftPpm, driftPpm), setMs)
}
