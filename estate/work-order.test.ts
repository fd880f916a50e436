import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allowedActions,
  closingOf,
  decide,
  foldOrder,
  isClosed,
  isJustClosed,
  orderActions,
  orderStates,
  type IncidentReport,
  type OrderAction,
  type OrderEvent,
  type OrderState,
  type WorkOrder,
} from './work-order.ts'

const report: IncidentReport = {
  key: 'hengkang-station|pressure-loss',
  root: 'hengkang-station',
  causeClass: 'pressure-loss',
  rule: 'H02',
  severity: 'P2',
  site: 'hengkang',
  title: { zh: '回水压力低', en: 'Return pressure low' },
  openedAtMs: 1_000,
  reason: { zh: '低', en: 'low' },
  evidence: [],
  affected: ['hengkang-b01'],
  households: 60,
}
const raised: OrderEvent = { type: 'raised', atMs: 1_000, report }

function after(...actions: OrderAction[]): WorkOrder {
  const events: OrderEvent[] = [raised]
  for (const [at, action] of actions.entries()) {
    const decided = decide(foldOrder('1', events), action, {
      who: 'li',
      why: 'because',
      assignee: 'wang',
      pause: 'parts',
      atMs: 2_000 + at,
    })
    if (!decided.ok) throw new Error(decided.reason)
    events.push(decided.event)
  }
  return foldOrder('1', events)
}

/** A way to every state. */
const paths: Record<OrderState, OrderAction[]> = {
  open: [],
  acknowledged: ['acknowledge'],
  assigned: ['acknowledge', 'assign'],
  'in-progress': ['acknowledge', 'assign', 'start'],
  resolved: ['acknowledge', 'assign', 'start', 'resolve'],
  verified: ['acknowledge', 'assign', 'start', 'resolve', 'verify'],
  reopened: ['acknowledge', 'assign', 'start', 'resolve', 'reopen'],
  cancelled: ['cancel'],
}

/** State -> action -> the state it leads to; every other pair is refused. */
const moves: Record<OrderState, Partial<Record<OrderAction, OrderState>>> = {
  open: { acknowledge: 'acknowledged', assign: 'assigned', 'make-safe': 'open', cancel: 'cancelled' },
  acknowledged: {
    assign: 'assigned',
    start: 'in-progress',
    'make-safe': 'acknowledged',
    pause: 'acknowledged',
    cancel: 'cancelled',
  },
  assigned: {
    assign: 'assigned',
    start: 'in-progress',
    'make-safe': 'assigned',
    pause: 'assigned',
    cancel: 'cancelled',
  },
  'in-progress': {
    assign: 'in-progress',
    'make-safe': 'in-progress',
    pause: 'in-progress',
    resolve: 'resolved',
    cancel: 'cancelled',
  },
  resolved: { verify: 'verified', reopen: 'reopened' },
  verified: { reopen: 'reopened' },
  reopened: {
    acknowledge: 'acknowledged',
    assign: 'assigned',
    start: 'in-progress',
    'make-safe': 'reopened',
    cancel: 'cancelled',
  },
  cancelled: { reopen: 'reopened' },
}

describe.each(orderStates)('an order that is %s', (state) => {
  test.each(orderActions)('%s', (action) => {
    const order = after(...paths[state])
    expect(order.state).toBe(state)
    const decided = decide(order, action, {
      who: 'li',
      why: 'because',
      assignee: 'wang',
      pause: 'parts',
      atMs: 9_000,
    })
    const leadsTo = moves[state][action]
    expect(decided.ok).toBe(leadsTo !== undefined)
    expect(allowedActions(order).includes(action)).toBe(decided.ok)
    if (decided.ok) expect(after(...paths[state], action).state).toBe(leadsTo)
  })
})

test.each([
  ['cancel', 'needs a reason'],
  ['assign', 'needs the name'],
  ['pause', 'what it waits for'],
] as const)('%s %s', (action, words) => {
  expect(decide(after('acknowledge'), action, { who: 'li', atMs: 2_000 })).toMatchObject({
    ok: false,
    reason: expect.stringContaining(words),
  })
})

test('a relapse reopens what was thought done, and takes nothing from whoever is still at work on it', () => {
  const relapsed: OrderEvent = { type: 'relapsed', atMs: 8_000, report }
  const doing = foldOrder('1', [raised, act('acknowledge'), act('start'), relapsed])
  expect(doing).toMatchObject({ state: 'in-progress', relapses: 1 })
  const done = foldOrder('1', [raised, act('acknowledge'), act('start'), act('resolve'), relapsed])
  expect(done).toMatchObject({ state: 'reopened', relapses: 1 })
})

