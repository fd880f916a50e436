import { Gauge } from 'prom-client'
import type { Cancel, Clock } from '../platform/clock.ts'
import {
  damagedPublisher,
  messagesAfter,
  type IntakeExtent,
  type IntakeReader,
} from '../platform/intake-message.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { DecodedMessage } from './decoded-log.ts'
import { DeviceLines, type LedgerPage, type PageWish } from './device-lines.ts'
import { lineOf, type Concern, type LedgerTotal } from './ledger.ts'
import type { IngestMemory } from './memory.ts'
import { PendingCount } from './pending.ts'

/** Draws up the ledger when asked, checks it by itself all the time, and raises its voice when it is out.
 *
 *  A district has 89,000 devices, and whoever looks at all of them at once holds up everything else for half a
 *  second. So the total is drawn up from one row of each side, as often as anybody likes; and the lines of the
 *  devices are checked in a round, so many at a time, a turn of this process each. A round of a village is one look
 *  and is made every five seconds; a round of a district takes most of a minute. */
const lookEveryMs = 1_000
const roundEveryMs = 5_000
/** Takes 20 ms. */
const devicesPerLook = 2_000
/** Lines found out in one round that are known by name; the rest is counted. */
const outLimit = 1_000
const outSaid = 20
/** How long an answer may wait for a long queue to be counted; then it says how much is not counted yet. */
const countingLimitMs = 1_000
const betweenSlicesMs = 1

export interface AuditParts {
  reader: IntakeReader
  memory: IngestMemory
  clock: Clock
  logger: Log
  metrics: Metrics
}

/** A walk over all devices, and what it found. */
interface Round {
  sinceMs: number
  after: string
  devices: number
  /** Lines with a difference, and the sum of their sizes. */
  out: Map<string, number>
  difference: number
}

export interface Ledger extends LedgerPage {
  total: LedgerTotal
  /** Messages that no count explains, in the total or in the lines of the last round; 0 when the books are right. */
  imbalance: number
  /** Waiting messages that are in the total but not yet counted for their devices. */
  uncounted: number
  /** How many devices have which concern. */
  concerns: Readonly<Record<Concern, number>>
  /** The last round: so many lines, none looked at before that time. */
  checked?: { devices: number; sinceMs: number }
  /** Epoch ms. */
  atMs: number
}

export class Audit {
  readonly #parts: AuditParts
  readonly #pending: PendingCount
  readonly #lines: DeviceLines
  #cancel: Cancel = () => {}
  #counting: Promise<void> | undefined
  #looking = false
  #round: Round
  #checked: Round | undefined
  /** What the lines were out by in the last round, less what damage explains. */
  #linesOutBy = 0
  #imbalance = 0

  constructor(parts: AuditParts) {
    this.#parts = parts
    this.#pending = new PendingCount(parts.reader)
    this.#lines = new DeviceLines({ ...parts, pending: this.#pending })
    this.#round = roundFrom(Number.NEGATIVE_INFINITY)
    meters(parts.metrics, () => this.#drawUp())
    quarantineMeters(parts)
  }

  start(): void {
    const { clock, logger } = this.#parts
    const failed = (cause: unknown) => logger.error({ err: cause }, 'the ledger could not be drawn up')
    this.#cancel = clock.every(lookEveryMs, () => void this.#lookIfDue().catch(failed))
  }

  stop(): void {
    this.#cancel()
  }

  /** History has dealt with these, up to `to`; said in the same turn in which its memory was saved. */
  dealt(messages: readonly DecodedMessage[], to: number): void {
    this.#pending.dealt(messages, to)
  }

  /** The total, and a page of devices: those with a concern first. */
  async ledger(wish: PageWish): Promise<Ledger> {
    await this.#countWaiting()
    const { memory, clock } = this.#parts
    const page = this.#lines.page(wish, this.#checked?.out ?? new Map())
    const { total, imbalance, extent } = this.#drawUp()
    // What the broker has accepted since the lines were drawn up is in the total, so it is counted too.
    this.#lines.countOn(extent)
    const { uncounted } = this.#pending.waiting(extent)
    const concerns = {
      ...memory.books.concerned(),
      out: this.#checked?.out.size ?? 0,
      pending: this.#pending.devices.size,
    }
    const { devices = 0, sinceMs = 0 } = this.#checked ?? {}
    const checked = this.#checked ? { checked: { devices, sinceMs } } : {}
    return { ...page, total, imbalance, uncounted, concerns, ...checked, atMs: clock.now() }
  }

  /** The next part of the round. True when the round is complete. */
  async look(): Promise<boolean> {
    await this.#countWaiting()
    const isComplete = this.#lookAtLines()
    this.#drawUp()
    return isComplete
  }

  /** What is to be said of the books in the health of ingest; nothing while they are right. */
  trouble(): string | undefined {
    return this.#imbalance === 0 ? undefined : `the ledger is out by ${this.#imbalance} messages`
  }

  async #lookIfDue(): Promise<void> {
    const isRoundDue = this.#parts.clock.now() - (this.#checked?.sinceMs ?? 0) >= roundEveryMs
    if (this.#looking || (this.#round.after === '' && !isRoundDue)) return
    this.#looking = true
    try {
      await this.look()
    } finally {
      this.#looking = false
    }
  }

  /** Who asks while it is under way waits for the same. */
  #countWaiting(): Promise<void> {
    this.#counting ??= this.#countInSlices().finally(() => (this.#counting = undefined))
    return this.#counting
  }

