import { describe, expect, test } from 'vitest'
import { transition, type Observation, type Timing, type Unwatched } from './alarm.ts'
import { goesOn, isBreached, neverRaised, stands, type Alarm } from './alarm-state.ts'

const second = 1_000
const timing: Timing = { onDelayMs: 20_000, offDelayMs: 60_000, latch: false, shelvable: true }
const latching: Timing = { ...timing, latch: true, shelvable: false }

const trip: Observation = { type: 'trip' }
const breach: Observation = { type: 'breach' }
const between: Observation = { type: 'between' }
const calm: Observation = { type: 'calm' }
const noData: Observation = { type: 'no-data' }
const acknowledge: Observation = { type: 'acknowledge', by: 'li' }
const reset: Observation = { type: 'reset', by: 'li' }
const shelve: Observation = { type: 'shelve', by: 'li', why: 'works on the main', untilMs: 3_600_000 }

const at = 100 * second
const normal: Alarm = neverRaised
const pending: Alarm = { state: 'pending', sinceMs: 90 * second, why: '' }
const active: Alarm = { state: 'active-unacknowledged', sinceMs: 0, calmSinceMs: null, why: '' }
const calming: Alarm = { ...active, calmSinceMs: 40 * second }
const acknowledged: Alarm = {
  state: 'active-acknowledged',
  sinceMs: 0,
  calmSinceMs: 40 * second,
  by: 'li',
  why: '',
}
const returned: Alarm = { state: 'returned-unacknowledged', sinceMs: 0, breachSinceMs: null, why: '' }
const relapsing: Alarm = { ...returned, breachSinceMs: 80 * second }
const latched: Alarm = { state: 'latched', sinceMs: 0, breachSinceMs: null, acknowledged: true, why: '' }
const unknown: Alarm = { state: 'unknown', sinceMs: 0, beneath: active, why: 'no data' }
const shelved: Alarm = {
  state: 'shelved',
  sinceMs: 0,
  beneath: active,
  by: 'li',
  untilMs: 200 * second,
  why: '',
}
const suppressed: Alarm = { state: 'suppressed', sinceMs: 0, beneath: active, by: 'station|x', why: '' }
const away: Unwatched = { state: 'out-of-service', by: 'li', untilMs: 3_600_000, why: 'commissioning' }
const outOfService: Alarm = { ...away, sinceMs: 0, beneath: active }
const unserved: Timing = { ...timing, unwatched: away }
const summer: Timing = { ...timing, unwatched: { state: 'suppressed-by-design', why: 'not watched in off' } }
const byDesign: Alarm = {
  state: 'suppressed-by-design',
  sinceMs: 0,
  beneath: active,
  why: 'not watched in off',
}
const watchChanged: Observation = { type: 'watch-changed' }

