import { Counter } from 'prom-client'
import { z } from 'zod'
import type { AlarmEvent, AlarmLog } from '../estate/alarm-log.ts'
import type { CurrentRegistry } from '../estate/current-registry.ts'
import { loadFaultMemory, saveFaultMemory, writeDown, type FaultMemory } from '../estate/fault-memory.ts'
import type { OrderBook } from '../estate/order-book.ts'
import type { Records } from '../estate/records.ts'
import { closingOf, isJustClosed, type WorkOrder } from '../estate/work-order.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { DecodedLog, DecodedMessage } from './decoded-log.ts'
import { tellEngine, writeChange } from './fault-feed.ts'
import type { AlarmView } from './faults/alarm-view.ts'
import type { IncidentChange } from './faults/changes.ts'
import { FaultEngine } from './faults/engine.ts'
import { deviceMemory, engineMemory, type DeviceMemory } from './faults/engine-state.ts'
import type { ServiceWindow } from './faults/service-window.ts'
import { noFlood, watchFlood, type FloodWatch } from './faults/flood.ts'
import { liveMemory, type LiveState } from './live-state.ts'
import type { InstructionDesk, Waiting } from './instruction-desk.ts'
import type { Notices } from './notices.ts'
import { orderNotice } from './order-notice.ts'
import type { ParameterDesk } from './parameter-desk.ts'

/** The consumer that watches: it keeps the live state and feeds the fault engine, independently of history, so
 *  that a database that is down hides no burst.
 *
 *  What the engine decides becomes work orders in the transaction that also saves the engine, the live state
 *  and the cursor: a crash repeats the stretch since then, and the repeated decisions find their orders
 *  already there. */
const tickMs = 1_000
const saveMs = 5_000
/** Sooner when so many devices have something new: to write them down takes 40 ms. */
const touchedLimit = 2_000
/** Orders closed so long before the engine was last written down it may not have heard of: closing one takes a moment,
 *  and hearing of it another. To hear of it twice changes nothing. */
const closingMs = 60_000
/** How often the record of alarms is swept. */
const sweepMs = 3_600_000

/** Of a device the engine may know nothing (it is not in the registry), or the live state (it was only missed). */
const savedDevice = z.object({ faults: deviceMemory.exactOptional(), live: liveMemory.exactOptional() })
const savedDevices = z.map(z.string(), savedDevice)

export interface WatchParts {
  log: DecodedLog
  /** Position before the first message of the log. */
  origin: () => number
  records: Records
  registry: CurrentRegistry
  orders: OrderBook
  alarmLog: AlarmLog
  live: LiveState
  notices: Notices
  parameters: ParameterDesk
  instructions: InstructionDesk
  timeZone: string
  onCursor: (position: number) => void
  clock: Clock
  logger: Log
  metrics: Metrics
}

/** What somebody said, and what came of it. */
interface Told {
  waiting: Waiting
  refused: string | undefined
}

export class Watch {
  readonly #parts: WatchParts
  readonly #engine: FaultEngine
  readonly #incidents: Counter
  /** Order closings that the engine has to hear of, in its own turn. */
  readonly #closed: WorkOrder[] = []
  /** Devices of which something has changed since it was written down. */
  readonly #touched = new Set<string>()
  /** What came up and ended since it was last written down. */
  readonly #alarms: AlarmEvent[] = []
  #flood = noFlood
  #sweptMs = 0
  #cursor = 0
  #savedCursor = 0
  #savedMs = 0
  #brokerWasUp = false
  #stopping = false
  #done: Promise<void> = Promise.resolve()

