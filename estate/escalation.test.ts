import { expect, test } from 'vitest'
import { dueEscalations, nextEscalationMs } from './escalation.ts'
import { reportOfBurst } from './incident.fixture.ts'
import { countedLevels, defaultServiceLevels } from './service-levels.ts'
import { foldOrder, type OrderEvent, type Severity, type WorkOrder } from './work-order.ts'

const minuteMs = 60_000
const levels = countedLevels(defaultServiceLevels, 'Asia/Shanghai')
const startMs = Date.parse('2026-11-25T07:30:00+08:00')
const at = (minutes: number) => startMs + minutes * minuteMs

const report = (severity: Severity) => reportOfBurst({ severity, openedAtMs: startMs })
const order = (severity: Severity, ...events: OrderEvent[]): WorkOrder =>
  foldOrder('1', [{ type: 'raised', atMs: startMs, report: report(severity) }, ...events])
const act = (action: Extract<OrderEvent, { type: 'acted' }>['action'], minutes: number): OrderEvent => ({
  type: 'acted',
  atMs: at(minutes),
  action,
  who: 'li',
})
const calls = (of: WorkOrder, minutes: number) =>
  dueEscalations(of, levels, at(minutes)).map(({ clock, level }) => `${clock}: ${level}`)

test.each<[string, WorkOrder, number, string[]]>([
  ['a P1 that is a minute from its five', order('P1'), 4, ['acknowledge: shift-engineer']],
  ['not before', order('P1'), 3.9, []],
  [
    'unanswered for five minutes',
    order('P1'),
    5,
    ['acknowledge: shift-engineer', 'acknowledge: head-of-shift'],
  ],
  [
    'for ten',
    order('P1'),
    10,
    ['acknowledge: shift-engineer', 'acknowledge: head-of-shift', 'acknowledge: company-duty'],
  ],
  ['answered, and nobody there', order('P1', act('acknowledge', 1)), 25, ['on-site: shift-engineer']],
  ['answered too late is answered', order('P1', act('acknowledge', 9)), 9, []],
  ['called off', order('P1', act('cancel', 1)), 600, []],
  ['a P4 does not call the head of the shift', order('P4'), 60 * 24 * 60, ['restore: shift-engineer']],
])('who has to hear of %s', (_name, of, minutes, words) => {
  expect(calls(of, minutes)).toEqual(words)
})

test('what was told is not told again; a new round is new, and the time to restore is one for all rounds', () => {
  let now = order('P1', act('acknowledge', 1), act('start', 1), act('make-safe', 2))
  const events: OrderEvent[] = []
  for (const { reason, ...escalation } of dueEscalations(now, levels, at(240)))
    events.push({ type: 'escalated', atMs: at(240), escalation, reason })
  expect(events).toHaveLength(2)
  now = order('P1', act('acknowledge', 1), act('start', 1), act('make-safe', 2), ...events)
  expect(calls(now, 241)).toEqual([])
  const again = [act('resolve', 250), act('reopen', 260)]
  now = order('P1', act('acknowledge', 1), act('start', 1), act('make-safe', 2), ...events, ...again)
  expect(calls(now, 264)).toEqual(['acknowledge: shift-engineer'])
})

test('it says what was not done, after how long, and what was promised', () => {
  expect(dueEscalations(order('P1'), levels, at(5)).map(({ reason }) => reason)).toEqual([
    { zh: '已过 4 分钟尚未受理，时限 5 分钟', en: 'not acknowledged after 4 min; the target is 5 min' },
    { zh: '已过 5 分钟尚未受理，时限 5 分钟', en: 'not acknowledged after 5 min; the target is 5 min' },
  ])
  const [late] = dueEscalations(order('P3'), levels, at(270))
  expect(late?.reason.en).toBe(
    'not acknowledged after 3 h 12 min of working time; the target is 4 h of working time',
  )
})

test('when to look again is when the next is due; when nothing will be, never', () => {
  const told = order('P1', {
    type: 'escalated',
    atMs: at(4),
    escalation: { clock: 'acknowledge', level: 'shift-engineer', round: 0 },
    reason: { zh: '', en: '' },
  })
  expect(nextEscalationMs(order('P1'), levels, at(1))).toBe(at(4))
  expect(nextEscalationMs(told, levels, at(4))).toBe(at(5))
  expect(nextEscalationMs(order('P1', act('cancel', 1)), levels, at(4))).toBeUndefined()
})
