import { expect, it } from 'vitest'
import { buildRegistry } from '../../estate/registry-index.ts'
import { countedLevels, defaultServiceLevels } from '../../estate/service-levels.ts'
import { liveOrderView, orderView } from './orders.ts'
import { orderAt, smallEstate, startMs } from './small-estate.fixture.ts'

const around = {
  registry: buildRegistry(smallEstate),
  levels: countedLevels(defaultServiceLevels, 'Asia/Shanghai'),
  nowMs: startMs + 60_000,
}

it('an order speaks of places by name: where, whom it affects, which valves', () => {
  const view = orderView(orderAt('station', { rule: 'H01', affected: ['house'] }), around)
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
  expect(orderView(orderAt('gone'), around).rootName).toEqual({ zh: 'gone', en: 'gone' })
})

it('the API counts a clock to the millisecond; the live line says only what does not change by itself', () => {
  const order = orderAt('station')
  const [acknowledge] = orderView(order, around).clocks
  const due = { targetMs: 900_000, state: 'running', counting: true, dueAt: startMs + 900_000 }
  expect(acknowledge).toEqual({ clock: 'acknowledge', ...due, elapsedMs: 60_000 })
  expect(liveOrderView(order, around).clocks[0]).toEqual({ clock: 'acknowledge', ...due })
  expect(liveOrderView(order, { ...around, nowMs: startMs + 120_000 })).toEqual(liveOrderView(order, around))
})
