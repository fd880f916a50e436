import type { Building } from '../fleet.ts'
import { roomDevice } from '../fleet.ts'
import { randomFor, uniform } from '../random.ts'

/** Flats with a thermometer: each follows its building's rooms, a little warmer or colder by where it lies and
 *  warmer while people are about, and goes its own way when a window stands open or its radiators stay cold.
 *  °C; stepped once a minute. */
export interface FlatSite {
  /** How much warmer than the building at an ordinary winter's day, K. */
  warmerK: number
  /** What sun, cooking and people would add by the end of an endless afternoon, K. */
  livedInK: number
}

export interface FlatState {
  roomC: number
  /** How far the window stands open, 0 to 1. */
  window: number
  /** How much too little its radiators give, as K that the flat ends up below the others. */
  coldK: number
}

/** Under the roof, and behind the gable wall. */
const topFloorK = -0.4
const gableK = -0.3
const scatterK = 0.2
const metresPerFloor = 3
/** At which the differences above are meant, indoors minus outdoors, K. */
const ordinaryDifferenceK = 23
const livedInFromK = 1
const livedInToK = 2.5
/** From when to when people and the sun warm a flat, hours of the day. */
const livedInFromHour = 10
const livedInHours = 12
/** A flat alone follows its neighbours in hours; a window wide open cools it in two. */
const followsPerHour = 1 / 6
const windowPerHour = 1 / 2

/** Where the flats with a thermometer lie. Flat 601 is on the sixth floor at the gable. */
export function flatSites(seed: number, building: Building, topRadiatorM: number): readonly FlatSite[] {
  const topFloor = Math.round(topRadiatorM / metresPerFloor)
  return building.thermometerFlats.map((flat) => {
    const top = Number(flat.slice(0, -2)) >= topFloor ? topFloorK : 0
    const gable = flat.endsWith('01') ? gableK : 0
    const random = randomFor(seed, roomDevice(building, flat), 'flat')
    return {
      warmerK: top + gable + uniform(random, -scatterK, scatterK),
      livedInK: uniform(random, livedInFromK, livedInToK),
    }
  })
}

/** In balance with the building's rooms. */
export function startFlats(sites: readonly FlatSite[], buildingC: number, outdoorC: number): FlatState[] {
  return sites.map((site) => ({ roomC: aimOf(site, buildingC, outdoorC), window: 0, coldK: 0 }))
}

export function stepFlat(
  was: FlatState,
  site: FlatSite,
  { buildingC, outdoorC, hour, dtS }: { buildingC: number; outdoorC: number; hour: number; dtS: number },
): FlatState {
  const life = site.livedInK * Math.max(0, Math.sin((Math.PI * (hour - livedInFromHour)) / livedInHours))
  const warming = followsPerHour * (aimOf(site, buildingC, outdoorC) + life - was.coldK - was.roomC)
  const airing = windowPerHour * was.window * (outdoorC - was.roomC)
  return { ...was, roomC: was.roomC + ((warming + airing) * dtS) / 3600 }
}

function aimOf({ warmerK }: FlatSite, buildingC: number, outdoorC: number): number {
  return buildingC + (warmerK * (buildingC - outdoorC)) / ordinaryDifferenceK
}
