import { alarmQuality, type AlarmOccurrence, type AlarmQuality, type OrderOutcome } from './alarm-quality.ts'
import type { OrderBook } from './order-book.ts'
import { portions, type Records, type RecordsTransaction } from './records.ts'
import { isClosed, type Severity, type WorkOrder } from './work-order.ts'

/** Every time an alarm came up, for as long as its quality is judged by it. The fault engine's alarms themselves live
 *  in its memory; this is the record of them. Written in the transaction that saves the engine, and by an identity
 *  (key and time), so that a replay writes nothing twice. */

export type AlarmEvent =
  | {
      type: 'raised'
      key: string
      atMs: number
      rule: string
      site: string
      node: string
      severity: Severity
    }
  | { type: 'cleared'; key: string; atMs: number; raisedMs: number }
  /** It became part of an incident: as the first of it, or of one that was known already. */
  | { type: 'joined'; key: string; raisedMs: number; incident: string; explained: boolean }

/** Two months and a bit: the last month can be compared with the one before. */
const keptMs = 70 * 24 * 3_600_000
/** So many are judged at most, the newest. */
const judgedLimit = 200_000

export interface QualityWish {
  site?: string
  fromMs: number
  toMs: number
  /** How many read alarms at a time. */
  operators: number
}

export class AlarmLog {
  readonly #records: Records
  readonly #orders: OrderBook

  constructor({ records, orders }: { records: Records; orders: OrderBook }) {
    this.#records = records
    this.#orders = orders
  }

  async write(trx: RecordsTransaction, events: readonly AlarmEvent[]): Promise<void> {
    const raised = events.flatMap((event) => (event.type === 'raised' ? [rowOf(event)] : []))
    for (const portion of portions(raised))
      await trx
        .insertInto('alarm')
        .values(portion)
        .onConflict((conflict) => conflict.columns(['key', 'raised_ms']).doNothing())
        .execute()
    for (const event of events) {
      if (event.type === 'raised') continue
      const changed =
        event.type === 'cleared'
          ? { cleared_ms: event.atMs }
          : { incident: event.incident, explained: event.explained ? 1 : 0 }
      await trx
        .updateTable('alarm')
        .set(changed)
        .where('key', '=', event.key)
        .where('raised_ms', '=', event.raisedMs)
        .execute()
    }
  }

  /** Forgets what is over and came up too long ago. */
  async sweep(nowMs: number): Promise<void> {
    await this.#records
      .deleteFrom('alarm')
      .where('raised_ms', '<', nowMs - keptMs)
      .where('cleared_ms', 'is not', null)
      .execute()
  }

  async quality(wish: QualityWish): Promise<AlarmQuality> {
    const { site, fromMs } = wish
    const orders = await this.#orders.list({ ...(site !== undefined && { site }), sinceMs: fromMs })
    const within = orders.filter(({ openedAtMs }) => openedAtMs < wish.toMs)
    return alarmQuality({ occurrences: await this.#occurrences(wish), orders: within.map(outcomeOf) }, wish)
  }

  async #occurrences({ site, fromMs, toMs }: QualityWish): Promise<AlarmOccurrence[]> {
    const rows = await this.#records
      .selectFrom('alarm')
      .selectAll()
      .where('raised_ms', '>=', fromMs)
      .where('raised_ms', '<', toMs)
      .$if(site !== undefined, (query) => query.where('site', '=', site ?? ''))
      .orderBy('raised_ms', 'desc')
      .limit(judgedLimit)
      .execute()
    return rows.map(({ key, rule, node, severity, raised_ms, cleared_ms, explained }) => ({
      key,
      rule,
      node,
      severity,
      raisedMs: raised_ms,
      clearedMs: cleared_ms,
      explained: explained === 1,
    }))
  }
}

function rowOf({ key, rule, site, node, severity, atMs }: Extract<AlarmEvent, { type: 'raised' }>) {
  return { key, rule, site, node, severity, raised_ms: atMs, explained: 0 }
}

const onlyWords = new Set(['verify', 'cancel'])

function outcomeOf({ rule, state, history }: WorkOrder): OrderOutcome {
  return {
    rule,
    actedOn: history.some(({ who, type }) => who !== undefined && !onlyWords.has(type)),
    cancelled: state === 'cancelled',
    open: !isClosed(state),
  }
}
