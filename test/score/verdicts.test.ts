import { describe, expect, test } from 'vitest'
import type { Cause } from './causes.ts'
import type { Call } from './order-desk.ts'
import { judge, type Facts } from './verdicts.ts'

const minute = 60_000
const hour = 60 * minute

const burst: Cause = {
  what: 'burst at b14',
  rules: ['H01'],
  brings: [],
  site: 'hengkang',
  devices: ['b14-heat'],
  places: ['b14', 'pipe3', 'station'],
  own: ['b14'],
  fromMs: hour,
  untilMs: 3 * hour,
  severity: 'P1',
}
const leak: Cause = {
  ...burst,
  what: 'leak at b09',
  rules: ['H04', 'H02'],
  places: ['b09', 'pipe2', 'station'],
  own: ['b09'],
}
const hose: Cause = {
  ...burst,
  what: 'hose in f101',
  rules: ['W02'],
  devices: ['f101-water'],
  places: ['f101', 'b01-main'],
  own: ['f101'],
}
const shaft: Cause = {
  ...burst,
  what: 'open shaft',
  rules: ['W07'],
  brings: ['W02'],
  places: ['b05', 'f102'],
  own: ['b05'],
}

const order: Call = {
  order: '1',
  kind: 'opened',
  atMs: hour + minute,
  sinceMs: hour + minute,
  rule: 'H01',
  root: 'station',
  causeClass: 'pressure-loss',
  site: 'hengkang',
  severity: 'P1',
  title: '',
  reason: '',
}

const classes: Record<string, string> = {
  H01: 'pressure-loss',
  H02: 'pressure-loss',
  H04: 'make-up',
  W02: 'household-burst',
  W07: 'freezing',
  D01: 'silence',
}

function verdicts(calls: readonly Partial<Call>[], causes: readonly Cause[], facts: Partial<Facts> = {}) {
  const { judged, detections } = judge({
    causes,
    calls: calls.map((call) => ({ ...order, ...call })),
    survivorOf: (id) => id,
    classOf: (rule) => classes[rule],
    deliveryMs: () => 0,
    wasCutOff: () => false,
    hadLostClock: () => false,
    ...facts,
  })
  return { verdicts: judged.map(({ verdict }) => verdict), found: detections.map(({ cause }) => cause) }
}

const given = (calls: readonly Partial<Call>[], causes: readonly Cause[], facts?: Partial<Facts>) =>
  verdicts(calls, causes, facts).verdicts

describe('an order is true', () => {
  test.each<[string, Partial<Call>]>([
    ['at an ancestor of the place', {}],
    ['at the place itself', { root: 'b14' }],
    ['when another rule of the same cause class names it', { rule: 'H02' }],
    ['up to half an hour after the end', { atMs: 3.5 * hour, sinceMs: 3 * hour }],
    ['the moment the fault begins', { atMs: hour, sinceMs: hour }],
  ])('%s', (_, call) => {
    expect(verdicts([call], [burst])).toEqual({ verdicts: ['true'], found: [0] })
  })

  test('when the upload that tells of it comes as late as the device said it may', () => {
    const late = {
      rule: 'W02',
      root: 'f101',
      causeClass: 'household-burst',
      sinceMs: 2 * hour,
      atMs: 20 * hour,
    }
    expect(given([late], [hose])).toEqual(['false'])
    expect(given([late], [hose], { deliveryMs: () => 24 * hour })).toEqual(['true'])
    expect(given([{ ...late, sinceMs: 4 * hour }], [hose], { deliveryMs: () => 24 * hour })).toEqual([
      'false',
    ])
  })
})

describe('an order is false', () => {
  test.each<[string, Partial<Call>]>([
    ['at a place next door', { root: 'b13' }],
    ['for another cause class', { rule: 'H05', causeClass: 'circulation-lost' }],
    ['before the fault', { atMs: hour - 1, sinceMs: hour - 1 }],
    ['when what it tells of began long before the fault', { sinceMs: hour - 11 * minute }],
    ['more than half an hour after the end', { atMs: 3.5 * hour + 1, sinceMs: 3 * hour }],
  ])('%s', (_, call) => {
    expect(verdicts([call], [burst])).toEqual({ verdicts: ['false'], found: [] })
  })

  test('without any fault at all', () => {
    expect(given([{}], [])).toEqual(['false'])
  })
})

test('a further order for the same fault is one too many', () => {
  expect(given([{}, { order: '2', root: 'b14', atMs: 2 * hour }], [burst])).toEqual(['true', 'further'])
})

test('two faults with one class at one place need two orders', () => {
  const later = { ...leak, rules: ['H02'], fromMs: 2 * hour }
  const two = [{}, { order: '2', rule: 'H02', atMs: 2 * hour + 1, sinceMs: 2 * hour + 1 }]
  expect(verdicts(two, [burst, later])).toEqual({ verdicts: ['true', 'true'], found: [0, 1] })
  expect(verdicts([{}], [burst, later]).found).toEqual([0])
})

