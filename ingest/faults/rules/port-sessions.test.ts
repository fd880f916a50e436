import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stopReasons } from '../../../firmware-contracts/words.ts'
import { newEngine, type Event } from '../twenty-houses.fixture.ts'
import { ordersAfter, port, portNode, tellShed } from './charging.fixture.ts'
import { emptyWarmth, followWarmth } from './port-warmth.ts'

const at = portNode()
const dead = [`C07 P3 ${at}`]
const long = [`C08 P4 ${at}`]

interface Session {
  sid: number
  atSecond: number
  lastsS?: number
  w10?: number
  wh?: number
  reason?: string
  error?: string
}

/** A session as the port tells of it: its events, its states, and a measurement every half minute. */
function session({
  sid,
  atSecond,
  lastsS = 70,
  w10 = 0,
  wh = 0,
  reason = 'no_power',
  error,
}: Session): Event[] {
  const end = atSecond + lastsS
  return [
    port(atSecond, { ev: 'session_start', sid, se_wh: 0 }, { class: 'event' }),
    port(atSecond + 0.1, { phase: 'charging', relay_cmd: 1, sid, error: 'none' }, { class: 'state' }),
    port(atSecond + 30, { p_w10: w10, sid, se_wh: 0, sdur_s: 30, relay_cmd: 1 }),
    port(end, { ev: 'session_stop', stop_reason: reason, sid, se_wh: wh }, { class: 'event' }),
    port(end + 0.1, { phase: 'finishing', relay_cmd: 0, sid, ...(error !== undefined && { error }) }, { class: 'state' }),
    port(end + 60, { phase: 'idle', relay_cmd: 0 }, { class: 'state' }),
  ] // prettier-ignore
}

const inARow = (...sessions: Omit<Session, 'sid' | 'atSecond'>[]) =>
  sessions.flatMap((each, nth) => session({ sid: nth + 1, atSecond: nth * 900, ...each }))

describe('C07 port dead', () => {
  const empty = { error: 'no_output' }
  const good = { w10: 1_100, wh: 2, reason: 'user' }

  test.each<[string, Event[], string[]]>([
    ['three sessions in a row without power', inARow(empty, empty, empty), dead],
    ['two are somebody’s loose plug', inARow(empty, empty), []],
    ['a good one between them is proof that it works', inARow(empty, empty, good, empty), []],
    ['a resident who unplugs early is no dead port', inARow(...[1, 2, 3].map(() => ({ reason: 'unplugged', lastsS: 300 }))), []],
    ['nor one who ends the session himself', inARow(...[1, 2, 3].map(() => ({ reason: 'user' }))), []],
    ['nor a shed that was switched off within seconds', inARow(...[1, 2, 3].map(() => ({ lastsS: 40 }))), []],
    ['nor a charger that draws a watt', inARow(...[1, 2, 3].map(() => ({ w10: 40, reason: 'full' }))), []],
    ['a session told twice is counted once', [...inARow(empty, empty), port(1_800, { ev: 'alarm', error: 'no_output', sid: 2 }, { class: 'event' })], []],
    ['a fuse that the precheck found blown', [port(0, { phase: 'faulted', error: 'no_output', fuse: 1 }, { class: 'state' })], dead],
    ['a precheck that found no way for a current', [port(0, { phase: 'faulted', error: 'no_output', fuse: 0 }, { class: 'state' })], dead],
  ])('%s', (_, events, orders) => expect(ordersAfter(events)).toEqual(orders)) // prettier-ignore

  test('whatever one message of each session is lost', () => {
    const whole = inARow(empty, empty, empty)
    for (let lost = 0; lost < 6; lost++)
      expect([lost, ordersAfter(whole.filter((_, index) => index % 6 !== lost))]).toEqual([lost, dead])
  })

  test('one good session ends it', () => {
    const engine = newEngine()
    const changes = tellShed(
      [...inARow(empty, empty, empty), ...session({ sid: 9, atSecond: 3_000, ...good })],
      engine,
    )
    expect(changes.map(({ type }) => type)).toContain('recovered')
  })

  test('three dead ports of a shed are one order at the shed', () => {
    const blown = ['p01', 'p02', 'p03'].map((name, second) =>
      port(second, { fuse: 1 }, { name, class: 'state' }),
    )
    expect(ordersAfter(blown)).toEqual(['C07 P2 hengkang-shed1-ctl'])
  })
})

