import { serviceClocks } from './service-clock.ts'
import type { CountedLevels } from './service-levels.ts'
import type { ClockName } from './service-words.ts'
import type { WorkOrder } from './work-order.ts'

/** How well the district keeps what it promises, for everybody to read: by month, how long people waited until
 *  somebody answered, was there, had made it safe, had it working again.
 *
 *  Counted is the first time round of every order: that it came back is a figure of its own, and a later round
 *  must not polish the first. Time is what passed on the wall clock, waiting for others and nights included, for
 *  that is what the residents waited; whether it was in time is judged by the promise. What was called off or was a
 *  part of another order is no order. Of fewer than `fewest` nothing is said: one bad night is no figure, and a
 *  figure of one points at somebody. */

const fewest = 5
const monthsShown = 12
const comesBack: ReadonlySet<string> = new Set(['relapsed', 'reopen'])

export interface ClockFigures {
  /** Done, or overdue and still to do. */
  count: number
  /** Of those that are done, ms; absent where there are too few. */
  medianMs?: number
  /** Of all counted, 0 … 1; absent where there are too few. */
  withinTarget?: number
}

export interface MonthFigures {
  /** `2026-11`, by the local time at which the orders were raised. */
  month: string
  orders: number
  /** How many of them came back after they were done. */
  cameBack: number
  clocks: Record<ClockName, ClockFigures>
}

interface Judged {
  month: string
  cameBack: boolean
  clocks: ReturnType<typeof serviceClocks>
  raisedMs: number
}

interface Around {
  levelsFor: (order: WorkOrder) => CountedLevels
  timeZone: string
  nowMs: number
}

/** The last twelve months with an order in them, the newest first. */
export function serviceFigures(orders: readonly WorkOrder[], around: Around): MonthFigures[] {
  const monthOf = months(around.timeZone)
  const judged = orders
    .filter(({ state }) => state !== 'cancelled')
    .map((order) => judge(order, around, monthOf))
  return [...Map.groupBy(judged, ({ month }) => month)]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .slice(0, monthsShown)
    .map(([month, of]) => ({
      month,
      orders: of.length,
      cameBack: of.filter(({ cameBack }) => cameBack).length,
      clocks: {
        acknowledge: figuresOf('acknowledge', of),
        'on-site': figuresOf('on-site', of),
        'make-safe': figuresOf('make-safe', of),
        restore: figuresOf('restore', of),
      },
    }))
}

function judge(order: WorkOrder, { levelsFor, nowMs }: Around, monthOf: (atMs: number) => string): Judged {
  const { history } = order
  const done = history.findIndex(({ type }) => type === 'resolve')
  const back = history.findIndex(({ type }, at) => done >= 0 && at > done && comesBack.has(type))
  const firstRound = back < 0 ? history : history.slice(0, back)
  const raisedMs = history[0]?.atMs ?? order.openedAtMs
  return {
    month: monthOf(raisedMs),
    cameBack: back >= 0,
    clocks: serviceClocks({ history: firstRound }, levelsFor(order), nowMs),
    raisedMs,
  }
}

function figuresOf(name: ClockName, judged: readonly Judged[]): ClockFigures {
  const clocks = judged.flatMap(({ clocks, raisedMs }) =>
    clocks.filter(({ clock }) => clock === name).map((clock) => ({ ...clock, raisedMs })),
  )
  const met = clocks.filter(({ state }) => state === 'met').length
  const count = clocks.filter(({ state }) => ['met', 'late-met', 'breached'].includes(state)).length
  const waited = clocks.flatMap(({ stoppedAtMs, raisedMs }) =>
    stoppedAtMs === undefined ? [] : [stoppedAtMs - raisedMs],
  )
  return {
    count,
    ...(waited.length >= fewest && { medianMs: median(waited) }),
    ...(count >= fewest && { withinTarget: met / count }),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = 0, high = 0] = [
    sorted[Math.floor((sorted.length - 1) / 2)],
    sorted[Math.floor(sorted.length / 2)],
  ]
  return Math.round((low + high) / 2)
}

function months(timeZone: string): (atMs: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit' })
  return (atMs) => {
    const part = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]))
    return `${part.get('year')}-${part.get('month')}`
  }
}
