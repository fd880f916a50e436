import { median, percentile } from '../bench/percentile.ts'
import type { ScoredCause, ScoredOrder, ScoredRun } from './scored-run.ts'

/** From many runs to the figures that the goals are about. An order stands in the row of the rule it was opened for;
 *  a true one in that of the cause it names, so that each row's injected, detected and missed belong together. */
export interface Figures {
  runs: number
  estateMonths: number
  readings: number
  total: Row
  /** In the order of the catalogue, as far as there was anything to count. */
  rules: readonly (Row & { rule: string })[]
  recallP1P2: number
  ordersPerIncident: number
  falsePerEstateMonth: number
  /** The same where nothing was broken at all. */
  quiet: { estateMonths: number; falsePerEstateMonth: number; outageOrdersPerEstateMonth: number }
  /** Alarms that an order explains besides the one it was opened for, on average. */
  swallowedPerOrder: number
  /** Orders that were right without being waited for. */
  outageOrders: number
  brought: number
  /** From the first sample below the band to the order. */
  burst: { bursts: number; station: Delay; anyGauge: Delay }
  /** P1 to P3 orders in ten minutes in the whole district, where nothing was broken; P4 pages nobody. */
  alarmsPer10Min: number
}

/** s */
export interface Delay {
  median: number
  worst: number
}

export interface Row {
  injected: number
  detected: number
  missed: number
  falseOrders: number
  precision: number
  recall: number
  f05: number
  /** From onset to order, s; NaN when nothing was detected. */
  medianS: number
  p95S: number
}

const daysPerMonth = 30
/** Estates of the district. */
const districtEstates = 148
const tenMinutesPerDay = 144

export function figuresOf(runs: readonly ScoredRun[]): Figures {
  const causes = runs.flatMap((run) => run.causes)
  const orders = runs.flatMap((run) => run.orders)
  const quiet = runs.filter((run) => run.causes.length === 0)
  const quietOrders = quiet.flatMap((run) => run.orders)
  const grave = causes.filter(({ severity }) => severity <= 'P2')
  const named = orders.filter(({ verdict }) => verdict === 'true' || verdict === 'further')
  const total = rowOf(causes, orders)
  const paging = quietOrders.filter(({ severity, verdict }) => severity <= 'P3' && verdict !== 'brought')
  return {
    runs: runs.length,
    estateMonths: monthsOf(runs),
    readings: runs.reduce((sum, { readings }) => sum + readings, 0),
    total,
    rules: rulesIn(causes, orders).map((rule) => ({
      rule,
      ...rowOf(
        causes.filter(({ rules: [usual] }) => usual === rule),
        orders.filter((order) => isFalse(order) && order.rule === rule),
      ),
    })),
    recallP1P2: ratio(grave.filter(isDetected).length, grave.length),
    ordersPerIncident: ratio(named.length, total.detected),
    falsePerEstateMonth: total.falseOrders / monthsOf(runs),
    quiet: {
      estateMonths: monthsOf(quiet),
      falsePerEstateMonth: ratio(quietOrders.filter(isFalse).length, monthsOf(quiet), 0),
      outageOrdersPerEstateMonth: ratio(count(quietOrders, 'outage'), monthsOf(quiet), 0),
    },
    swallowedPerOrder: ratio(
      orders.reduce((sum, { alarms }) => sum + alarms - 1, 0),
      orders.length,
      0,
    ),
    outageOrders: count(orders, 'outage'),
    brought: count(orders, 'brought'),
    burst: {
      bursts: causes.filter(({ visible }) => visible).length,
      station: delayOf(causes, ({ visible }) => visible?.station),
      anyGauge: delayOf(causes, ({ visible }) => visible?.anyGauge),
    },
    alarmsPer10Min: ratio(paging.length * districtEstates, daysOf(quiet) * tenMinutesPerDay, 0),
  }
}

export function isFalse({ verdict }: ScoredOrder): boolean {
  return verdict === 'false' || verdict === 'further'
}

export function isDetected({ detectedMs }: ScoredCause): boolean {
  return detectedMs !== undefined
}

function delayOf(causes: readonly ScoredCause[], seenMs: (cause: ScoredCause) => number | undefined): Delay {
  const delaysS = causes.flatMap((cause) => {
    const atMs = seenMs(cause)
    return atMs === undefined || cause.detectedMs === undefined ? [] : (cause.detectedMs - atMs) / 1_000
  })
  return { median: median(delaysS), worst: percentile(delaysS, 100) }
}

function rowOf(causes: readonly ScoredCause[], orders: readonly ScoredOrder[]): Row {
  const detected = causes.filter(isDetected).length
  const falseOrders = orders.filter(isFalse).length
  const precision = ratio(detected, detected + falseOrders)
  const recall = ratio(detected, causes.length)
  const delaysS = causes.flatMap(({ fromMs, detectedMs }) =>
    detectedMs === undefined ? [] : [(detectedMs - fromMs) / 1_000],
  )
  return {
    injected: causes.length,
    detected,
    missed: causes.length - detected,
    falseOrders,
    precision,
    recall,
    f05: fHalf(precision, recall),
    medianS: median(delaysS),
    p95S: percentile(delaysS, 95),
  }
}

/** F-measure that counts precision twice as much as recall (van Rijsbergen, beta 0.5). */
function fHalf(precision: number, recall: number): number {
  const beta2 = 0.25
  return ratio((1 + beta2) * precision * recall, beta2 * precision + recall, 0)
}

/** `none` when there was nothing to divide by: nothing was asked, so nothing was wrong. */
function ratio(part: number, whole: number, none = 1): number {
  return whole === 0 ? none : part / whole
}

function count(orders: readonly ScoredOrder[], verdict: ScoredOrder['verdict']): number {
  return orders.filter((order) => order.verdict === verdict).length
}

function daysOf(runs: readonly ScoredRun[]): number {
  return runs.reduce((sum, { estateDays }) => sum + estateDays, 0)
}

function monthsOf(runs: readonly ScoredRun[]): number {
  return daysOf(runs) / daysPerMonth
}

const domains = 'HWCD'

function rulesIn(causes: readonly ScoredCause[], orders: readonly ScoredOrder[]): string[] {
  const names = [
    ...causes.flatMap(({ rules: [usual] }) => usual ?? []),
    ...orders.filter(isFalse).map(({ rule }) => rule),
  ]
  const place = (rule: string) => domains.indexOf(rule.charAt(0))
  return [...new Set(names)].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
}
