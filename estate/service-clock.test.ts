import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clockRuns, reachedAtMs, serviceClocks, type ServiceClock } from './service-clock.ts'
import { countedLevels, defaultServiceLevels, serviceLevels } from './service-levels.ts'
import type { ClockName } from './service-words.ts'
import { orderActions, type HistoryEntry, type Severity } from './work-order.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const levels = countedLevels(defaultServiceLevels, 'Asia/Shanghai')
/** A Wednesday, before work. */
const startMs = Date.parse('2026-11-25T07:30:00+08:00')

/** Minutes after the order was raised, what happened, and what more is known of it. */
type Line = [atMin: number, type: string, more?: Partial<HistoryEntry>]

function order(severity: Severity, ...lines: Line[]) {
  const told = lines.map(([atMin, type, more]) => ({ type, atMs: startMs + atMin * minuteMs, ...more }))
  return { history: [{ type: 'raised', atMs: startMs, severity }, ...told] }
}

function clockOf(clock: ClockName, of: ReturnType<typeof order>, nowMin: number): ServiceClock | undefined {
  return serviceClocks(of, levels, startMs + nowMin * minuteMs).find((one) => one.clock === clock)
}

/** `running 4/5`: state, minutes counted, minutes of the target. */
function said(clock: ServiceClock | undefined): string {
  return clock ? `${clock.state} ${clock.elapsedMs / minuteMs}/${clock.targetMs / minuteMs}` : 'no target'
}

