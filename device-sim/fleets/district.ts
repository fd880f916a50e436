import { twoDigits, type Building, type Estate, type Fleet, type Shed } from '../fleet.ts'
import { pick, randomFor, uniform } from '../random.ts'
import { theDistrict } from './demo.ts'
import { estateNames, type EstateName } from './names.ts'

/** The district as the report counts it: 148 estates, 88,015 households, 24 of the estates renovated, which have
 *  all of the 1,024 charging ports. How big each estate is, nobody says: the plan spreads the totals over estates
 *  of sizes such as old estates have; the renovated ones have their share of the households. It hangs on no seed, so
 *  that an estate is the same in every fleet. */
const districtEstates = 148
const renovatedEstates = 24
const districtHouseholds = 88_015
const districtPorts = 1_024

/** What all buildings of an estate have in common. */
interface Style {
  floors: number
  stairs: number
}

const flatsPerLanding = 2
/** Mostly six floors without a lift; some towers. */
const styles: readonly [Style, ...Style[]] = [
  { floors: 6, stairs: 3 },
  { floors: 6, stairs: 4 },
  { floors: 6, stairs: 3 },
  { floors: 5, stairs: 4 },
  { floors: 6, stairs: 5 },
  { floors: 5, stairs: 3 },
  { floors: 4, stairs: 4 },
  { floors: 6, stairs: 4 },
  { floors: 11, stairs: 3 },
  { floors: 18, stairs: 2 },
]
const metresPerFloor = 3
const floorAreaPerHouseholdM2 = 42
const portsPerShed = 12
const fewestBuildings = 3

let planned: readonly Estate[] | undefined

/** The 24 renovated estates of the district, with the charging sheds. */
export function renovatedFleet(): Fleet {
  return { name: 'renovated', district: theDistrict, estates: estates().slice(0, renovatedEstates) }
}

/** All 148 estates. Of each building's flats one has no meter of its own, so that with the buildings' meters
 *  there are as many water meters as households. */
export function districtFleet(): Fleet {
  return { name: 'district', district: theDistrict, estates: estates() }
}

function estates(): readonly Estate[] {
  return (planned ??= plan())
}

function plan(): readonly Estate[] {
  const names = estateNames(districtEstates)
  const sizes = names.map(({ id }) => sizeOf(id))
  spread(sizes)
  const ports = portsOf(sizes.slice(0, renovatedEstates))
  return names.map((name, index) => estateOf(name, sizes[index] ?? fallback, ports[index] ?? 0))
}

interface Size extends Style {
  buildings: number
  /** Flats that the last building has more than its sisters: an extension. */
  annex: number
}

const fallback: Size = { ...styles[0], buildings: fewestBuildings, annex: 0 }

function sizeOf(id: string): Size {
  if (id === 'hengkang') return { floors: 6, stairs: 5, buildings: 20, annex: 0 }
  const random = randomFor(0, id, 'register')
  const style = pick(random, styles)
  const buildings = Math.round((uniform(random, 0.35, 1.75) * 570) / householdsOf(style))
  return { ...style, buildings: Math.max(fewestBuildings, buildings), annex: 0 }
}

function householdsOf({ floors, stairs }: Style): number {
  return floors * stairs * flatsPerLanding
}

/** Adds and takes away buildings, one at an estate in turn, until the households are those of the report; the
 *  few that are left over live in the annex of the last one. */
function spread(sizes: Size[]): void {
  let missing = districtHouseholds - sizes.reduce((sum, size) => sum + size.buildings * householdsOf(size), 0)
  for (let round = 0; round < 50; round++) {
    for (const size of sizes.slice(renovatedEstates)) {
      const households = householdsOf(size)
      if (missing >= households) {
        size.buildings++
        missing -= households
      } else if (missing < 0 && size.buildings > fewestBuildings) {
        size.buildings--
        missing += households
      }
    }
  }
  const last = sizes.at(-1)
  if (last) last.annex = missing
}

/** Ports by the number of households, all of them given out. */
function portsOf(sizes: readonly Size[]): number[] {
  const households = sizes.map((size) => size.buildings * householdsOf(size))
  const all = households.reduce((sum, count) => sum + count, 0)
  let upTo = 0
  let given = 0
  return households.map((count) => {
    upTo += count
    const ports = Math.round((districtPorts * upTo) / all) - given
    given += ports
    return ports
  })
}

function estateOf({ id, name, generated }: EstateName, size: Size, ports: number): Estate {
  const households = size.buildings * householdsOf(size) + size.annex
  return {
    id,
    name,
    generated,
    floorAreaM2: households * floorAreaPerHouseholdM2,
    topRadiatorM: size.floors * metresPerFloor,
    buildings: Array.from({ length: size.buildings }, (_, index) => buildingOf(id, size, index)),
    buildingsPerBranch: 5,
    sheds: shedsOf(id, ports),
  }
}

function buildingOf(estate: string, size: Size, index: number): Building {
  const flats = flatsOf(size, index === size.buildings - 1 ? size.annex : 0)
  return {
    id: `${estate}-b${twoDigits(index + 1)}`,
    number: index + 1,
    households: flats.length,
    distanceM: 60 + 25 * index,
    meteredFlats: flats.slice(1),
    thermometerFlats: index % 4 === 1 ? riserFlats(size) : [],
    entrancePower: index % 7 === 6 ? 'battery' : 'mains',
  }
}

/** `101`, `102` … `606`: the floor, then the flat on it. */
function flatsOf(size: Size, annex: number): string[] {
  const perFloor = size.stairs * flatsPerLanding
  const flats = Array.from({ length: size.floors * perFloor }, (_, index) =>
    flatName(1 + Math.floor(index / perFloor), 1 + (index % perFloor)),
  )
  return [...flats, ...Array.from({ length: annex }, (_, index) => flatName(1, perFloor + 1 + index))]
}

/** Three flats above one another: low, middle and under the roof. */
function riserFlats({ floors }: Size): string[] {
  return [...new Set([Math.min(2, floors), Math.ceil((2 + floors) / 2), floors])].map((floor) =>
    flatName(floor, 1),
  )
}

function flatName(floor: number, flat: number): string {
  return `${floor}${twoDigits(flat)}`
}

function shedsOf(estate: string, ports: number): Shed[] {
  const sheds = Math.ceil(ports / portsPerShed)
  return Array.from({ length: sheds }, (_, index) => ({
    id: `${estate}-shed${index + 1}`,
    number: index + 1,
    ports: Math.floor((ports * (index + 1)) / sheds) - Math.floor((ports * index) / sheds),
  }))
}
