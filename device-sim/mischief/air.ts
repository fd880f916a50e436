import type { Outgoing } from '../firmware/message.ts'
import { gaussian, randomFor, uniform, type Random } from '../random.ts'
import type { Delay, Loss, Mischief } from './mischief.ts'
import type { Tolls } from './toll.ts'

/** The way of a message from the device to the broker. A reading may get lost there, come late, come twice, come
 *  as garbage, or be overtaken. What is said about the connection itself is the broker's own knowledge and
 *  suffers none of it; nor does back-fill, which a device repeats until it is acknowledged.
 *
 *  Every device has its own luck, and for each purpose its own stream of it, so that a scenario that adds
 *  duplicates to losses loses the same messages. */

const suffering = new Set(['tele', 'state', 'event', 'batch'])
/** How much later the second copy comes. */
const repeatMs = { least: 1_000, most: 30_000 }
/** The 99th percentile of a normal distribution, in standard deviations. */
const sigmas99 = 2.3263
/** Garbage is never longer than this, nor much shorter. */
const garbageBytes = 48

interface Luck {
  device: string
  line: Random
  loss: Random
  repeat: Random
  delay: Random
  garbage: Random
  bad: boolean
  /** Until when the line stays as good or bad as it is. */
  untilMs: number
  latestMs: number
}

export class Air {
  readonly #seed: number
  readonly #tolls: Tolls
  readonly #lucks = new Map<string, Luck>()
  #mischief: Mischief

  constructor(seed: number, mischief: Mischief, tolls: Tolls) {
    this.#seed = seed
    this.#mischief = mischief
    this.#tolls = tolls
  }

  /** From now on this share of the readings is lost, in good times and bad. */
  lose(share: number): void {
    this.#mischief = { ...this.#mischief, loss: { good: share, bad: share, goodMinutes: 60, badMinutes: 60 } }
  }

  /** What arrives of a message, and when. */
  carry(message: Outgoing, arrived: Outgoing[]): void {
    const { loss, duplicates, delay, garbage } = this.#mischief
    const [, , , , device = '', messageClass = ''] = message.topic.split('/')
    if (!suffering.has(messageClass)) return void arrived.push(message)
    const luck = this.#luckOf(device, message.t)
    if (loss && isLost(loss, luck, message.t)) return void this.#tolls.of(device).lost++
    const t = delay ? message.t + delayMs(delay, luck.delay) : message.t
    if (t < luck.latestMs) this.#tolls.of(device).overtaken++
    luck.latestMs = Math.max(t, luck.latestMs)
    if (garbage && luck.garbage() < garbage.share) {
      this.#tolls.of(device).garbled++
      return void arrived.push({ ...message, t, payload: garbled(message.payload, luck.garbage) })
    }
    arrived.push(t === message.t ? message : { ...message, t })
    if (!duplicates || luck.repeat() >= duplicates.share) return
    this.#tolls.of(device).duplicated++
    arrived.push({ ...message, t: t + Math.round(uniform(luck.repeat, repeatMs.least, repeatMs.most)) })
  }

  #luckOf(device: string, nowMs: number): Luck {
    const known = this.#lucks.get(device)
    if (known) return known
    const of = (purpose: string) => randomFor(this.#seed, device, `mischief ${purpose}`)
    const luck = {
      device,
      line: of('line'),
      loss: of('loss'),
      repeat: of('repeat'),
      delay: of('delay'),
      garbage: of('garbage'),
      bad: true,
      untilMs: nowMs,
      latestMs: 0,
    }
    this.#lucks.set(device, luck)
    return luck
  }
}

function isLost({ good, bad, goodMinutes, badMinutes }: Loss, luck: Luck, nowMs: number): boolean {
  while (luck.untilMs <= nowMs) {
    luck.bad = !luck.bad
    const meanMs = (luck.bad ? badMinutes : goodMinutes) * 60_000
    luck.untilMs += exponential(luck.line, meanMs)
  }
  return luck.loss() < (luck.bad ? bad : good)
}

function delayMs({ medianS, p99S }: Delay, random: Random): number {
  const sigma = Math.log(p99S / medianS) / sigmas99
  return Math.round(medianS * 1000 * Math.exp(sigma * gaussian(random)))
}

/** Cut short, with bits turned over, or nothing of it left. */
function garbled(payload: Uint8Array, random: Random): Uint8Array {
  const kind = random()
  if (kind < 1 / 3) return payload.slice(0, Math.floor(random() * payload.length))
  const bytes = kind < 2 / 3 ? payload.slice() : new Uint8Array(Math.ceil(random() * garbageBytes))
  if (kind >= 2 / 3) return bytes.map(() => Math.floor(random() * 256))
  for (let flips = 0; flips < 4; flips++) {
    const at = Math.floor(random() * bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 7)) ^ 0x80
  }
  return bytes
}

/** The time until the next of events that happen independently, `mean` apart on average. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(Math.max(random(), 1e-12))
}
