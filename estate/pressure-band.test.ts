import { expect, test } from 'vitest'
import { pressureBand } from './pressure-band.ts'

test.each([
  { storeys: 6, topRadiatorM: 18, band: { lowLow: 174, low: 194, set: 224, high: 304, supplyMax: 400 } },
  { storeys: 11, topRadiatorM: 33, band: { lowLow: 319, low: 339, set: 369, high: 449, supplyMax: 600 } },
  { storeys: 18, topRadiatorM: 54, band: { lowLow: 522, low: 542, set: 572, high: 652, supplyMax: 600 } },
])('a house of $storeys storeys has the band of its height', ({ topRadiatorM, band }) => {
  expect(pressureBand(topRadiatorM)).toEqual(band)
})