describe('what moves an alarm', () => {
  test.each<[string, Alarm, Observation, Timing, Alarm['state']]>([
    ['a first breach is only suspected', normal, breach, timing, 'pending'],
    [
      'without an on-delay it is an alarm',
      normal,
      breach,
      { ...timing, onDelayMs: 0 },
      'active-unacknowledged',
    ],
    [
      'a breach that held is an alarm',
      { ...pending, sinceMs: 80 * second },
      breach,
      timing,
      'active-unacknowledged',
    ],
    ['what the device itself has acted on is one at once', normal, trip, timing, 'active-unacknowledged'],
    ['also when it was only suspected', pending, trip, timing, 'active-unacknowledged'],
    ['also when it had returned', returned, trip, timing, 'active-unacknowledged'],
    ['a breach that ended is forgotten', pending, calm, timing, 'normal'],
    ['so is one that only hovers', pending, between, timing, 'normal'],
    ['a person acknowledges', active, acknowledge, timing, 'active-acknowledged'],
    [
      'a lasting calm returns it, still to be seen by someone',
      calming,
      calm,
      timing,
      'returned-unacknowledged',
    ],
    ['an acknowledged one that is calm is over', acknowledged, calm, timing, 'normal'],
    ['a latching one waits for an inspection', calming, calm, latching, 'latched'],
    ['even if acknowledged', acknowledged, calm, latching, 'latched'],
    ['a relapse that held is an alarm again', relapsing, breach, timing, 'active-unacknowledged'],
    ['someone saw that it had returned', returned, acknowledge, timing, 'normal'],
    ['an inspection resets the latch', latched, reset, latching, 'normal'],
    ['lost data freezes an active alarm', active, noData, timing, 'unknown'],
    ['and a normal one', normal, noData, timing, 'unknown'],
    ['data that comes back evaluates it anew', unknown, breach, timing, 'active-unacknowledged'],
    ['and does not clear it at once', unknown, calm, timing, 'active-unacknowledged'],
    ['a shelf is for those who ask', active, shelve, timing, 'shelved'],
    [
      'and ends when its time is over',
      { ...shelved, untilMs: at },
      { type: 'time-passed' },
      timing,
      active.state,
    ],
    ['or when they take it back', shelved, { type: 'unshelve' }, timing, 'active-unacknowledged'],
    [
      'an alarm that something explains is suppressed',
      active,
      { type: 'suppress', by: 'x' },
      timing,
      'suppressed',
    ],
    ['until it has to stand for itself', suppressed, { type: 'release' }, timing, 'active-unacknowledged'],
    [
      'when it returns nothing is left to suppress',
      { ...suppressed, beneath: calming },
      calm,
      timing,
      'normal',
    ],
    ['a sensor under repair is out of service', active, watchChanged, unserved, 'out-of-service'],
    ['also when something explains it', suppressed, watchChanged, unserved, 'out-of-service'],
    ['back in service, a breach has to hold anew', outOfService, watchChanged, timing, 'pending'],
    ['a latching one has to be inspected', outOfService, watchChanged, latching, 'latched'],
    [
      'what was only suspected is forgotten',
      { ...outOfService, beneath: pending },
      watchChanged,
      timing,
      'normal',
    ],
    ['frozen it stays', { ...outOfService, beneath: unknown }, watchChanged, timing, 'unknown'],
    ['a breach begins under its cover', normal, breach, unserved, 'out-of-service'],
    ['and needs none when it is over', { ...outOfService, beneath: calming }, calm, unserved, 'normal'],
    ['when the season turns, its rules rest', active, watchChanged, summer, 'suppressed-by-design'],
    ['even shelved ones', shelved, watchChanged, summer, 'suppressed-by-design'],
    ['and a summer breach stays under cover', normal, breach, summer, 'suppressed-by-design'],
    ['until the season turns back', byDesign, watchChanged, timing, 'pending'],
  ])('%s', (_, was, seen, how, state) => {
    expect(transition(was, seen, at, how).state).toBe(state)
  })
})

describe('what must not move an alarm', () => {
  test.each<[string, Alarm, Observation, Timing]>([
    ['calm where all is normal', normal, calm, timing],
    ['a value between the limits where all is normal', normal, between, timing],
    ['a breach that has not held yet', pending, breach, timing],
    ['an acknowledgement before there is an alarm', pending, acknowledge, timing],
    ['time alone, while suspected', pending, { type: 'time-passed' }, timing],
    ['time alone, while active', active, { type: 'time-passed' }, timing],
    ['more of the same breach', active, breach, timing],
    ['a value between the limits, which is not calm', active, between, timing],
    ['a reset while the breach goes on', active, reset, latching],
    ['a second acknowledgement', acknowledged, acknowledge, timing],
    ['calm, after it has returned', returned, calm, timing],
    ['calm, while latched', latched, calm, latching],
    ['an acknowledgement, while latched', latched, acknowledge, latching],
    ['more silence', unknown, noData, timing],
    ['a shelf for a grave one (P1)', active, shelve, latching],
    ['a shelf for more than 8 h', active, { ...shelve, untilMs: at + 9 * 3_600_000 }, timing],
    ['a shelf that would end before it begins', active, { ...shelve, untilMs: at - 1 }, timing],
    ['the shelf time, before it is over', shelved, { type: 'time-passed' }, timing],
    ['being explained, while on the shelf', shelved, { type: 'suppress', by: 'x' }, timing],
    ['release of what was never suppressed', active, { type: 'release' }, timing],
    ['a breach, out of service', outOfService, breach, unserved],
    ['a season in which it is watched as before', active, watchChanged, timing],
    ['a season in which it is as little watched', byDesign, watchChanged, summer],
    ['the season, where all is normal', normal, watchChanged, summer],
    ['being explained, out of service', outOfService, { type: 'suppress', by: 'x' }, unserved],
    ['a shelf, out of season', byDesign, shelve, summer],
  ])('%s', (_, was, seen, how) => {
    expect(transition(was, seen, at, how)).toBe(was)
  })
})