describe('what a clock says', () => {
  const parts: Partial<HistoryEntry> = { who: 'li', pause: 'parts' }
  const away: Partial<HistoryEntry> = { who: 'li', pause: 'resident-away' }
  const p1 = (...lines: Line[]) => order('P1', ...lines)
  const p2 = (...lines: Line[]) => order('P2', ...lines)

  test.each<[string, ClockName, ReturnType<typeof order>, number, string]>([
    ['a P1 has five minutes to be answered', 'acknowledge', p1(), 4, 'running 4/5'],
    ['to the very end', 'acknowledge', p1(), 5, 'running 5/5'],
    ['and is breached after', 'acknowledge', p1(), 6, 'breached 6/5'],
    ['an answer stops it', 'acknowledge', p1([3, 'acknowledge']), 90, 'met 3/5'],
    ['an answer too late as well', 'acknowledge', p1([7, 'acknowledge']), 90, 'late-met 7/5'],
    ['who is given it has been told of it', 'acknowledge', p1([2, 'assign']), 90, 'met 2/5'],
    ['the machine answers for nobody', 'acknowledge', p1([2, 'recovered']), 4, 'running 4/5'],
    ['a comment is no answer', 'acknowledge', p1([2, 'commented', { who: 'li' }]), 4, 'running 4/5'],
    ['to answer is not to be there', 'on-site', p1([3, 'acknowledge']), 20, 'running 20/30'],
    ['to start is', 'on-site', p1([3, 'acknowledge'], [25, 'start']), 40, 'met 25/30'],
    ['to be there is not to have made safe', 'make-safe', p1([3, 'start']), 61, 'breached 61/60'],
    ['safe before anybody wrote that he is there', 'make-safe', p1([8, 'make-safe']), 61, 'met 8/60'],
    ['the machine says when it was restored', 'restore', p1([90, 'recovered']), 300, 'met 90/240'],
    ['else he who resolves it', 'restore', p1([3, 'start'], [250, 'resolve']), 300, 'late-met 250/240'],
    [
      'whichever was first',
      'restore',
      p1([3, 'start'], [100, 'resolve'], [90, 'recovered']),
      300,
      'met 90/240',
    ],
    ['recovered before anybody was told', 'restore', p1([-20, 'recovered']), 10, 'met 0/240'],
    ['a false alarm is not served', 'on-site', p1([3, 'acknowledge'], [10, 'cancel']), 99, 'void 10/30'],
    [
      'but calling it off too late does not help',
      'on-site',
      p1([3, 'acknowledge'], [40, 'cancel']),
      99,
      'breached 40/30',
    ],
    ['nor does it undo an answer', 'acknowledge', p1([3, 'acknowledge'], [40, 'cancel']), 99, 'met 3/5'],
    ['an order that became part of another', 'restore', p1([40, 'merged']), 99, 'void 40/240'],
    ['a P2 need not be made safe', 'make-safe', p2(), 10, 'no target'],
    ['a P4 need not be answered', 'acknowledge', order('P4'), 10, 'no target'],

    ['waiting for parts', 'restore', p2([5, 'acknowledge'], [60, 'pause', parts]), 200, 'paused 60/1440'],
    ['and going on', 'restore', p2([60, 'pause', parts], [200, 'resume']), 210, 'running 70/1440'],
    [
      'going on twice is going on',
      'restore',
      p2([60, 'pause', parts], [200, 'resume'], [205, 'resume']),
      210,
      'running 70/1440',
    ],
    [
      'another reason is no second pause',
      'restore',
      p2([60, 'pause', parts], [100, 'pause', away], [200, 'resume']),
      210,
      'running 70/1440',
    ],
    ['nobody needs parts to be there', 'on-site', p2([60, 'pause', parts]), 100, 'running 100/120'],
    ['but somebody at home', 'on-site', p2([60, 'pause', away]), 100, 'paused 60/120'],
    ['not for a P1: the valve is in the street', 'on-site', p1([3, 'pause', away]), 20, 'running 20/30'],
    ['a P1 is made safe whatever it waits for', 'make-safe', p1([3, 'pause', parts]), 20, 'running 20/60'],
    [
      'done while it waited',
      'restore',
      p2([60, 'pause', parts], [90, 'start'], [120, 'resolve']),
      300,
      'met 60/1440',
    ],
    ['paused too late to help', 'restore', p1([250, 'pause', parts]), 300, 'breached 250/240'],
    [
      'a pause forgotten for a fortnight',
      'restore',
      p2([60, 'pause', parts]),
      14 * 1440 + 100,
      'running 100/1440',
    ],
    [
      'a relapse ends the waiting',
      'restore',
      p2([60, 'pause', parts], [100, 'relapsed', { severity: 'P2' }]),
      110,
      'running 70/1440',
    ],

    [
      'in hand, a relapse asks for no new answer',
      'acknowledge',
      p1([3, 'acknowledge'], [50, 'recovered'], [60, 'relapsed']),
      70,
      'met 3/5',
    ],
    [
      'but goes on being out of order',
      'restore',
      p1([3, 'acknowledge'], [50, 'recovered'], [60, 'relapsed']),
      70,
      'running 60/240',
    ],
    [
      'a relapse of what was done does',
      'acknowledge',
      p1([3, 'start'], [50, 'resolve'], [60, 'relapsed']),
      64,
      'running 4/5',
    ],
    [
      'somebody has to come again',
      'on-site',
      p1([3, 'start'], [50, 'resolve'], [55, 'verify'], [60, 'reopen']),
      95,
      'breached 35/30',
    ],
    ['and has', 'on-site', p1([3, 'start'], [50, 'resolve'], [60, 'reopen'], [70, 'start']), 99, 'met 10/30'],
    [
      'restoring goes on from where it stood',
      'restore',
      p1([3, 'start'], [50, 'resolve'], [60, 'reopen']),
      90,
      'running 80/240',
    ],
    [
      'twice',
      'restore',
      p1([3, 'start'], [50, 'resolve'], [60, 'reopen'], [70, 'start'], [80, 'resolve'], [100, 'reopen']),
      101,
      'running 71/240',
    ],
    ['a false alarm that was none', 'acknowledge', p1([2, 'cancel'], [30, 'reopen']), 33, 'running 3/5'],

    [
      'it turns out grave: counted from the start',
      'acknowledge',
      p2([10, 'updated', { severity: 'P1' }]),
      10,
      'breached 10/5',
    ],
    ['not before it did', 'acknowledge', p2([10, 'updated', { severity: 'P1' }]), 9, 'running 9/15'],
    [
      'what was answered in time stays answered in time',
      'acknowledge',
      p2([8, 'acknowledge'], [10, 'updated', { severity: 'P1' }]),
      12,
      'met 8/15',
    ],
    ['a target there was not', 'make-safe', p2([10, 'updated', { severity: 'P1' }]), 20, 'running 20/60'],
    [
      'less grave by the machine is nothing',
      'acknowledge',
      p1([3, 'updated', { severity: 'P3' }]),
      4,
      'running 4/5',
    ],

    ['a P3 before work', 'acknowledge', order('P3'), 28, 'running 0/240'],
    ['a P3 at noon', 'acknowledge', order('P3'), 300, 'running 240/240'],
    ['a P3 in the afternoon', 'acknowledge', order('P3'), 400, 'breached 250/240'],
  ])('%s', (_name, clock, of, nowMin, words) => {
    expect(said(clockOf(clock, of, nowMin))).toBe(words)
  })
})

