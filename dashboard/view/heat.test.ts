import { describe, expect, it } from 'vitest'
import { pressureBand } from '../../estate/pressure-band.ts'
import { heatPointsOf } from './heat.ts'
import { deviceSaying, sourcesOf, startMs } from './small-estate.fixture.ts'

const house = { device: 'house-heat', kind: 'heat-entrance' } as const
const band = pressureBand(18)

function housePoint(...sources: Parameters<typeof sourcesOf>) {
  return heatPointsOf(sourcesOf(...sources)).find(({ id }) => id === 'house')
}

describe('the return pressure against the band of a house of 18 m', () => {
  it.each([
    ['below the highest radiator', { p_ret_kpa: band.lowLow - 1 }, 'low-low'],
    ['just at it', { p_ret_kpa: band.lowLow }, 'low'],
    ['just below the low limit', { p_ret_kpa: band.low - 1 }, 'low'],
    ['at the low limit', { p_ret_kpa: band.low }, 'normal'],
    ['where the relief valve opens', { p_ret_kpa: band.high }, 'normal'],
    ['above that', { p_ret_kpa: band.high + 1 }, 'high'],
    [
      'fine, but the supply is above its design',
      { p_ret_kpa: band.set, p_sup_kpa: band.supplyMax + 1 },
      'high',
    ],
    ['not measured', { p_sup_kpa: band.set }, 'unknown'],
  ])('%s', (_name, values, state) => {
    expect(housePoint([deviceSaying(house, values)])?.state).toBe(state)
  })

  it.each([
    ['too old', deviceSaying(house, { p_ret_kpa: band.set }, { t: startMs - 180_001 })],
    ['from a lost device', deviceSaying(house, { p_ret_kpa: band.set }, { connection: 'lost' })],
  ])('a good pressure %s is unknown, and marked as stale', (_name, device) => {
    expect(housePoint([device])).toMatchObject({ state: 'unknown', returnKpa: { stale: true } })
  })

  it('a house that was never heard is unknown and shows no pressure', () => {
    expect(housePoint([])).not.toHaveProperty('returnKpa')
    expect(housePoint([])?.state).toBe('unknown')
  })
})

it('a station has the band of the highest house it feeds, and comes first', () => {
  const points = heatPointsOf(sourcesOf([]))
  expect(points.map(({ id, type }) => [id, type])).toEqual([
    ['station', 'heat-station'],
    ['house', 'building'],
  ])
  expect(points[0]?.band).toEqual(band)
})