test.each<[Alarm, { stands: boolean; goesOn: boolean; isBreached: boolean }]>([
  [normal, { stands: false, goesOn: false, isBreached: false }],
  [pending, { stands: false, goesOn: false, isBreached: false }],
  [active, { stands: true, goesOn: true, isBreached: true }],
  [acknowledged, { stands: true, goesOn: true, isBreached: true }],
  [returned, { stands: false, goesOn: false, isBreached: false }],
  [latched, { stands: true, goesOn: true, isBreached: true }],
  [unknown, { stands: true, goesOn: true, isBreached: true }],
  [shelved, { stands: false, goesOn: true, isBreached: true }],
  [suppressed, { stands: true, goesOn: true, isBreached: true }],
  [byDesign, { stands: false, goesOn: false, isBreached: true }],
  [outOfService, { stands: false, goesOn: false, isBreached: true }],
])('$state: does it stand, go on, is it breached?', (alarm, is) => {
  expect({ stands: stands(alarm), goesOn: goesOn(alarm), isBreached: isBreached(alarm) }).toEqual(is)
})

/** Second, what the sample says, state left in. */
type Trace = [number, Observation, Alarm['state']][]

const traces: Record<string, Trace> = {
  'a spike shorter than the on-delay is forgotten': [
    [0, calm, 'normal'],
    [10, breach, 'pending'],
    [20, breach, 'pending'],
    [25, calm, 'normal'],
    [30, breach, 'pending'],
    [49, breach, 'pending'],
    [50, breach, 'active-unacknowledged'],
  ],
  'a value that hovers between the limits keeps the alarm': [
    [0, breach, 'pending'],
    [20, breach, 'active-unacknowledged'],
    [40, calm, 'active-unacknowledged'],
    [90, between, 'active-unacknowledged'],
    [110, calm, 'active-unacknowledged'],
    [160, calm, 'active-unacknowledged'],
    [170, calm, 'returned-unacknowledged'],
  ],
  'a relapse while calming down is the same alarm': [
    [0, breach, 'pending'],
    [20, breach, 'active-unacknowledged'],
    [40, calm, 'active-unacknowledged'],
    [50, breach, 'active-unacknowledged'],
    [99, calm, 'active-unacknowledged'],
    [120, calm, 'active-unacknowledged'],
    [160, calm, 'returned-unacknowledged'],
  ],
  'silence for an hour neither clears an alarm nor counts as calm': [
    [0, breach, 'pending'],
    [20, breach, 'active-unacknowledged'],
    [30, calm, 'active-unacknowledged'],
    [200, noData, 'unknown'],
    [3_800, calm, 'active-unacknowledged'],
    [3_859, calm, 'active-unacknowledged'],
    [3_860, calm, 'returned-unacknowledged'],
  ],
  'a breach on both sides of a silence has to hold anew': [
    [0, breach, 'pending'],
    [200, noData, 'unknown'],
    [3_800, breach, 'pending'],
    [3_820, breach, 'active-unacknowledged'],
  ],
}

test.each(Object.entries(traces))('%s', (_, trace) => {
  let alarm: Alarm = neverRaised
  for (const [atSecond, seen, state] of trace) {
    alarm = transition(alarm, seen, atSecond * second, timing)
    expect([atSecond, alarm.state]).toEqual([atSecond, state])
  }
})
