import { Gauge } from 'prom-client'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { IntakeReader } from '../platform/intake-message.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { DecodedMessage } from './decoded-log.ts'
import { balance, type Ledger } from './ledger.ts'
import type { IngestMemory } from './memory.ts'
import { PendingCount } from './pending.ts'

/** Draws up the ledger when asked, and by itself every little while, and raises its voice when it is out.
 *
 *  The broker goes on accepting and history goes on dealing meanwhile, so everything is taken at one instant: the
 *  broker's counts and the end of the log in one read transaction, and, in the same turn of this process, the
 *  outcomes at the cursor and the messages between cursor and end. */
const auditMs = 15_000
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

export class Audit {
  readonly #parts: AuditParts
  readonly #pending: PendingCount
  #cancel: Cancel = () => {}
  #underWay: Promise<Ledger> | undefined
  #imbalance = 0

  constructor(parts: AuditParts) {
    this.#parts = parts
    this.#pending = new PendingCount(parts.reader)
    meters(parts.metrics, () => this.#drawUp())
    quarantineMeters(parts)
  }

  start(): void {
    const { clock, logger } = this.#parts
    const failed = (cause: unknown) => logger.error({ err: cause }, 'the ledger could not be drawn up')
    this.#cancel = clock.every(auditMs, () => void this.ledger().catch(failed))
  }

  stop(): void {
    this.#cancel()
  }

  /** History has dealt with these, up to `to`; said in the same turn in which its memory was saved. */
  dealt(messages: readonly DecodedMessage[], to: number): void {
    this.#pending.dealt(messages, to)
  }

  /** Who asks while it is being drawn up gets the same. */
  ledger(): Promise<Ledger> {
    this.#underWay ??= this.#count().finally(() => (this.#underWay = undefined))
    return this.#underWay
  }

  /** What is to be said of the books in the health of ingest; nothing while they are right. */
  trouble(): string | undefined {
    return this.#imbalance === 0 ? undefined : `the ledger is out by ${this.#imbalance} messages`
  }

  async #count(): Promise<Ledger> {
    const { reader, memory, clock } = this.#parts
    const startedMs = clock.now()
    while (!this.#pending.countOn(memory.cursor(), reader.end())) {
      if (clock.now() - startedMs > countingLimitMs) break
      await new Promise<void>((resolve) => clock.after(betweenSlicesMs, resolve))
    }
    return this.#drawUp()
  }

  #drawUp(): Ledger {
    const { reader, memory, clock } = this.#parts
    const books = reader.books()
    const { origin, end, counts } = books
    memory.countFor(origin)
    const cursor = Math.max(memory.cursor(), origin)
    // The last few; a long queue stays uncounted here and is counted in slices by who may wait.
    this.#pending.countOn(cursor, end)
    const ledger = balance({
      accepted: counts,
      dealt: memory.outcomes(),
      waiting: this.#pending.waiting(books),
      atMs: clock.now(),
    })
    this.#judge(ledger)
    return ledger
  }

  #judge({ imbalance, total, devices }: Ledger): void {
    const { logger } = this.#parts
    if (imbalance === this.#imbalance) return
    this.#imbalance = imbalance
    if (imbalance === 0) return logger.info('the ledger adds up again')
    const out = devices.filter(({ difference }) => difference !== 0).slice(0, 20)
    logger.error({ imbalance, total, devices: out }, 'the ledger does not add up')
  }
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

function meters(metrics: Metrics, drawUp: () => Ledger): void {
  const registers = [metrics]
  const imbalance = new Gauge({
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
      const ledger = drawUp()
      for (const outcome of outcomes) messages.set({ outcome }, ledger.total[outcome])
      readings.set({ outcome: 'stored' }, ledger.total.readings)
      readings.set({ outcome: 'repeated' }, ledger.total.repeated)
      readings.set({ outcome: 'missing' }, ledger.total.missing)
      imbalance.set(ledger.imbalance)
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
