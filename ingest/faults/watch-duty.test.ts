import { describe, expect, test } from 'vitest'
import { buildRegistry } from '../../estate/registry-index.ts'
import type { IncidentChange } from './changes.ts'
import { FaultEngine } from './engine.ts'
import { faultSnapshot } from './engine-state.ts'
import { parametersFrom } from './parameters.ts'
import { minute, morning, opened, says, tell, twentyHouses, type Event } from './twenty-houses.fixture.ts'

/** Return pressure of one house a little too low (H02), said every 30 s, while the station's year turns or somebody
 *  works there. */

const site = 'hengkang'
const house = `${site}-b07`
const device = `${house}-heat`
const alarm = `H02.level|${house}|${device}`
const low = 186
const fine = 224
const hour = 60 * minute
const day = 24 * hour

/** Numbers have gaps here, and nobody waits for them. */
const parametersWith = (more: object = {}) =>
  parametersFrom({ [site]: { arrival: { gapWaitMs: 0 }, ...more } })
const fillTest = (fromMs: number, toMs: number) =>
  parametersWith({ season: { announced: [{ mode: 'fill-test', fromMs, toMs }] } })
const engineWith = (parameters = parametersWith()) =>
  new FaultEngine({ registry: buildRegistry(twentyHouses), parameters, timeZone: 'Asia/Shanghai' })

const saying = (kpa: number, fromMs: number, toMs: number): Event[] =>
  Array.from({ length: Math.ceil((toMs - fromMs) / 30_000) }, (_, at) =>
    says({ device, atMs: fromMs + at * 30_000, values: { p_ret_kpa: kpa } }),
  )
const stateOf = (engine: FaultEngine) => engine.alarms().find(({ key }) => key === alarm)?.state ?? 'normal'
const all = (engine: FaultEngine, events: readonly Event[]) =>
  events.flatMap((event) => [...tell(engine, event)])
const li = { by: 'Li', why: 'new riser' }

describe('in a mode in which its rule is not watched', () => {
  const turnMs = morning + 20 * minute

  test('a breach is seen, suppressed by design, and no order', () => {
    const engine = engineWith(fillTest(0, morning + day))
    const changes = all(engine, saying(low, morning, morning + 10 * minute))
    expect(changes).toEqual([])
    expect(engine.alarms()).toMatchObject([
      {
        key: alarm,
        state: 'suppressed-by-design',
        beneath: 'active-unacknowledged',
        why: 'not watched in fill-test',
      },
    ])
  })

  test('when the mode turns, its delays begin anew, and what goes on is an alarm after them', () => {
    const engine = engineWith(fillTest(0, turnMs))
    all(engine, saying(low, morning, turnMs))
    all(engine, saying(low, turnMs, turnMs + 1.5 * minute))
    expect(stateOf(engine)).toBe('pending')
    all(engine, saying(low, turnMs + 1.5 * minute, turnMs + 3 * minute))
    expect(stateOf(engine)).toBe('active-unacknowledged')
  })

  test('an alarm that stands then stands no longer, and its order learns that this is no recovery', () => {
    const engine = engineWith(fillTest(turnMs, turnMs + hour))
    const before = all(engine, saying(low, morning, turnMs))
    expect(opened(before)).toHaveLength(1)
    const changes = all(engine, saying(low, turnMs, turnMs + 2 * minute))
    expect(stateOf(engine)).toBe('suppressed-by-design')
    expect(changes.map(({ type }) => type)).toEqual(['recovered'])
    expect(reasonOf(changes)).toContain('1 of 1 alarms at Hengkang Homes building 7 is no longer watched')
  })

  test('a season announced while the engine runs holds at once', () => {
    const engine = engineWith()
    all(engine, saying(low, morning, turnMs))
    expect(stateOf(engine)).toBe('active-unacknowledged')
    engine.replaceParameters(fillTest(0, morning + day))
    expect(stateOf(engine)).toBe('suppressed-by-design')
    engine.replaceParameters(parametersWith())
    expect(stateOf(engine)).toBe('pending')
  })

  test('what was covered is covered after a restart, and delays do not fire at it', () => {
    const engine = engineWith(fillTest(0, turnMs))
    all(engine, saying(low, morning, turnMs - minute))
    const next = engineWith(fillTest(0, turnMs))
    next.restore(faultSnapshot.parse(JSON.parse(JSON.stringify(engine.snapshot()))))
    expect(next.alarms()).toEqual(engine.alarms())
    all(next, saying(low, turnMs, turnMs + minute))
    expect(stateOf(next)).toBe('pending')
  })
})