test('what was made safe has to be made safe again when it comes back after it was done', () => {
  const done = [raised, act('acknowledge'), act('start'), act('make-safe'), act('resolve')]
  expect(foldOrder('1', done).madeSafeAtMs).toBe(7_000)
  for (const back of [act('reopen'), { type: 'relapsed', atMs: 8_000, report } as const]) {
    const again = foldOrder('1', [...done, back])
    expect(again.madeSafeAtMs).toBeUndefined()
    expect(allowedActions(again)).toContain('make-safe')
  }
})

describe('an order that waits', () => {
  const waiting = [raised, act('acknowledge'), { ...act('pause'), why: 'a valve', pause: 'parts' } as const]

  test('says for what, since when, and who said so', () => {
    const order = foldOrder('1', waiting)
    expect(order).toMatchObject({
      state: 'acknowledged',
      pause: { reason: 'parts', sinceMs: 7_000, who: 'li', why: 'a valve' },
    })
    expect(allowedActions(order)).toEqual(expect.arrayContaining(['pause', 'resume', 'start']))
    expect(allowedActions(after('acknowledge'))).not.toContain('resume')
  })

  test.each<[string, OrderEvent[]]>([
    ['somebody goes on', [act('resume')]],
    ['it is done', [act('start'), act('resolve')]],
    ['it is called off', [act('cancel')]],
    ['the machine relapses', [{ type: 'relapsed', atMs: 8_000, report }]],
    ['it becomes part of another', [{ type: 'merged', atMs: 8_000, into: '2', reason: { zh: '', en: '' } }]],
  ])('waits no longer when %s', (_name, events) => {
    expect(foldOrder('1', [...waiting, ...events]).pause).toBeUndefined()
  })

  test('nobody can put off an order that nobody has taken note of', () => {
    expect(allowedActions(after())).not.toContain('pause')
    expect(allowedActions(after(...paths.reopened))).not.toContain('pause')
  })
})

function act(action: OrderAction): OrderEvent {
  return { type: 'acted', atMs: 7_000, action, who: 'li' }
}

test('who closes an order closes it once, whatever is said of it afterwards', () => {
  const closed = after('acknowledge', 'start', 'resolve', 'verify')
  expect(isJustClosed(closed)).toBe(true)
  const comment = { type: 'commented', atMs: 9_000, who: 'wang' }
  const later = { ...closed, history: [...closed.history, comment] }
  expect(isJustClosed(later)).toBe(false)
  expect(closingOf(later)).toMatchObject({ type: 'verify', who: 'li' })
  expect(isJustClosed(after('acknowledge'))).toBe(false)
})

test('a recovered machine proposes, and closes nothing', () => {
  const order = foldOrder('1', [
    raised,
    { type: 'recovered', atMs: 5_000, reason: { zh: '恢复', en: 'clear' } },
  ])
  expect(order).toMatchObject({ state: 'open', recoveredAtMs: 5_000 })
})

test('a leak that turns out to be a burst is the same order, more severe; it never gets less severe by itself', () => {
  const burst: IncidentReport = { ...report, rule: 'H01', severity: 'P1', households: 1_200 }
  const order = foldOrder('1', [
    raised,
    { type: 'updated', atMs: 2_000, report: burst },
    { type: 'updated', atMs: 3_000, report: { ...burst, severity: 'P3' } },
  ])
  expect(order).toMatchObject({ id: '1', rule: 'H01', severity: 'P1', households: 1_200, openedAtMs: 1_000 })
})

test('whatever happens in whatever order, the history grows and only people or a merge close an order', () => {
  const happening = fc.oneof(
    fc.constantFrom(...orderActions).map((action) => ({ type: 'act' as const, action })),
    fc.constantFrom('updated', 'recovered', 'relapsed').map((type) => ({ type })),
  )
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
      const events: OrderEvent[] = [raised]
      for (const [index, happened] of happenings.entries()) {
        const before = foldOrder('1', events)
        const event = eventOf(happened, before, 2_000 + index)
        if (!event) continue
        events.push(event)
        const now = foldOrder('1', events)
        expect(now.history).toHaveLength(before.history.length + 1)
        if (isClosed(now.state) && !isClosed(before.state)) expect(event.type).toBe('acted')
        expect(now.closedAtMs !== undefined).toBe(isClosed(now.state))
        expect(now.severity <= before.severity).toBe(true)
      }
    }),
  )
})

function eventOf(
  happened: { type: string; action?: OrderAction },
  order: WorkOrder,
  atMs: number,
): OrderEvent | undefined {
  if (happened.action) {
    const decided = decide(order, happened.action, {
      who: 'li',
      why: 'because',
      assignee: 'wang',
      pause: 'parts',
      atMs,
    })
    return decided.ok ? decided.event : undefined
  }
  if (happened.type === 'recovered') return { type: 'recovered', atMs, reason: { zh: '恢复', en: 'clear' } }
  return { type: happened.type === 'relapsed' ? 'relapsed' : 'updated', atMs, report }
}