  constructor(parts: WatchParts) {
    this.#parts = parts
    const { registry, timeZone, metrics } = parts
    this.#engine = new FaultEngine({ registry: registry.get(), parameters: {}, timeZone })
    this.#incidents = new Counter({
      name: 'estate_incident_changes_total',
      help: 'decisions of the fault engine',
      labelNames: ['type'],
      registers: [metrics],
    })
  }

  /** `fail` is called when the consumer cannot go on. */
  async start(fail: (cause: unknown) => void): Promise<void> {
    const { records, registry, orders, parameters, origin, notices, clock, onCursor } = this.#parts
    this.#engine.replaceParameters(parameters.get())
    const memory = await loadFaultMemory(records)
    if (memory) await this.#restore(memory)
    this.#cursor = Math.max(memory?.cursor ?? 0, origin())
    this.#savedCursor = this.#cursor
    onCursor(this.#cursor)
    registry.onChange((next) => this.#engine.replaceRegistry(next))
    parameters.onChange((next) => this.#engine.replaceParameters(next))
    orders.onChange((order) => {
      if (isJustClosed(order)) this.#closed.push(order)
      notices.order(orderNotice(order, clock.now()))
    })
    this.#done = this.#run().catch(fail)
  }

  async #restore({ snapshot, devices }: FaultMemory): Promise<void> {
    const { live, orders, logger } = this.#parts
    const engine = engineMemory.safeParse(snapshot)
    const saved = savedDevices.safeParse(devices)
    if (!engine.success || !saved.success) {
      const err = engine.error ?? saved.error
      return logger.error({ err }, 'the fault state of another version is left behind; orders stay')
    }
    const known: Record<string, DeviceMemory> = {}
    for (const [device, remembered] of saved.data) {
      if (remembered.live) live.restore(remembered.live)
      if (remembered.faults) known[device] = remembered.faults
    }
    this.#engine.restore({ ...engine.data, devices: known })
    this.#closed.push(...(await orders.closedSince(engine.data.nowMs - closingMs)))
  }

  /** Finishes the stretch in hand and saves. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#parts.log.wake()
    await this.#done
  }

  alarms(): readonly AlarmView[] {
    return this.#engine.alarms()
  }

  outOfService(): readonly ServiceWindow[] {
    return this.#engine.outOfService()
  }

  /** Are there more alarms than anybody can read? As of the last turn; it begins anew with the process. */
  flood(): FloodWatch {
    return this.#flood
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const messages = this.#parts.log.read(this.#cursor)
      const last = messages.at(-1)
      const changes: IncidentChange[] = []
      for (const message of messages) for (const change of this.#observe(message)) changes.push(change)
      changes.push(...this.#inspections())
      const heard = this.#listen()
      changes.push(...heard.changes)
      if (last) this.#cursor = last.intake.position
      else changes.push(...this.#tick())
      this.#followAlarms()
      await this.#save(changes, heard)
      if (!last) await this.#rest()
    }
    await this.#save([])
  }

  #followAlarms(): void {
    const events = this.#engine.takeAlarmEvents()
    const nowMs = this.#parts.clock.now()
    this.#alarms.push(...events)
    const raised = events.flatMap((event) => (event.type === 'raised' ? [nowMs] : []))
    const was = this.#flood
    this.#flood = watchFlood(was, raised, nowMs)
    if (this.#flood.sinceMs === was.sinceMs) return
    this.#parts.logger.warn(
      { alarms: this.#flood.recentMs.length },
      this.#flood.sinceMs === null ? 'the flood of alarms is over' : 'a flood of alarms',
    )
  }

  #observe(message: DecodedMessage): readonly IncidentChange[] {
    const { intake, decoded } = message
    this.#parts.live.observe(message)
    if (decoded.ok) this.#touched.add(decoded.message.address.device)
    return tellEngine(this.#engine, decoded, intake.receivedMs)
  }

  /** At the end of the log, time alone can be news: somebody is silent. Not while the broker is away, for then
   *  nobody could have spoken. */
  #tick(): readonly IncidentChange[] {
    const nowMs = this.#parts.clock.now()
    const brokerIsUp = this.#parts.notices.connected()
    if (brokerIsUp && !this.#brokerWasUp) this.#engine.resume(nowMs)
    this.#brokerWasUp = brokerIsUp
    return brokerIsUp ? this.#engine.tick(nowMs) : []
  }

  #inspections(): IncidentChange[] {
    const nowMs = this.#parts.clock.now()
    return this.#closed.splice(0).flatMap((order) => {
      const { type, who = 'the order' } = closingOf(order) ?? {}
      return [...this.#engine.inspected(order.key, who, nowMs, type === 'verify')]
    })
  }

  /** What people have said meanwhile. */
  #listen(): { changes: IncidentChange[]; told: Told[] } {
    const { instructions, clock } = this.#parts
    const changes: IncidentChange[] = []
    const told = instructions.take().map((waiting): Told => {
      const { changes: made, refused } = this.#engine.instruct(waiting.said, clock.now())
      changes.push(...made)
      return { waiting, refused }
    })
    return { changes, told }
  }

  async #save(changes: readonly IncidentChange[], { told }: { told: readonly Told[] } = { told: [] }) {
    const { records, orders, alarmLog, instructions, clock, onCursor } = this.#parts
    const isFull = this.#touched.size >= touchedLimit
    const due = (isFull || clock.now() - this.#savedMs >= saveMs) && this.#cursor > this.#savedCursor
    if (changes.length === 0 && told.length === 0 && !due && !this.#stopping) return
    // Before anything is waited for: meanwhile a registry may be imported, and the engine goes on with it.
    const written = writeDown({ cursor: this.#cursor, ...this.#memory() })
    const alarms = this.#alarms.splice(0)
    const touched = await records.transaction().execute(async (trx) => {
      const ids: string[] = []
      for (const change of changes) {
        const id = await writeChange(trx, orders, { change, nowMs: clock.now() })
        if (id !== undefined) ids.push(id)
      }
      for (const { waiting, refused } of told) await instructions.settle(trx, waiting, refused)
      await alarmLog.write(trx, alarms)
      await saveFaultMemory(trx, written)
      return ids
    })
    this.#savedMs = clock.now()
    if (this.#savedMs - this.#sweptMs >= sweepMs) await this.#sweep()
    this.#savedCursor = this.#cursor
    onCursor(this.#cursor)
    for (const { waiting, refused } of told) waiting.answer(refused)
    for (const change of changes) this.#announce(change)
    await orders.announce(touched)
  }

  async #sweep(): Promise<void> {
    this.#sweptMs = this.#savedMs
    await this.#parts.alarmLog.sweep(this.#savedMs)
  }

  /** What has changed since it was last written down, as it is now. */
  #memory(): Omit<FaultMemory, 'cursor'> {
    for (const device of this.#engine.takeTouched()) this.#touched.add(device)
    const { devices: known, ...snapshot } = this.#engine.snapshot(this.#touched)
    const devices = new Map<string, unknown>()
    for (const device of this.#touched)
      devices.set(device, { faults: known[device], live: this.#parts.live.memoryOf(device) })
    this.#touched.clear()
    return { snapshot, devices }
  }

  #announce(change: IncidentChange): void {
    const { notices, logger, clock } = this.#parts
    this.#incidents.inc({ type: change.type })
    const state = change.type
    const t = clock.now()
    if (change.type === 'opened' || change.type === 'updated') {
      const { key, rule, severity, site, root, title, reason, households } = change.report
      if (change.type === 'opened') logger.warn({ key, rule, severity, reason }, title.en)
      return notices.fault({ key, state, rule, severity, site, root, title, reason, households, t })
    }
    const key = change.type === 'merged' ? change.from : change.key
    notices.fault({ key, state, site: change.site, reason: change.reason, t })
  }

  async #rest(): Promise<void> {
    if (this.#stopping) return
    const { clock, log } = this.#parts
    const cancel = clock.after(tickMs, () => log.wake())
    await log.more(this.#cursor)
    cancel()
  }
}
