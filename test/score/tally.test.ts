import { describe, expect, test } from 'vitest'
import { lastLine } from './print.ts'
import type { ScoredCause, ScoredOrder, ScoredRun } from './scored-run.ts'
import { figuresOf } from './tally.ts'

const job = { name: 'burst', scenario: 'burst', seed: 5, fleet: 'demo', mischief: false } as const

const cause = (rule: string, more: Partial<ScoredCause> = {}): ScoredCause => ({
  what: `something for ${rule}`,
  rules: [rule],
  brings: [],
  site: 'hengkang',
  devices: [],
  places: [],
  own: [],
  fromMs: 0,
  untilMs: 1_000_000,
  severity: 'P3',
  ...more,
})

const order = (
  rule: string,
  verdict: ScoredOrder['verdict'],
  more: Partial<ScoredOrder> = {},
): ScoredOrder => ({
  order: '1',
  kind: 'opened',
  atMs: 0,
  sinceMs: 0,
  rule,
  root: 'station',
  causeClass: 'any',
  site: 'hengkang',
  severity: 'P3',
  title: '',
  reason: '',
  verdict,
  alarms: 1,
  ...more,
})

const run = (causes: ScoredCause[], orders: ScoredOrder[], estateDays = 1): ScoredRun => ({
  ...{ job, estateDays, readings: 1_000, tookMs: 1, causes, orders },
})

describe('the figures', () => {
  const figures = figuresOf([
    run(
      [
        cause('H01', { severity: 'P1', detectedMs: 60_000, visible: { station: 35_000, anyGauge: 20_000 } }),
        cause('H04'),
      ],
      [order('H01', 'true', { alarms: 66 }), order('H01', 'further'), order('D01', 'false')],
      15,
    ),
    run([], [order('D01', 'false', { severity: 'P4' }), order('D01', 'outage'), order('C05', 'false')], 15),
  ])

  test('count what was found, missed, and one too many', () => {
    expect(figures.total).toMatchObject({ injected: 2, detected: 1, missed: 1, falseOrders: 4 })
    expect(figures.total).toMatchObject({ precision: 0.2, recall: 0.5 })
    expect(figures.total.f05).toBeCloseTo((1.25 * 0.2 * 0.5) / (0.25 * 0.2 + 0.5), 10)
  })

  test('have a row for each rule, heating first', () => {
    const rows = figures.rules.map(({ rule, injected, missed, falseOrders }) => [
      rule,
      injected,
      missed,
      falseOrders,
    ])
    expect(rows).toEqual([
      ['H01', 1, 0, 1],
      ['H04', 1, 1, 0],
      ['C05', 0, 0, 1],
      ['D01', 0, 0, 2],
    ])
  })

  test('per estate-month, where something was broken and where nothing was', () => {
    expect(figures).toMatchObject({ estateMonths: 1, falsePerEstateMonth: 4, ordersPerIncident: 2 })
    expect(figures.quiet).toEqual({
      estateMonths: 0.5,
      falsePerEstateMonth: 4,
      outageOrdersPerEstateMonth: 2,
    })
  })

  test('say how long a burst had been visible', () => {
    const [station, anyGauge] = [25, 40].map((seconds) => ({ median: seconds, worst: seconds }))
    expect(figures.burst).toEqual({ bursts: 1, station, anyGauge })
  })

  test('page an operator for P1 to P3 only, as often as 148 quiet estates would', () => {
    expect(figures.alarmsPer10Min).toBeCloseTo((2 * 148) / (15 * 144), 10)
  })

  test('end in one line', () => {
    expect(lastLine(figures)).toBe('F0.5 0.227 recall-P1P2 1.000 false-orders 4.00 orders-per-incident 2.00')
  })
})

test('a grave fault that was missed is a grave miss', () => {
  const runs = [run([cause('H01', { severity: 'P1' }), cause('H02', { severity: 'P2', detectedMs: 5 })], [])]
  expect(figuresOf(runs).recallP1P2).toBe(0.5)
})

test('nothing broken and nobody called is a perfect score', () => {
  expect(lastLine(figuresOf([run([], [])]))).toBe(
    'F0.5 1.000 recall-P1P2 1.000 false-orders 0.00 orders-per-incident 1.00',
  )
})
