import { OrderBook } from '../../estate/order-book.ts'
import { openRecords, type Records } from '../../estate/records.ts'
import type { IncidentReport, Severity } from '../../estate/work-order.ts'
import { writeChange } from '../../ingest/fault-feed.ts'
import type { IncidentChange } from '../../ingest/faults/changes.ts'

/** The real order book, in memory, and beside it what a dispatcher would have seen of it: when which order was
 *  opened, came back, or turned out to be something else. */

/** `opened` and `relapsed` call somebody; `changed`: the same order, another place or another rule. */
export interface Call {
  order: string
  kind: 'opened' | 'relapsed' | 'changed'
  /** Server time. */
  atMs: number
  /** When it began, event time; of a change, when it was found. */
  sinceMs: number
  rule: string
  root: string
  causeClass: string
  site: string
  severity: Severity
  title: string
  reason: string
}

export interface Recovery {
  order: string
  atMs: number
}

export class OrderDesk {
  readonly #records: Records
  readonly #orders: OrderBook
  readonly #calls: Call[] = []
  readonly #latest = new Map<string, Call>()
  readonly #alarms = new Map<string, number>()
  readonly #merged = new Map<string, string>()
  readonly #recoveries: Recovery[] = []

  private constructor(records: Records, orders: OrderBook) {
    this.#records = records
    this.#orders = orders
  }

  static async open(timeZone: string): Promise<OrderDesk> {
    const records = await openRecords(':memory:')
    return new OrderDesk(records, new OrderBook({ records, timeZone }))
  }

  close(): Promise<void> {
    return this.#records.destroy()
  }

  get calls(): readonly Call[] {
    return this.#calls
  }

  get recoveries(): readonly Recovery[] {
    return this.#recoveries
  }

  /** Alarms that an order explains, its own included. */
  alarmsOf(order: string): number {
    return this.#alarms.get(order) ?? 0
  }

  /** The order that one became part of, or itself. */
  survivorOf(order: string): string {
    const into = this.#merged.get(order)
    return into === undefined ? order : this.survivorOf(into)
  }

  async take(changes: readonly IncidentChange[], nowMs: number): Promise<void> {
    for (const change of changes) {
      const id = await this.#records
        .transaction()
        .execute((trx) => writeChange(trx, this.#orders, { change, nowMs }))
      if (id !== undefined) await this.#note(id, change, nowMs)
    }
  }

  async #note(order: string, change: IncidentChange, nowMs: number): Promise<void> {
    switch (change.type) {
      case 'opened':
        return this.#called(order, change.report, { atMs: nowMs, opens: true })
      case 'updated':
        return this.#called(order, change.report, { atMs: nowMs, opens: false })
      case 'recovered':
        this.#recoveries.push({ order, atMs: nowMs })
        return
      case 'merged': {
        const { mergedInto } = (await this.#orders.get(order)) ?? {}
        if (mergedInto !== undefined) this.#merged.set(order, mergedInto)
      }
    }
  }

  #called(order: string, report: IncidentReport, { atMs, opens }: { atMs: number; opens: boolean }): void {
    const { rule, root, causeClass, site, severity } = report
    this.#alarms.set(order, Math.max(this.alarmsOf(order), report.evidence.length))
    const before = this.#latest.get(order)
    if (before && !opens && before.rule === rule && before.root === root) return
    const kind = before ? (opens ? 'relapsed' : 'changed') : 'opened'
    const sinceMs = kind === 'changed' ? atMs : report.openedAtMs
    const [title, reason] = [report.title.en, report.reason.en]
    const call: Call = { order, kind, atMs, sinceMs, rule, root, causeClass, site, severity, title, reason }
    this.#calls.push(call)
    this.#latest.set(order, call)
  }
}
