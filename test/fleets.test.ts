import { expect, test } from 'vitest'
import { demoFleet } from '../device-sim/fleets/demo.ts'
import { districtFleet } from '../device-sim/fleets/district.ts'
import { registryText } from '../device-sim/registry-file.ts'
import { buildRegistry } from '../estate/registry-index.ts'
import { parseRegistryFile } from '../estate/registry-file.ts'

/** The simulator knows nothing of the registry but its public format: here the two meet. */

test('the import finds no mistake in the file of the whole district, and every household has one meter', () => {
  const fleet = districtFleet()
  const registry = buildRegistry(parseRegistryFile(JSON.parse(registryText(fleet))))
  const metered = (site: string) =>
    registry.nodesOf(site, 'meter').reduce((sum, meter) => sum + (meter.households ?? 0), 0)
  const counted = registry.sites.map(({ id, name, generated = false }) => ({
    ...{ id, name, generated },
    buildings: registry.nodesOf(id, 'building').length,
    households: metered(id),
  }))
  const planned = fleet.estates.map(({ id, name, generated, buildings }) => ({
    ...{ id, name, generated },
    buildings: buildings.length,
    households: buildings.reduce((sum, house) => sum + house.households, 0),
  }))
  expect(counted).toEqual(planned)
})

test('a mistake in such a file is found at its place', () => {
  const text = registryText(demoFleet()).replace('"inside":"hengkang-b07"', '"inside":"hengkang-b77"')
  const wrong = () => parseRegistryFile(JSON.parse(text))
  expect(wrong).toThrow(/nodes\.\d+\.inside: there is no node hengkang-b77/)
})
