import { z } from 'zod'
import type { Message, Reading } from '../firmware-contracts/message.ts'
import { Fingerprints, PrintBudget } from './fingerprints.ts'
import { giveUp, reconcile, replayAsk, type ReplayAsk } from './replay-asks.ts'
import { SeriesClock, savedSeries } from './series-clock.ts'
import { SeenSequences, savedSequences } from './sequences.ts'
import { savedUnread, UnreadNumbers } from './unread-numbers.ts'

/** What is remembered of a device between its messages: which of them have been here, whether it counts as the
 *  contract says, and what it was asked to send again.
 *
 *  Counting is told apart: a *reboot* (a new boot counter), a *gap* (numbers missing in between, filled or
 *  not), a *wrap* (32 bits are full), a *regress* (a later sample under an earlier number) and a *clone* (one
 *  number, two contents). The first three are ordinary life; the last two are a broken firmware or a copied
 *  identity. */

const newestLive = z.object({ boot: z.number(), seq: z.number(), t: z.number() })
const saved = z.object({
  seen: savedSequences,
  series: savedSeries,
  newest: newestLive.nullable(),
  regresses: z.number(),
  clones: z.number(),
  deliveryMs: z.number(),
  firmware: z.string().default(''),
  connections: z.array(z.string()).default([]),
  unread: savedUnread.default([]),
})
/** What a device or its will says of its connection has no number: so many are known by what they say. */
const connectionsKept = 4
const savedAsks = z.array(replayAsk)

type ConnectionSaid = Pick<Extract<Message, { type: 'connection' }>, 'boot' | 'state' | 't'>

/** What is known of the numbering of one device; messages, since it was first heard. */
export interface Numbering {
  /** Missing now. */
  missing: number
  /** Of the missing: asked for in vain, or no longer looked for. */
  givenUp: number
  /** Missing once, and come since. */
  filled: number
  reboots: number
  wraps: number
  regresses: number
  clones: number
}

export class DeviceMemory {
  readonly seen: SeenSequences
  readonly series: SeriesClock
  readonly #prints: Fingerprints
  #newest: z.infer<typeof newestLive> | null
  #regresses: number
  #clones: number
  #deliveryMs: number
  #asks: readonly ReplayAsk[]
  #connections: readonly string[]
  readonly #unread: UnreadNumbers
  /** Receive time of its latest message since the process began; 0 before the first. */
  heardMs = 0
  /** As its latest birth said; '' before one. */
  firmware: string

  constructor(budget = new PrintBudget(), row?: { memory: string; asks: string }) {
    const was = row && saved.parse(JSON.parse(row.memory))
    this.seen = new SeenSequences(was?.seen)
    this.series = new SeriesClock(was?.series)
    this.#prints = new Fingerprints(budget)
    this.#newest = was?.newest ?? null
    this.#regresses = was?.regresses ?? 0
    this.#clones = was?.clones ?? 0
    this.#deliveryMs = was?.deliveryMs ?? 0
    this.firmware = was?.firmware ?? ''
    this.#connections = was?.connections ?? []
    this.#unread = new UnreadNumbers(was?.unread)
    this.#asks = row ? savedAsks.parse(JSON.parse(row.asks)) : []
  }

  /** All but the asks, which move between two batches and are saved apart. */
  toJSON(): z.infer<typeof saved> {
    return {
      seen: this.seen.toJSON(),
      series: this.series.toJSON(),
      newest: this.#newest,
      regresses: this.#regresses,
      clones: this.#clones,
      deliveryMs: this.#deliveryMs,
      firmware: this.firmware,
      connections: [...this.#connections],
      unread: this.#unread.toJSON(),
    }
  }

  /** True when this reading is new, false when it is a duplicate. */
  admit(reading: Reading): boolean {
    if (reading.class !== 'hist' && reading.class !== 'batch') this.#follow(reading)
    if (this.isNew(reading)) {
      this.#prints.keep(reading)
      return true
    }
    if (this.#prints.differs(reading)) this.#clones++
    return false
  }

  /** True the first time that something readable comes under this number. */
  isNew({ boot, seq }: { boot: number; seq: number }): boolean {
    return this.seen.remember(boot, seq) || this.#unread.take(boot, seq)
  }

  /** A message that could not be read, except for its number. */
  refuse({ boot, seq }: { boot?: number; seq?: number }): void {
    if (boot === undefined || seq === undefined || !this.seen.isNear(boot, seq)) return
    if (this.seen.remember(boot, seq)) this.#unread.add(boot, seq)
  }

  /** True when this was not said before: a broker that delivers again, or keeps it for who subscribes, repeats
   *  the same boot, state and time. */
  admitConnection({ boot, state, t }: ConnectionSaid): boolean {
    const said = `${boot} ${state} ${t}`
    if (this.#connections.includes(said)) return false
    this.#connections = [...this.#connections, said].slice(-connectionsKept)
    return true
  }

  numbering(): Numbering {
    const { missing, filled, forgotten, reboots, wraps } = this.seen
    const inVain = reconcile(this.#asks, this.seen).filter(({ nextMs }) => nextMs === null)
    const givenUp = inVain.reduce((sum, { from, to }) => sum + to - from + 1, forgotten)
    const counts = { filled, reboots, wraps, regresses: this.#regresses, clones: this.#clones }
    return { missing: missing + forgotten, givenUp, ...counts }
  }

  /** How long a sample may wait in the device, as it said at birth: so long a gap may be none. */
  declareDelivery(deliveryS: number): void {
    this.#deliveryMs = deliveryS * 1_000
  }

  get deliveryMs(): number {
    return this.#deliveryMs
  }

  get asks(): readonly ReplayAsk[] {
    return this.#asks
  }

  /** Brings the asks up to the gaps there are at `nowMs`. */
  lookForGaps(nowMs: number): void {
    this.#asks = reconcile(this.#asks, this.seen, { nowMs, deliveryMs: this.#deliveryMs })
  }

  replaceAsk(was: ReplayAsk, next: ReplayAsk): void {
    this.#asks = this.#asks.map((ask) => (ask === was ? next : ask))
  }

  /** The device has answered that it no longer has some of what it was asked for. */
  refuseReplay(id: string): void {
    this.#asks = reconcile(this.#asks, this.seen).map((ask) => (ask.id === id ? giveUp(ask) : ask))
  }

  /** A later sample under an earlier number: neither a repetition nor a straggler can be that. */
  #follow({ boot, seq, t, clock }: Reading): void {
    const newest = this.#newest
    if (!newest) this.#newest = { boot, seq, t }
    else if (boot > newest.boot || (boot === newest.boot && ((seq - newest.seq) | 0) > 0)) {
      newest.boot = boot
      newest.seq = seq
      newest.t = t
    } else if (t > newest.t && clock !== 'u' && !(boot === newest.boot && seq === newest.seq))
      this.#regresses++
  }
}
