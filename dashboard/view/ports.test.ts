import { describe, expect, it } from 'vitest'
import { portsOf } from './ports.ts'
import { chargerSaying, orderAt, sourcesOf, startMs } from './small-estate.fixture.ts'

const minute = 60_000
const free = { avail: 'available', phase: 'idle' }

function firstPort(...sources: Parameters<typeof sourcesOf>) {
  return portsOf('oak', sourcesOf(...sources))[0]
}

describe('a port says what it is only while it is known', () => {
  const young = chargerSaying({ p01: free })
  const cases: [string, Parameters<typeof sourcesOf>, string][] = [
    ['a fresh word is shown', [[young]], 'available'],
    ['fifteen minutes are still believed', [[young], { nowMs: startMs + 15 * minute }], 'available'],
    ['a moment more is not', [[young], { nowMs: startMs + 15 * minute + 1 }], 'unknown'],
    ['a charger that was never heard', [[]], 'unknown'],
    ['a charger that spoke of another port only', [[chargerSaying({ p02: free })]], 'unknown'],
    ['a lost charger, however young its word', [[{ ...young, connection: 'lost' }]], 'unknown'],
    ['a charger that said goodbye', [[{ ...young, connection: 'bye' }]], 'unknown'],
    ['a word that is not in the contract', [[chargerSaying({ p01: { ...free, avail: 'ok' } })]], 'unknown'],
    [
      'a port that calls itself faulted',
      [[chargerSaying({ p01: { ...free, avail: 'faulted' } })]],
      'faulted',
    ],
    [
      'a charger that declared a report an hour may be an hour old',
      [[{ ...young, periodS: { 'state/port': 3600 } }], { nowMs: startMs + 60 * minute }],
      'available',
    ],
  ]
  it.each(cases)('%s', (_name, sources, availability) => {
    expect(firstPort(...sources)?.availability).toBe(availability)
  })

  it('what is unknown shows no phase, but still when it was last heard', () => {
    const port = firstPort([young], { nowMs: startMs + 60 * minute })
    expect(port).toMatchObject({ availability: 'unknown', phase: 'unknown', t: startMs })
  })
})

describe('an open work order explains a port that is out of order', () => {
  const young = chargerSaying({ p01: free, p02: free })
  it.each([
    ['at the port', 'port-1', ['faulted', 'available']],
    ['at its controller', 'ctl', ['faulted', 'faulted']],
    ['at its shed', 'shed', ['faulted', 'faulted']],
    ['at a house', 'house', ['available', 'available']],
  ])('%s', (_where, root, expected) => {
    const ports = portsOf('oak', sourcesOf([young], { orders: [orderAt(root)] }))
    expect(ports.map(({ availability }) => availability)).toEqual(expected)
  })

  it('names the order and its state, the nearest order first', () => {
    const orders = [orderAt('shed', { id: 'far' }), orderAt('port-1', { id: 'near', state: 'assigned' })]
    expect(firstPort([young], { orders })?.order).toEqual({ id: 'near', state: 'assigned' })
  })
})

it('ports stand under their shed, in the order painted on them', () => {
  expect(portsOf('oak', sourcesOf([])).map(({ id, shed, label }) => ({ id, shed, label }))).toEqual([
    { id: 'port-1', shed: 'shed', label: '1' },
    { id: 'port-2', shed: 'shed', label: '2' },
  ])
})