  async #countInSlices(): Promise<void> {
    const { reader, memory, clock } = this.#parts
    const startedMs = clock.now()
    while (!this.#pending.countOn(Math.max(memory.cursor(), reader.origin()), reader.end())) {
      if (clock.now() - startedMs > countingLimitMs) break
      await new Promise<void>((resolve) => clock.after(betweenSlicesMs, resolve))
    }
  }

  #lookAtLines(): boolean {
    const { clock } = this.#parts
    const names = this.#lines.namesAfter(this.#round.after, devicesPerLook)
    const { lines, uncounted } = this.#lines.of(names.filter((name) => name !== damagedPublisher))
    // While a long queue is still being counted nobody knows what waits of whom.
    if (uncounted > 0) return false
    if (this.#round.after === '') this.#round = roundFrom(clock.now())
    for (const { device, difference } of lines) note(this.#round, device, difference)
    this.#round.after = names.at(-1) ?? ''
    if (names.length === devicesPerLook) return false
    this.#closeRound()
    return true
  }

  #closeRound(): void {
    this.#checked = this.#round
    this.#round = roundFrom(this.#round.sinceMs)
    // What a damaged log lost is a difference in the lines and the opposite in the line of the damage.
    this.#linesOutBy = Math.max(0, this.#checked.difference + this.#lines.ofDamaged().difference)
  }

  /** Everything in one turn, so that nothing moves between the one side and the other but the broker. */
  #drawUp(): { total: LedgerTotal; imbalance: number; extent: IntakeExtent } {
    const { reader, memory } = this.#parts
    const { accepted, wills, refused, ...extent } = reader.totals()
    memory.countFor(extent.origin)
    const pending = messagesAfter(Math.max(memory.cursor(), extent.origin), extent)
    const line = lineOf({ count: { accepted, wills, refused }, dealt: memory.books.total(), pending })
    const unreadable = memory.books.of([damagedPublisher]).get(damagedPublisher)?.quarantined ?? 0
    const imbalance = Math.max(Math.abs(line.difference), this.#linesOutBy)
    const total = { ...line, unreadable }
    this.#judge(total, imbalance)
    return { total, imbalance, extent }
  }

  #judge(total: LedgerTotal, imbalance: number): void {
    const { logger } = this.#parts
    if (imbalance === this.#imbalance) return
    this.#imbalance = imbalance
    if (imbalance === 0) return logger.info('the ledger adds up again')
    const devices = Object.fromEntries([...(this.#checked?.out ?? [])].slice(0, outSaid))
    logger.error({ imbalance, total, devices }, 'the ledger does not add up')
  }
}

function roundFrom(sinceMs: number): Round {
  return { sinceMs, after: '', devices: 0, out: new Map(), difference: 0 }
}

function note(round: Round, device: string, difference: number): void {
  round.devices++
  if (difference === 0) return
  round.difference += Math.abs(difference)
  if (round.out.size < outLimit) round.out.set(device, difference)
}

const outcomes = [
  'accepted',
  'stored',
  'quarantined',
  'duplicate',
  'pending',
  'unreadable',
  'refused',
] as const

function meters(metrics: Metrics, drawUp: () => { total: LedgerTotal; imbalance: number }): void {
  const registers = [metrics]
  const imbalanceGauge = new Gauge({
    name: 'estate_ledger_imbalance',
    help: 'accepted messages that no count explains; 0 when the books are right',
    registers,
  })
  const readings = new Gauge({
    name: 'estate_ledger_readings',
    help: 'readings by (device, boot, seq)',
    labelNames: ['outcome'],
    registers,
  })
  const messages: Gauge<'outcome'> = new Gauge({
    name: 'estate_ledger_messages',
    help: 'accepted = stored + quarantined (of them unreadable) + duplicate + pending; refused were never accepted',
    labelNames: ['outcome'],
    registers,
    collect() {
      const { total, imbalance } = drawUp()
      for (const outcome of outcomes) messages.set({ outcome }, total[outcome])
      readings.set({ outcome: 'stored' }, total.readings)
      readings.set({ outcome: 'repeated' }, total.repeated)
      readings.set({ outcome: 'missing' }, total.missing)
      imbalanceGauge.set(imbalance)
    },
  })
}

function quarantineMeters({ metrics, memory }: Pick<AuditParts, 'metrics' | 'memory'>): void {
  const registers = [metrics]
  const bytes = new Gauge({
    name: 'estate_quarantine_bytes',
    help: 'raw messages in quarantine',
    registers,
  })
  const letGo = new Gauge({
    name: 'estate_quarantine_let_go',
    help: 'raw messages that made room for others, since the start',
    registers,
  })
  const groups: Gauge = new Gauge({
    name: 'estate_quarantine_groups',
    help: 'kinds of refusals, by device and place',
    registers,
    collect() {
      const fullness = memory.quarantine.fullness()
      groups.set(fullness.groups)
      bytes.set(fullness.bytes)
      letGo.set(fullness.letGo)
    },
  })
}