test('when it is due is said while it runs, also where nobody is at work; not while it waits, nor once it is met', () => {
  const dueMin = (of: ReturnType<typeof order>, clock: ClockName, nowMin: number) => {
    const dueAtMs = clockOf(clock, of, nowMin)?.dueAtMs
    return dueAtMs === undefined ? undefined : (dueAtMs - startMs) / minuteMs
  }
  const waits = order('P2', [60, 'pause', { pause: 'parts' }])
  expect(dueMin(order('P1'), 'acknowledge', 3)).toBe(5)
  expect(dueMin(order('P1'), 'acknowledge', 9)).toBe(5)
  expect(dueMin(order('P3'), 'acknowledge', 3), '12:00').toBe(270)
  expect(dueMin(waits, 'restore', 70)).toBeUndefined()
  expect(
    dueMin(
      { history: [...waits.history, { type: 'resume', atMs: startMs + 100 * minuteMs }] },
      'restore',
      110,
    ),
  ).toBe(1480)
  expect(dueMin(order('P1', [3, 'acknowledge']), 'acknowledge', 9)).toBeUndefined()
  expect(dueMin(order('P1', [8, 'acknowledge']), 'acknowledge', 9)).toBe(5)
})

test('outside working time a clock of working time runs and does not count', () => {
  const night = clockOf('acknowledge', order('P3'), 28)
  expect(night).toMatchObject({ state: 'running', counting: false, elapsedMs: 0 })
  expect(clockOf('acknowledge', order('P3'), 31)).toMatchObject({ state: 'running', counting: true })
})