describe('a place out of service', () => {
  const untilMs = morning + 2 * hour
  const takeOut = (engine: FaultEngine, target: string, more = {}) =>
    engine.instruct({ action: 'take-out', target, ...li, untilMs, ...more }, morning)

  test.each([
    ['the house', house],
    ['the branch it hangs on', `${site}-pipe2`],
    ['the station above it', `${site}-station`],
    ['its device', device],
    ['the whole estate', site],
    ['this one alarm', alarm],
  ])('%s: its alarm is out of service, and no order', (_, target) => {
    const engine = engineWith()
    expect(takeOut(engine, target)).toEqual({ changes: [] })
    expect(all(engine, saying(low, morning, morning + 10 * minute))).toEqual([])
    expect(engine.alarms()).toMatchObject([
      {
        key: alarm,
        state: 'out-of-service',
        beneath: 'active-unacknowledged',
        by: 'Li',
        why: 'new riser',
        untilMs,
      },
    ])
    expect(engine.outOfService()).toEqual([{ target, ...li, sinceMs: morning, untilMs }])
  })

  test('another house is watched as before', () => {
    const engine = engineWith()
    takeOut(engine, `${site}-b08`)
    all(engine, saying(low, morning, morning + 10 * minute))
    expect(stateOf(engine)).toBe('active-unacknowledged')
  })

  test('comes back by itself, with delays of its own', () => {
    const engine = engineWith()
    takeOut(engine, house)
    all(engine, saying(low, morning, untilMs + minute))
    expect([stateOf(engine), engine.outOfService()]).toEqual(['pending', []])
    all(engine, saying(low, untilMs + minute, untilMs + 5 * minute))
    expect(stateOf(engine)).toBe('active-unacknowledged')
  })

  test('comes back sooner when somebody puts it back', () => {
    const engine = engineWith()
    takeOut(engine, house)
    all(engine, saying(low, morning, morning + 10 * minute))
    const putBack = { action: 'put-back', target: house, by: 'Li' } as const
    expect(engine.instruct(putBack, morning + 10 * minute).refused).toBeUndefined()
    expect(stateOf(engine)).toBe('pending')
    expect(engine.instruct(putBack, morning + 10 * minute).refused).toContain('is not out of service')
  })

  test('stays out over a restart', () => {
    const engine = engineWith()
    takeOut(engine, house)
    const next = engineWith()
    next.restore(faultSnapshot.parse(JSON.parse(JSON.stringify(engine.snapshot()))))
    expect(next.outOfService()).toEqual(engine.outOfService())
    all(next, saying(low, morning, morning + 10 * minute))
    expect(stateOf(next)).toBe('out-of-service')
  })

  test.each([
    ['for more than seven days', house, { untilMs: morning + 7 * day + 1 }, '7 days at most'],
    ['until yesterday', house, { untilMs: morning - day }, 'in the future'],
    ['where nobody knows it', 'nowhere', {}, 'there is no node, device, site or alarm nowhere'],
  ])('%s is refused', (_, target, more, reason) => {
    expect(takeOut(engineWith(), target, more).refused).toContain(reason)
  })
})

describe('what people say of an alarm', () => {
  const raised = () => {
    const engine = engineWith()
    all(engine, saying(low, morning, morning + 10 * minute))
    return engine
  }
  const nowMs = morning + 10 * minute
  const shelve = { action: 'shelve', alarm, ...li, untilMs: nowMs + hour } as const

  test('on the shelf it is quiet; its order stays as open as it was, and it stands again when the time is over', () => {
    const engine = raised()
    expect(engine.instruct(shelve, nowMs)).toEqual({ changes: [] })
    expect(engine.alarms()).toMatchObject([{ state: 'shelved', by: 'Li', untilMs: nowMs + hour }])
    const changes = all(engine, saying(low, nowMs, nowMs + hour + minute))
    expect(changes.filter(({ type }) => type !== 'updated')).toEqual([])
    expect(stateOf(engine)).toBe('active-unacknowledged')
  })

  test('what ends on the shelf has ended', () => {
    const engine = raised()
    engine.instruct(shelve, nowMs)
    const changes = all(engine, saying(fine, nowMs, nowMs + 20 * minute))
    expect(changes.map(({ type }) => type)).toEqual(['recovered'])
    expect(reasonOf(changes)).toContain('1 of 1 alarms clear')
  })

  test('no data on the shelf clears nothing', () => {
    const engine = raised()
    engine.instruct(shelve, nowMs)
    const silence = Array.from({ length: 12 }, (_, at): Event => ({
      type: 'tick',
      atMs: nowMs + at * minute,
    }))
    expect(all(engine, silence).filter(({ type }) => type === 'recovered')).toEqual([])
    expect(engine.alarms().find(({ key }) => key === alarm)).toMatchObject({
      state: 'shelved',
      beneath: 'unknown',
    })
  })

  test.each([
    ['a shelf for nine hours', { ...shelve, untilMs: nowMs + 9 * hour }, '8 hours at most'],
    ['a shelf that is over', { ...shelve, untilMs: nowMs - 1 }, 'in the future'],
    ['a shelf for a burst', { ...shelve, alarm: `H01.level|${house}|${device}` }, 'P1 is never shelved'],
    ['back from the shelf', { action: 'unshelve', alarm, by: 'Li' } as const, 'it is not shelved'],
    ['a reset of what does not latch', { action: 'reset', alarm, ...li } as const, 'only a latched alarm'],
    ['an alarm of nothing', { ...shelve, alarm: 'H02.level|moon|moon-heat' }, 'there is no such alarm'],
  ])('%s is refused with its reason', (_, said, reason) => {
    expect(raised().instruct(said, nowMs).refused).toContain(reason)
  })

  test('acknowledged once, there is nothing more to acknowledge', () => {
    const engine = raised()
    const acknowledge = { action: 'acknowledge', alarm, by: 'Li' } as const
    expect(engine.instruct(acknowledge, nowMs).refused).toBeUndefined()
    expect(stateOf(engine)).toBe('active-acknowledged')
    expect(engine.instruct(acknowledge, nowMs).refused).toContain('nothing to acknowledge')
  })
})

test('a threshold changed while the engine runs is in force with the next sample; what is pending goes on', () => {
  const engine = engineWith()
  all(engine, saying(low, morning, morning + minute))
  expect(stateOf(engine)).toBe('pending')
  engine.replaceParameters(parametersWith({ H02: { onDelayMs: minute } }))
  all(engine, saying(low, morning + minute, morning + minute + 1))
  expect(stateOf(engine)).toBe('active-unacknowledged')
})

function reasonOf(changes: readonly IncidentChange[]): string | undefined {
  return changes.flatMap((change) => ('reason' in change ? [change.reason.en] : []))[0]
}
