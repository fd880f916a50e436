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
  const both = { affected: ['port-1', 'port-2'] }
  it.each([
    ['at the port', orderAt('port-1'), ['faulted', 'available']],
    ['at its controller: smoke, a tripped breaker', orderAt('ctl', both), ['faulted', 'faulted']],
    ['at its shed', orderAt('shed', both), ['faulted', 'faulted']],
    ['at a house', orderAt('house'), ['available', 'available']],
    [
      'unless nobody feels it at the port: a door',
      orderAt('ctl', { affected: [] }),
      ['available', 'available'],
    ],
    ['or it may wait: one overload (P4)', orderAt('port-1', { severity: 'P4' }), ['available', 'available']],
  ])('%s', (_where, order, expected) => {
    const ports = portsOf('oak', sourcesOf([young], { orders: [order] }))
    expect(ports.map(({ availability }) => availability)).toEqual(expected)
    expect(ports.map((port) => port.order?.id)).toEqual(
      expected.map((availability) => (availability === 'faulted' ? order.id : undefined)),
    )
  })

  it('names the order and its state, the nearest order first', () => {
    const orders = [
      orderAt('shed', { ...both, id: 'far' }),
      orderAt('port-1', { id: 'near', state: 'assigned' }),
    ]
    expect(firstPort([young], { orders })?.order).toEqual({ id: 'near', state: 'assigned' })
  })

  it('where nobody knows the port, the order of its silent controller is told', () => {
    const silent = orderAt('ctl', { affected: [] })
    expect(firstPort([], { orders: [silent] })).toMatchObject({
      availability: 'unknown',
      order: { id: silent.id },
    })
  })
})

it('ports stand under their shed, in the order painted on them', () => {
  expect(portsOf('oak', sourcesOf([])).map(({ id, shed, label }) => ({ id, shed, label }))).toEqual([
    { id: 'port-1', shed: 'shed', label: '1' },
    { id: 'port-2', shed: 'shed', label: '2' },
  ])
})
