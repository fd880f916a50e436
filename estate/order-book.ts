import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { foldIn, FoldedOrders } from './folded-orders.ts'
import { askForEvidence } from './kept-evidence.ts'
import { noteRefusal, type OrderNote } from './order-notes.ts'
import type { Escalation } from './escalation.ts'
import { decide, isClosed } from './work-order.ts'
import type { Deed, IncidentReport, OrderAction, OrderEvent, OrderState, WorkOrder } from './work-order.ts'
import { allowedActions } from './work-order.ts'
import type { BilingualText } from './registry.ts'
import type { Records, RecordsTransaction } from './records.ts'

/** All work orders, as events in the records database.
 *
 *  What the fault engine reports is written in the caller's transaction, next to the engine's own snapshot and
 *  cursor, and every event has an identity: a replay after a crash writes nothing twice. One order is open per
 *  key, which the database itself enforces. Listeners are told after the commit, by `announce`. */

/** A fault that comes back within this time is the same order again. */
const relapseMs = 24 * 3_600_000
/** The evidence of an order that grows is copied again so long after it has grown. */
const growthMs = 2 * 60_000

export type ActResult =
  { ok: true; order: WorkOrder } | { ok: false; reason: string; allowed: readonly OrderAction[] }

export type NoteResult = { ok: true; order: WorkOrder } | { ok: false; reason: string }

export interface OrderFilter {
  state?: OrderState
  site?: string
  openOnly?: boolean
  /** Only what began then or later, epoch ms. */
  sinceMs?: number
  limit?: number
}

const listLimit = 1_000

export class OrderBook {
  readonly #records: Records
  readonly #folded: FoldedOrders
  readonly #dayOf: Intl.DateTimeFormat
  readonly #listeners = new Set<(order: WorkOrder) => void>()

  constructor({ records, timeZone }: { records: Records; timeZone: string }) {
    this.#records = records
    this.#folded = new FoldedOrders(records)
    this.#dayOf = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' })
  }

  /** Opens an order for an incident, or reopens the one it relapses into. Returns the order's id. `atMs` is when
   *  people can first know of it; the fault itself may have begun long before. */
  async open(
    trx: RecordsTransaction,
    report: IncidentReport,
    atMs: number = report.openedAtMs,
  ): Promise<string> {
    const { identity, known } = await this.#beginning(trx, report)
    if (known !== undefined) return known
    const latest = await this.#latest(trx, report.key)
    if (latest && isOneWith(latest, report.openedAtMs)) {
      await this.#append(trx, latest.id, identity, { type: 'relapsed', atMs, report })
      return latest.id
    }
    const id = await this.#nextId(trx, report.openedAtMs)
    await trx
      .insertInto('work_order')
      .values({
        id,
        key: report.key,
        site: report.site,
        state: 'open',
        severity: report.severity,
        open: 1,
        opened_ms: report.openedAtMs,
        closed_ms: null,
      })
      .execute()
    await this.#append(trx, id, identity, { type: 'raised', atMs, report })
    return id
  }

