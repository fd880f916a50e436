import { expect, it } from 'vitest'
import { buildRegistry } from '../../estate/registry-index.ts'
import { orderView } from './orders.ts'
import { orderAt, smallEstate } from './small-estate.fixture.ts'

const registry = buildRegistry(smallEstate)

it('an order speaks of places by name: where, whom it affects, which valves', () => {
  const view = orderView(orderAt('station', { rule: 'H01', affected: ['house'] }), registry)
  expect(view).toMatchObject({
    rootName: { en: 'Station' },
    affected: [{ id: 'house', name: { en: 'House' } }],
    valves: [{ id: 'v1', name: { en: 'Valve 1' } }],
    cutsOff: { buildings: [{ id: 'house', name: { en: 'House' } }], households: 0 },
    alarms: 1,
    actions: ['acknowledge', 'assign', 'make-safe', 'cancel'],
  })
})

it('a place that has left the registry keeps its id', () => {
  expect(orderView(orderAt('gone'), registry).rootName).toEqual({ zh: 'gone', en: 'gone' })
})