describe('whatever happens to an order', () => {
  const happening = fc.record({
    atMs: fc.integer({ min: -hourMs, max: 30 * 24 * hourMs }).map((ms) => startMs + ms),
    type: fc.constantFrom(...orderActions, 'updated', 'recovered', 'relapsed', 'merged', 'commented'),
    severity: fc.constantFrom<Severity[]>('P1', 'P2', 'P3', 'P4'),
    pause: fc.constantFrom('parts' as const, 'resident-away' as const, 'weather' as const),
  })
  const entry = ({
    atMs,
    type,
    severity,
    pause,
  }: {
    atMs: number
    type: string
    severity: Severity
    pause: 'parts' | 'resident-away' | 'weather'
  }): HistoryEntry => ({
    atMs,
    type,
    ...(type === 'pause' && { pause }),
    ...(['updated', 'relapsed'].includes(type) && { severity }),
  })
  const entries = fc.array(happening.map(entry), { maxLength: 12 })
  const severity = fc.constantFrom<Severity[]>('P1', 'P2', 'P3', 'P4')
  const after = fc.integer({ min: 0, max: 40 * 24 * hourMs })

  test('no clock counts less than nothing, more than has passed, or backwards', () => {
    fc.assert(
      fc.property(severity, entries, after, after, (gravity, told, early, more) => {
        const history = [{ type: 'raised', atMs: startMs, severity: gravity }, ...told]
        const clockAt = (ms: number) => serviceClocks({ history }, levels, startMs + ms)
        for (const { elapsedMs } of [...clockAt(early), ...clockAt(early + more)])
          expect(elapsedMs).toBeGreaterThanOrEqual(0)
        for (const { elapsedMs } of clockAt(early)) expect(elapsedMs).toBeLessThanOrEqual(early)
        const lastMs = Math.max(0, ...told.map(({ atMs }) => atMs - startMs))
        const later = new Map(clockAt(lastMs + early + more).map((one) => [one.clock, one]))
        for (const { clock, elapsedMs } of clockAt(lastMs + early))
          expect(later.get(clock)?.elapsedMs, clock).toBeGreaterThanOrEqual(elapsedMs)
      }),
    )
  })

  test('what is due has counted its target when it is due', () => {
    fc.assert(
      fc.property(severity, entries, after, (gravity, told, ms) => {
        const history = [{ type: 'raised', atMs: startMs, severity: gravity }, ...told]
        for (const run of clockRuns({ history }, levels, startMs + ms)) {
          const dueMs = reachedAtMs(run, levels, run.target.withinMs)
          if (dueMs === undefined || dueMs > startMs + ms) continue
          const now = serviceClocks({ history }, levels, startMs + ms).find(
            ({ clock }) => clock === run.clock,
          )
          expect(now?.elapsedMs).toBeGreaterThanOrEqual(run.target.withinMs)
        }
      }),
    )
  })

  test('what is told within a round may be told in any order', () => {
    const steps = fc.uniqueArray(
      fc.constantFrom('acknowledge', 'start', 'make-safe', 'recovered', 'updated', 'commented'),
      { selector: (type) => type },
    )
    const told = steps.chain((chosen) =>
      fc.record({
        inOrder: fc.tuple(...chosen.map((type) => happening.map((one) => entry({ ...one, type })))),
        shuffle: fc.shuffledSubarray([...chosen.keys()], { minLength: chosen.length }),
      }),
    )
    fc.assert(
      fc.property(severity, told, after, (gravity, { inOrder, shuffle }, ms) => {
        const raised = { type: 'raised', atMs: startMs, severity: gravity }
        const shuffled = shuffle.flatMap((at) => inOrder[at] ?? [])
        const clocksOf = (lines: readonly HistoryEntry[]) =>
          serviceClocks({ history: [raised, ...lines] }, levels, startMs + ms)
        expect(clocksOf(shuffled)).toEqual(clocksOf(inOrder))
      }),
    )
  })

  test('without a pause, an hour passed is an hour counted by every clock that runs around the clock', () => {
    fc.assert(
      fc.property(fc.constantFrom<Severity[]>('P1', 'P2'), after, (gravity, ms) => {
        for (const { elapsedMs } of serviceClocks(order(gravity), levels, startMs + ms))
          expect(elapsedMs).toBe(ms)
      }),
    )
  })

  test('saying a pause or its end twice changes nothing', () => {
    fc.assert(
      fc.property(severity, entries, after, fc.nat({ max: 11 }), (gravity, told, ms, which) => {
        const raised = { type: 'raised', atMs: startMs, severity: gravity }
        const again = told.flatMap((line, at) =>
          at === which && ['pause', 'resume'].includes(line.type) ? [line, line] : [line],
        )
        const clocksOf = (lines: readonly HistoryEntry[]) =>
          serviceClocks({ history: [raised, ...lines] }, levels, startMs + ms)
        expect(clocksOf(again)).toEqual(clocksOf(told))
      }),
    )
  })
})

test('one number of a site is changed and the others stay', () => {
  const changed = serviceLevels.parse({ targets: { P1: { acknowledge: { withinMs: 3 * minuteMs } } } })
  expect(changed.targets.P1.acknowledge).toEqual({ withinMs: 3 * minuteMs, counts: 'always' })
  expect(changed.targets.P1.restore).toEqual(defaultServiceLevels.targets.P1.restore)
  expect(changed.targets.P2).toEqual(defaultServiceLevels.targets.P2)
})

test('no configuration lets a pause stop the answer or the making safe', () => {
  const most = {
    ...levels,
    pauses: serviceLevels.parse({ pauses: { weather: 'on-site-and-restore' } }).pauses,
  }
  const of = order(
    'P2',
    [5, 'acknowledge'],
    [10, 'updated', { severity: 'P1' }],
    [11, 'pause', { pause: 'weather' }],
  )
  const paused = serviceClocks(of, most, startMs + 20 * minuteMs).filter(({ state }) => state === 'paused')
  expect(paused.map(({ clock }) => clock)).toEqual(['restore'])
})
