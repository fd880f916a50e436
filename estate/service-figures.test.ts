import { expect, test } from 'vitest'
import { reportOfBurst } from './incident.fixture.ts'
import { serviceFigures } from './service-figures.ts'
import { countedLevels, defaultServiceLevels } from './service-levels.ts'
import { foldOrder, type OrderAction, type OrderEvent, type WorkOrder } from './work-order.ts'

const minuteMs = 60_000
const levels = countedLevels(defaultServiceLevels, 'Asia/Shanghai')
const novemberMs = Date.parse('2026-11-02T09:00:00+08:00')
const around = {
  levelsFor: () => levels,
  timeZone: 'Asia/Shanghai',
  nowMs: novemberMs + 20 * 24 * 60 * minuteMs,
}

const report = reportOfBurst({ openedAtMs: novemberMs })

/** A P1 with what people did, each so many minutes after it was raised. */
function order(startMs: number, ...deeds: [action: OrderAction, atMin: number][]): WorkOrder {
  const acted = deeds.map(([action, atMin]): OrderEvent => ({
    type: 'acted',
    atMs: startMs + atMin * minuteMs,
    action,
    who: 'li',
  }))
  return foldOrder('1', [{ type: 'raised', atMs: startMs, report }, ...acted])
}

/** Answered after so many minutes, restored in two hours. */
const served = (answeredMin: number, startMs = novemberMs) =>
  order(startMs, ['acknowledge', answeredMin], ['start', 20], ['resolve', 120])

test('a month says how long people waited at the median, and how often what was promised was kept', () => {
  const [november] = serviceFigures(
    [2, 3, 4, 5, 30].map((min) => served(min)),
    around,
  )
  expect(november).toMatchObject({ month: '2026-11', orders: 5, cameBack: 0 })
  expect(november?.clocks.acknowledge).toEqual({ count: 5, medianMs: 4 * minuteMs, withinTarget: 0.8 })
  expect(november?.clocks.restore).toEqual({ count: 5, medianMs: 120 * minuteMs, withinTarget: 1 })
  expect(november?.clocks['make-safe'], 'who has repaired it has made it safe, too late').toEqual({
    count: 5,
    medianMs: 120 * minuteMs,
    withinTarget: 0,
  })
})

test('of fewer than five nothing is said but how many they are', () => {
  const [november] = serviceFigures(
    [2, 3, 4, 5].map((min) => served(min)),
    around,
  )
  expect(november?.clocks.acknowledge).toEqual({ count: 4 })
})

test('an order that is overdue and still to do is not in time; one that is not due yet is not counted', () => {
  const nowMs = novemberMs + 4 * minuteMs
  const waiting = [1, 2, 3, 4].map((min) => served(min))
  const [later] = serviceFigures([...waiting, order(novemberMs)], around)
  expect(later?.clocks.acknowledge).toEqual({ count: 5, withinTarget: 0.8 })
  const [now] = serviceFigures([...waiting, order(novemberMs)], { ...around, nowMs })
  expect(now?.clocks.acknowledge.count).toBe(4)
})

test('what came back is said, and its second round does not polish the first', () => {
  const again: [OrderAction, number][] = [
    ['reopen', 100],
    ['acknowledge', 101],
  ]
  const slow = order(novemberMs, ['acknowledge', 60], ['start', 70], ['resolve', 90], ...again)
  const [november] = serviceFigures([1, 2, 3, 4].map((min) => served(min)).concat(slow), around)
  expect(november).toMatchObject({ orders: 5, cameBack: 1 })
  expect(november?.clocks.acknowledge).toMatchObject({ withinTarget: 0.8, medianMs: 3 * minuteMs })
})

test('a false alarm is no order; a false alarm that was none is', () => {
  const called = order(novemberMs, ['cancel', 10])
  const none = order(novemberMs, ['cancel', 10], ['reopen', 20], ['acknowledge', 22])
  expect(serviceFigures([called], around)).toEqual([])
  expect(serviceFigures([none], around)[0]).toMatchObject({
    orders: 1,
    clocks: { acknowledge: { count: 1 } },
  })
})

test('months are those of the site, the newest first', () => {
  const newYearMs = Date.parse('2026-12-31T17:00:00Z')
  const months = serviceFigures([served(1), served(1, newYearMs)], {
    ...around,
    nowMs: newYearMs + 90 * minuteMs,
  })
  expect(months.map(({ month }) => month)).toEqual(['2027-01', '2026-11'])
})