  /** The identity of a beginning, and the order that has it. What was found to be a part of another order, and is left
   *  when that one's fault is over, begins a second time at the same moment. */
  async #beginning(
    trx: RecordsTransaction,
    { key, openedAtMs }: IncidentReport,
  ): Promise<{ identity: string; known?: string }> {
    let identity = `opened|${key}|${openedAtMs}`
    for (;;) {
      const row = await trx
        .selectFrom('order_event')
        .innerJoin('work_order', 'work_order.id', 'order_event.work_order')
        .select(['work_order.id', 'work_order.merged_into'])
        .where('identity', '=', identity)
        .executeTakeFirst()
      if (!row) return { identity }
      if (row.merged_into === null) return { identity, known: row.id }
      identity = `${identity}|${row.id}`
    }
  }

  /** The same incident knows more. Undefined when its order is closed. */
  async update(trx: RecordsTransaction, report: IncidentReport, atMs: number): Promise<string | undefined> {
    const order = await this.#openOrder(trx, report.key)
    if (!order || order.reason.en === report.reason.en) return undefined
    const identity = `updated|${order.id}|${digestOf(report)}`
    await this.#append(trx, order.id, identity, { type: 'updated', atMs, report })
    return order.id
  }

  async recover(
    trx: RecordsTransaction,
    { key, atMs, reason }: { key: string; atMs: number; reason: BilingualText },
  ): Promise<string | undefined> {
    const order = await this.#openOrder(trx, key)
    if (!order) return undefined
    await this.#append(trx, order.id, `recovered|${key}|${atMs}`, { type: 'recovered', atMs, reason })
    return order.id
  }

  /** `from` was found to be a part of `into`. */
  async merge(
    trx: RecordsTransaction,
    { from, into, atMs, reason }: { from: string; into: string; atMs: number; reason: BilingualText },
  ): Promise<string | undefined> {
    const part = await this.#openOrder(trx, from)
    const whole = await this.#openOrder(trx, into)
    if (!part || !whole) return undefined
    await this.#append(trx, part.id, `merged|${from}|${into}|${atMs}`, {
      type: 'merged',
      atMs,
      into: whole.id,
      reason,
    })
    return part.id
  }

  /** What a person does. Undefined for an order that does not exist. */
  async act(id: string, action: OrderAction, deed: Deed): Promise<ActResult | undefined> {
    const result = await this.#records.transaction().execute(async (trx): Promise<ActResult | undefined> => {
      const order = await foldIn(trx, id)
      if (!order) return undefined
      const decided = decide(order, action, deed)
      if (!decided.ok) return { ok: false, reason: decided.reason, allowed: allowedActions(order) }
      const other = action === 'reopen' ? await this.#openOrder(trx, order.key) : undefined
      if (other && other.id !== id) {
        const allowed = allowedActions(order).filter((each) => each !== action)
        return { ok: false, reason: `its fault has an open order already: ${other.id}`, allowed }
      }
      const identity = `acted|${id}|${order.history.length}`
      return { ok: true, order: await this.#append(trx, id, identity, decided.event) }
    })
    if (result?.ok) this.#tell(result.order)
    return result
  }

  /** Writes down whom the clocks of an order call for, and tells the listeners. `due` looks at the order as it is
   *  then: somebody may just have answered. */
  async escalate(
    id: string,
    due: (order: WorkOrder) => readonly Escalation[],
    atMs: number,
  ): Promise<readonly Escalation[]> {
    const { told, orders } = await this.#records.transaction().execute(async (trx) => {
      const order = await foldIn(trx, id)
      const told = order ? due(order) : []
      const orders: WorkOrder[] = []
      for (const { reason, ...escalation } of told) {
        const { clock, level, round } = escalation
        const identity = `escalated|${id}|${round}|${clock}|${level}`
        orders.push(await this.#append(trx, id, identity, { type: 'escalated', atMs, escalation, reason }))
      }
      return { told, orders }
    })
    for (const order of orders) this.#tell(order)
    return told
  }

  /** Adds a comment or a photo. A photo the order has already changes nothing. Undefined for an order that does
   *  not exist. */
  async note(id: string, note: OrderNote): Promise<NoteResult | undefined> {
    const result = await this.#records.transaction().execute(async (trx): Promise<NoteResult | undefined> => {
      const order = await foldIn(trx, id)
      if (!order) return undefined
      const reason = noteRefusal(order, note)
      if (reason !== undefined) return { ok: false, reason }
      const which = note.type === 'photographed' ? note.photo.id : order.history.length
      return { ok: true, order: await this.#append(trx, id, `${note.type}|${id}|${which}`, note) }
    })
    if (result?.ok) this.#tell(result.order)
    return result
  }

  async get(id: string): Promise<WorkOrder | undefined> {
    return this.#folded.one(id)
  }

  /** The orders that became part of this one, and those that had become part of them; the oldest first. */
  async partsOf(id: string): Promise<WorkOrder[]> {
    const rows = await this.#records
      .selectFrom('work_order')
      .select('id')
      .where('merged_into', '=', id)
      .orderBy('opened_ms')
      .orderBy('id')
      .execute()
    const own = await this.#folded.all(rows.map((row) => row.id))
    const theirs = await Promise.all(own.map((part) => this.partsOf(part.id)))
    return own.flatMap((part, at) => [part, ...(theirs[at] ?? [])])
  }

  /** Of every photo any order has. */
  async photoIds(): Promise<ReadonlySet<string>> {
    const rows = await this.#records
      .selectFrom('order_event')
      .select('identity')
      .where('identity', 'like', 'photographed|%')
      .execute()
    return new Set(rows.flatMap(({ identity }) => identity.split('|')[2] ?? []))
  }

  /** The newest first. */
  async list({ state, site, openOnly, sinceMs, limit = listLimit }: OrderFilter = {}): Promise<WorkOrder[]> {
    const rows = await this.#records
      .selectFrom('work_order')
      .select('id')
      .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'open'))
      .$if(site !== undefined, (query) => query.where('site', '=', site ?? ''))
      .$if(openOnly === true, (query) => query.where('open', '=', 1))
      .$if(sinceMs !== undefined, (query) => query.where('opened_ms', '>=', sinceMs ?? 0))
      .orderBy('opened_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute()
    return this.#folded.all(rows.map(({ id }) => id))
  }

  /** Orders that people have closed then or later and that are still closed; who closed first is first. */
  async closedSince(atMs: number): Promise<WorkOrder[]> {
    const rows = await this.#records
      .selectFrom('work_order')
      .select('id')
      .where('closed_ms', '>=', atMs)
      .where('merged_into', 'is', null)
      .orderBy('closed_ms')
      .execute()
    return this.#folded.all(rows.map(({ id }) => id))
  }

  /** Tells the listeners how these orders now are; to be called after the transaction that changed them. */
  async announce(ids: Iterable<string>): Promise<void> {
    for (const id of new Set(ids)) {
      const order = await this.get(id)
      if (order) this.#tell(order)
    }
  }

  onChange(listener: (order: WorkOrder) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(order: WorkOrder): void {
    for (const listener of this.#listeners) listener(order)
  }

  async #append(
    trx: RecordsTransaction,
    id: string,
    identity: string,
    event: OrderEvent,
  ): Promise<WorkOrder> {
    await trx
      .insertInto('order_event')
      .values({ work_order: id, identity, at_ms: event.atMs, body: JSON.stringify(event) })
      .onConflict((conflict) => conflict.column('identity').doNothing())
      .execute()
    const order = await foldIn(trx, id)
    if (!order) throw new Error(`order ${id} has no events`)
    const { state, severity, closedAtMs = null, mergedInto = null } = order
    await trx
      .updateTable('work_order')
      .set({ state, severity, open: isClosed(state) ? 0 : 1, closed_ms: closedAtMs, merged_into: mergedInto })
      .where('id', '=', id)
      .execute()
    const dueMs = evidenceDueMs(event)
    const { relapsedAtMs: beganMs = order.openedAtMs } = order
    if (dueMs !== undefined) await askForEvidence(trx, { order: id, atMs: beganMs, dueMs })
    return order
  }

  async #openOrder(trx: RecordsTransaction, key: string): Promise<WorkOrder | undefined> {
    const row = await trx
      .selectFrom('work_order')
      .select('id')
      .where('key', '=', key)
      .where('open', '=', 1)
      .executeTakeFirst()
    return row && foldIn(trx, row.id)
  }

  /** The open one; else the one that began last. */
  async #latest(trx: RecordsTransaction, key: string): Promise<WorkOrder | undefined> {
    const row = await trx
      .selectFrom('work_order')
      .select('id')
      .where('key', '=', key)
      .orderBy('open', 'desc')
      .orderBy('opened_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row && foldIn(trx, row.id)
  }

  /** The local day the fault began, and a number of that day. */
  async #nextId(trx: RecordsTransaction, atMs: number): Promise<string> {
    const day = this.#dayOf.format(atMs).replaceAll('-', '')
    const row = await trx
      .selectFrom('work_order')
      .select(sql<string | null>`max(id)`.as('last'))
      .where('id', 'like', `${day}-%`)
      .executeTakeFirst()
    const count = Number(row?.last?.split('-')[1] ?? 0) + 1
    return `${day}-${String(count).padStart(4, '0')}`
  }
}

/** From when on the event asks for the readings around the beginning: the order is new or back, or ends, and then
 *  once more for what came late. While it grows, every half minute, it asks with patience. Undefined: not at all. */
function evidenceDueMs(event: OrderEvent): number | undefined {
  switch (event.type) {
    case 'raised':
    case 'relapsed':
    case 'merged':
      return 0
    case 'updated':
      return event.atMs + growthMs
    case 'acted':
      return event.action === 'verify' || event.action === 'cancel' ? 0 : undefined
    case 'recovered':
    case 'escalated':
    case 'commented':
    case 'photographed':
      return undefined
  }
}

/** Of what a report says, and of which beginning it says it: told again it is the same. */
function digestOf({ openedAtMs, reason }: IncidentReport): string {
  return createHash('sha256').update(`${openedAtMs} ${reason.en}`).digest('base64url')
}

/** An order that is not closed, or was closed less than a day before. One that was merged away is over. */
function isOneWith({ state, closedAtMs, mergedInto }: WorkOrder, atMs: number): boolean {
  if (mergedInto !== undefined) return false
  return !isClosed(state) || (closedAtMs !== undefined && atMs - closedAtMs < relapseMs)
}