describe('C08 session over time', () => {
  const running = (sid: number, lastedS: number, atSecond = lastedS) =>
    port(atSecond, { sid, sdur_s: lastedS, relay_cmd: 1, p_w10: 1_200, se_wh: 900 })
  const ended = (sid: number, lastedS: number, atSecond = lastedS) =>
    port(atSecond, { sid, sdur_s: lastedS, relay_cmd: 0, p_w10: 0, se_wh: 900 })
  const limitS = 36_000
  const stop = (reason: string, atSecond: number) =>
    port(atSecond, { ev: 'session_stop', stop_reason: reason, sid: 1 }, { class: 'event' })

  test.each<[string, Event[], string[]]>([
    ['stopped by its limit of ten hours', [running(1, limitS - 20), stop('time_limit', limitS)], long],
    ['where the stop itself was lost', [running(1, limitS - 600), ended(1, limitS)], long],
    ['that no limit stops', [running(1, limitS - 20), running(1, limitS + 10)], long],
    ['a time that the resident paid for is none', [running(1, 7_180), stop('time_limit', 7_200)], []],
    ['a full battery that stays plugged is none', [running(1, 20_000), ended(1, 20_030), ended(1, limitS + 1), ended(1, limitS + 301)], []],
  ])('%s', (_, events, orders) => expect(ordersAfter(events)).toEqual(orders)) // prettier-ignore

  test('three in a week are a pattern of the port', () => {
    const engine = newEngine()
    const dayS = 24 * 3_600
    const days = [0, 2, 4].flatMap((day) => [
      running(day + 1, limitS - 20, day * dayS + 100),
      ended(day + 1, limitS, day * dayS + 120),
    ])
    tellShed(days, engine)
    expect(new Set(engine.alarms().map(({ key }) => key.split('|')[0]))).toEqual(
      new Set(['C08.often', 'C08.session']),
    )
  })
})

test('what is remembered of a port stays small, whatever it says', () => {
  const values = fc.record({
    sid: fc.integer({ min: 0, max: 3 }),
    p_w10: fc.integer({ min: 0, max: 15_000 }),
    stop_reason: fc.constantFrom(...stopReasons),
    error: fc.constantFrom('none', 'over_current', 'no_output'),
    sdur_s: fc.integer({ min: 35_000, max: 40_000 }),
    relay_cmd: fc.integer({ min: 0, max: 1 }),
    t_port_c10: fc.integer({ min: -400, max: 1_500 }),
  })
  fc.assert(
    fc.property(fc.array(values, { maxLength: 80 }), (said) => {
      const engine = newEngine()
      tellShed(said.map((each, second) => port(second * 30, each)), engine)
      const { sessions, warmth } = engine.snapshot().devices['hengkang-shed1-charger']?.streams.find(({ lane }) => lane === 'p02')?.senses ?? {}
      expect(sessions?.overloadsMs.length ?? 0).toBeLessThanOrEqual(20)
      expect(sessions?.overtimesMs.length ?? 0).toBeLessThanOrEqual(20)
      expect(warmth?.atMs.length ?? 0).toBeLessThanOrEqual(14)
    }),
    { numRuns: 20 },
  ) // prettier-ignore
  const warmth = emptyWarmth()
  for (let second = 0; second < 10_000; second++) followWarmth(warmth, second * 1_000, 200, 86_400_000)
  expect(warmth.c10).toHaveLength(64)
})
