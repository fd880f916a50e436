import { beforeAll, describe, expect, test } from 'vitest'
import { registryFile } from '../registry-file.ts'
import { portNumbers, type Estate, type Fleet } from '../fleet.ts'
import { districtFleet, renovatedFleet } from './district.ts'

const households = ({ estates }: Fleet) =>
  estates.reduce((sum, { buildings }) => sum + buildings.reduce((of, house) => of + house.households, 0), 0)
const ports = ({ estates }: Fleet) =>
  estates.flatMap(({ sheds }) => sheds).reduce((sum, shed) => sum + portNumbers(shed).length, 0)
const buildings = ({ estates }: Fleet) => estates.flatMap((estate) => estate.buildings)

describe('the district is as the report counts it', () => {
  const district = districtFleet()
  let file: ReturnType<typeof registryFile>
  beforeAll(() => {
    file = registryFile(district)
  })

  test('148 estates with 88,015 households and 1,024 charging ports', () => {
    expect(district.estates).toHaveLength(148)
    expect(households(district)).toBe(88_015)
    expect(ports(district)).toBe(1_024)
  })

  test('88,015 water meters, 148 heat stations, an entrance at every building', () => {
    const count = (kind: string) => file.devices.filter((device) => device['kind'] === kind).length
    expect(count('water-meter')).toBe(88_015)
    expect(count('heat-station')).toBe(148)
    expect(count('heat-entrance')).toBe(buildings(district).length)
  })

  test('more than 5,000 devices dial the broker; flats’ meters are heard through the gateway in the cellar', () => {
    const dialling = file.devices.filter((device) => device['comms'] === undefined)
    expect(dialling.length).toBeGreaterThan(5_000)
    expect(dialling.length).toBeLessThan(8_000)
  })

  test('no two things have one name, and made-up names of estates are marked', () => {
    const ids = [...file.nodes, ...file.devices].map(({ id }) => id)
    expect(new Set(file.nodes.map(({ id }) => id)).size).toBe(file.nodes.length)
    expect(new Set(file.devices.map(({ id }) => id)).size).toBe(file.devices.length)
    expect(ids.every((id) => /^[a-z0-9-]{1,64}$/.test(String(id)))).toBe(true)
    expect(new Set(file.sites.map(({ name }) => name.zh)).size).toBe(148)
    expect(file.sites.filter(({ generated }) => !generated).map(({ name }) => name.zh)).toEqual([
      '恒康家园',
      '段西沟第一小区',
      '桥南园',
      '大院',
      '东窑房',
      '虎尾沟',
      '小南坑',
    ])
  })

  test('estates are of the sizes that old estates have', () => {
    const sizes = district.estates.map(({ buildings: houses }) => houses.length)
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(3)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(40)
    const perHouse = buildings(district).map((house) => house.households)
    expect(Math.min(...perHouse)).toBeGreaterThanOrEqual(24)
    expect(Math.max(...perHouse)).toBeLessThanOrEqual(144)
  })
})

test('the 24 renovated estates are the same in both fleets, and have all the sheds', () => {
  const renovated = renovatedFleet()
  expect(renovated.estates).toHaveLength(24)
  expect(ports(renovated)).toBe(1_024)
  expect(Math.abs(households(renovated) - (88_015 * 24) / 148)).toBeLessThan(100)
  expect(districtFleet().estates.slice(0, 24)).toEqual(renovated.estates)
  const withoutShed = ({ sheds }: Estate) => sheds.length === 0
  expect(renovated.estates.some(withoutShed)).toBe(false)
  expect(districtFleet().estates.slice(24).every(withoutShed)).toBe(true)
})
