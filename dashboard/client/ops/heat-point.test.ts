import { expect, test } from 'vitest'
import type { HeatPointView } from '../../protocol.ts'
import { along, gaugeScale } from './gauge-scale.ts'
import { believedForMs, countStates, inLoopOrder, shown, stateOf } from './heat-point.ts'

const now = 100_000_000
const sight = { nowMs: now, blind: false }
const band = { lowLow: 174, low: 194, set: 224, high: 304, supplyMax: 400 }

function house(id: string, more: Partial<HeatPointView> = {}): HeatPointView {
  return {
    id,
    type: 'building',
    site: 'hengkang',
    name: { zh: id, en: id },
    device: `${id}-heat`,
    distanceM: 100,
    band,
    returnKpa: { value: 223, t: now - 1000, stale: false },
    state: 'normal',
    ...more,
  }
}

test('a value is believed while it is fresh, and keeps only its time when it is not', () => {
  const fresh = { value: 223, t: now - 1000, stale: false }
  expect(shown(fresh, sight)).toEqual({ known: true, value: 223, t: fresh.t })
  expect(shown({ ...fresh, stale: true }, sight)).toEqual({ known: false, lastT: fresh.t })
  expect(shown(fresh, { ...sight, blind: true })).toEqual({ known: false, lastT: fresh.t })
  expect(shown({ ...fresh, t: now - believedForMs - 1 }, sight).known).toBe(false)
  expect(shown(undefined, sight)).toEqual({ known: false })
})

test('a house whose return pressure nobody believes is not normal', () => {
  const stale = house('b01', { returnKpa: { value: 223, t: now, stale: true } })
  expect(stateOf(stale, sight)).toBe('unknown')
  expect(countStates([stale, house('b02'), house('b03', { state: 'low' })], sight)).toEqual({
    'low-low': 0,
    low: 1,
    high: 0,
    unknown: 1,
    normal: 1,
  })
})

test('the station stands first, then the houses as the water reaches them', () => {
  const station = house('station', { type: 'heat-station', distanceM: 0 })
  const points = [house('b02', { distanceM: 95 }), house('b01', { distanceM: 40 }), station]
  expect(inLoopOrder(points).map(({ id }) => id)).toEqual(['station', 'b01', 'b02'])
})

test('all houses of a loop share one axis that begins at nothing and holds the highest limit', () => {
  const scale = gaugeScale([house('b01'), house('b02', { band: { ...band, supplyMax: 600 } })])
  expect(scale.maxKpa).toBeGreaterThan(600)
  expect(scale.ticksKpa).toEqual([0, 100, 200, 300, 400, 500, 600])
  expect(along(0, scale)).toBe(0)
  expect(along(-20, scale)).toBe(0)
  expect(along(9000, scale)).toBe(100)
})