describe('an order that comes back', () => {
  const back = { kind: 'relapsed', atMs: 2 * hour, sinceMs: 2 * hour } as const

  test('for the fault it has named is still that one order', () => {
    expect(given([{}, back], [burst])).toEqual(['true'])
  })

  test('names the next fault', () => {
    const again = { ...burst, fromMs: 2 * hour - minute, untilMs: 4 * hour }
    const first = { ...burst, untilMs: 1.2 * hour }
    expect(verdicts([{}, back], [first, again])).toEqual({ verdicts: ['true', 'true'], found: [0, 1] })
  })

  test('with nothing the matter has called somebody in vain', () => {
    const late = { ...back, atMs: 9 * hour, sinceMs: 9 * hour }
    expect(given([{}, late], [burst])).toEqual(['true', 'false'])
  })
})

describe('an order that turns out to be something else', () => {
  test('is true from then on', () => {
    const calls = [{ root: 'b03' }, { kind: 'changed', atMs: hour + 2 * minute }] as const
    expect(verdicts(calls, [burst])).toEqual({ verdicts: ['true'], found: [0] })
  })

  test('may take the place of a fault that began after it', () => {
    const silent = { ...burst, rules: ['D01'], places: ['b05'] }
    const all = { ...burst, rules: ['D01'], places: ['hengkang'], fromMs: 2 * hour }
    const calls = [
      { rule: 'D01', root: 'b05', causeClass: 'silence' },
      {
        rule: 'D02',
        root: 'hengkang',
        causeClass: 'silence',
        kind: 'changed',
        atMs: 2 * hour + 1,
        sinceMs: 2 * hour + 1,
      },
    ] as const
    expect(verdicts(calls, [silent, all]).found).toEqual([0, 1])
  })

  test('and is never false for having been put right', () => {
    const calls = [{}, { kind: 'changed', root: 'elsewhere', atMs: 2 * hour }] as const
    expect(given(calls, [burst])).toEqual(['true'])
  })
})

test('an order that became part of another is no order of its own', () => {
  const merged = { survivorOf: (id: string) => (id === '2' ? '1' : id) }
  const calls = [{}, { order: '2', root: 'b03', atMs: 2 * hour }]
  expect(given(calls, [burst], merged)).toEqual(['true'])
  const lateFinder = [{ root: 'b03' }, { order: '2', atMs: 2 * hour }]
  expect(verdicts(lateFinder, [burst], merged).found).toEqual([0])
})

test('that a device is silent whose line was dead is no mistake, and no merit', () => {
  const silent = { rule: 'D01', root: 'b05', causeClass: 'silence' }
  expect(given([silent], [])).toEqual(['false'])
  expect(given([silent], [], { wasCutOff: (place) => place === 'b05' })).toEqual(['outage'])
  expect(given([{ root: 'b05' }], [], { wasCutOff: () => true })).toEqual(['false'])
})

test('a line that was dead besides is what kept a device silent when its estate was back', () => {
  const dark = { ...burst, rules: ['D02', 'D01'], places: ['hengkang', 'b05'], own: ['hengkang', 'b05'] }
  const calls = [
    { rule: 'D02', root: 'hengkang', causeClass: 'silence' },
    { order: '2', rule: 'D01', root: 'b05', causeClass: 'silence', atMs: 3 * hour },
  ]
  expect(given(calls, [dark])).toEqual(['true', 'further'])
  expect(given(calls, [dark], { wasCutOff: (place) => place === 'b05' })).toEqual(['true', 'outage'])
})

test('an order for the very place names what is wrong there, before what is wrong below it', () => {
  const below = { ...burst, places: ['b14', 'station'], fromMs: 2 * hour }
  const here = { ...burst, places: ['station'], own: ['station'] }
  expect(verdicts([{ root: 'station', atMs: 2 * hour }], [below, here]).found).toEqual([1])
})

test('that a device is in the year 2000 whose clock cell was empty is neither', () => {
  const lost = { rule: 'D05', root: 'b05', causeClass: 'clock-drift' }
  expect(given([lost], [], { hadLostClock: (place) => place === 'b05' })).toEqual(['outage'])
  expect(given([lost], [])).toEqual(['false'])
})

test('what a fault brings about later is no mistake either, even after its end', () => {
  const pipe = { rule: 'W02', root: 'f102', causeClass: 'household-burst', atMs: 9 * hour, sinceMs: 9 * hour }
  expect(verdicts([pipe], [shaft])).toEqual({ verdicts: ['brought'], found: [] })
  expect(given([{ ...pipe, root: 'f101' }], [shaft])).toEqual(['false'])
})
