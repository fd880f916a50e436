import type { BilingualText } from '../estate/registry.ts'
import type { IncidentReport, Severity } from '../estate/work-order.ts'
import type { IncidentChange } from './faults/changes.ts'

/** The orders that a replay of history leads to, and how those of two replays differ. */
export interface ReplayedOrder {
  key: string
  rule: string
  root: string
  causeClass: string
  severity: Severity
  title: BilingualText
  /** First out, sample time; when it was decided, time of the replay; and when the machine said that it was over. */
  openedAtMs: number
  raisedAtMs: number
  recoveredAtMs: number | null
  /** Came back within a day. */
  relapses: number
  alarms: number
}

/** A fault that comes back within this time is the same order again. */
const relapseMs = 24 * 3_600_000

export class ReplayedOrders {
  readonly #orders: ReplayedOrder[] = []

  take(change: IncidentChange, nowMs: number): void {
    const key = change.type === 'merged' ? change.from : keyOf(change)
    const known = this.#orders.findLast((order) => order.key === key)
    switch (change.type) {
      case 'opened':
        return this.#open(known, change.report, nowMs)
      case 'updated':
        return void (known && Object.assign(known, latestOf(change.report)))
      case 'recovered':
        return void (known && Object.assign(known, { recoveredAtMs: change.atMs }))
      case 'merged':
        if (known) this.#orders.splice(this.#orders.indexOf(known), 1)
    }
  }

  list(): readonly ReplayedOrder[] {
    return this.#orders
  }

  #open(known: ReplayedOrder | undefined, report: IncidentReport, nowMs: number): void {
    const { key, openedAtMs } = report
    const isRelapse = known && openedAtMs - (known.recoveredAtMs ?? openedAtMs) <= relapseMs
    if (isRelapse)
      return void Object.assign(known, latestOf(report), {
        recoveredAtMs: null,
        relapses: known.relapses + 1,
      })
    const times = { openedAtMs, raisedAtMs: nowMs, recoveredAtMs: null }
    this.#orders.push({ key, ...latestOf(report), ...times, relapses: 0 })
  }
}

function keyOf(change: Exclude<IncidentChange, { type: 'merged' }>): string {
  return 'report' in change ? change.report.key : change.key
}

function latestOf({ rule, root, causeClass, severity, title, evidence }: IncidentReport) {
  return { rule, root, causeClass, severity, title, alarms: evidence.length }
}

export interface Comparison {
  /** Orders of each side that were raised within the stretch. */
  present: number
  changed: number
  /** Only with the changed parameters; only with the present ones. */
  gained: ReplayedOrder[]
  lost: ReplayedOrder[]
  /** The same order, raised at another time or with another severity. */
  moved: { was: ReplayedOrder; is: ReplayedOrder; laterByMs: number }[]
  same: number
}

/** What was raised in [fromMs, toMs). One order is the same as another if both are about one cause at one root, within a
 *  day of each other. What was raised by one side in the stretch and by the other before it is the same order, too. */
export function compared(
  present: readonly ReplayedOrder[],
  changed: readonly ReplayedOrder[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Comparison {
  const isWithin = ({ raisedAtMs }: ReplayedOrder) => raisedAtMs >= fromMs && raisedAtMs < toMs
  const left = [...changed]
  const pairs: { was: ReplayedOrder; is: ReplayedOrder }[] = []
  const lost: ReplayedOrder[] = []
  for (const was of present) {
    const at = left.findIndex((is) => isSame(was, is))
    const [is] = at < 0 ? [] : left.splice(at, 1)
    if (is) pairs.push({ was, is })
    else lost.push(was)
  }
  const about = pairs.filter(({ was, is }) => isWithin(was) || isWithin(is))
  const moved = about
    .filter(({ was, is }) => was.raisedAtMs !== is.raisedAtMs || was.severity !== is.severity)
    .map(({ was, is }) => ({ was, is, laterByMs: is.raisedAtMs - was.raisedAtMs }))
  return {
    present: present.filter(isWithin).length,
    changed: changed.filter(isWithin).length,
    gained: left.filter(isWithin),
    lost: lost.filter(isWithin),
    moved,
    same: about.length - moved.length,
  }
}

function isSame(a: ReplayedOrder, b: ReplayedOrder): boolean {
  const together = Math.abs(a.raisedAtMs - b.raisedAtMs) <= relapseMs
  return together && a.root === b.root && a.causeClass === b.causeClass
}
