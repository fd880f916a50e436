import { mainMeterDevice, flatMeterDevice, type Estate } from '../fleet.ts'
import { randomFor, uniform } from '../random.ts'
import type { Scenario } from '../scenarios/scenario.ts'
import { startShed, stepShed, type ShedState } from './charging-shed.ts'
import { dayMs, dayOf, hourMs, inServiceMs, midnightOf, minuteMs, tickMs } from './day.ts'
import { flatSites } from './flats.ts'
import { startHeating, stepHeating, type Heating, type HeatingDesign } from './heating.ts'
import { designLoop, makeUpCapacityM3h } from './heating-loop.ts'
import type { ShedPlace } from './residents.ts'
import { startWater, stepWater, type WaterDesign, type WaterState } from './water-network.ts'

/** Everything physical in one estate, on one clock: pressures and ports every tick, heat and water every
 *  minute. A calm estate is a function of seed and time alone, so that starting again later the same day
 *  finds the same bikes in the same ports and no register turned back. */

/** What a scenario says about the time and its people. */
export interface Conditions extends Pick<Scenario, 'weather' | 'season' | 'absences'> {
  /** When it begins, epoch ms. */
  startMs: number
}

/** What does not change: sizes, places and luck. */
export interface EstateDesign extends HeatingDesign {
  estate: Estate
  seed: number
  water: WaterDesign
  sheds: readonly ShedPlace[]
}

export interface EstatePlant extends Heating {
  /** Always a whole tick. */
  nowMs: number
  water: WaterState
  sheds: readonly ShedState[]
  heatKwh: number
  madeUpL: number
}

const designKwPerM2 = 0.052
const personsPerHousehold = 3
/** More than any exchanger gives: the heat register of a restart must not be behind that of the run before. */
const registerPerDesign = 2
/** No weather makes a sound port too hot. */
const mildC = 10

export function designEstate(
  estate: Estate,
  seed: number,
  { weather, season, absences, startMs }: Conditions,
): EstateDesign {
  return {
    estate,
    seed,
    weather: { seed, site: estate.id, beganMs: startMs, ...weather },
    season,
    loop: designLoop({ ...estate, buildings: estate.buildings.length }, randomFor(seed, estate.id, 'loop')),
    designKw: designKwPerM2 * estate.floorAreaM2,
    flats: estate.buildings.map((building) => flatSites(seed, building, estate.topRadiatorM)),
    water: { seed, buildings: homesOf(estate, seed), occupancy: { beganMs: startMs, absences } },
    sheds: estate.sheds.map(({ id, ports }) => ({ seed, id, ports })),
  }
}

function homesOf(estate: Estate, seed: number): WaterDesign['buildings'] {
  return estate.buildings.map((building) => {
    const unmetered = building.households - building.meteredFlats.length
    const rest = { id: mainMeterDevice(building), persons: unmetered * personsPerHousehold, homes: unmetered }
    return {
      id: building.id,
      households: [
        ...building.meteredFlats.map((flat) => flatHousehold(seed, flatMeterDevice(building, flat))),
        ...(unmetered > 0 ? [rest] : []),
      ],
      hiddenLeakLph: uniform(randomFor(seed, building.id, 'cellar'), 0, 20),
    }
  })
}

/** One to five people, three as a rule. */
function flatHousehold(seed: number, id: string) {
  const random = randomFor(seed, id, 'persons')
  return { id, persons: 1 + Math.floor(random() * 3) + Math.floor(random() * 3), homes: 1 }
}

/** The estate as it has come to be at the last whole tick before `startMs`: loop settled, rooms warm, the
 *  bikes of yesterday evening still in the sheds. */
export function startEstate(design: EstateDesign, startMs: number): EstatePlant {
  const nowMs = Math.floor(startMs / tickMs) * tickMs
  const hours = (nowMs - inServiceMs) / hourMs
  return {
    nowMs,
    ...startHeating(design, nowMs),
    water: startWater(design.water, nowMs),
    sheds: design.sheds.map((place) => shedSinceYesterday(place, nowMs)),
    heatKwh: Math.round(hours * registerPerDesign * design.designKw),
    madeUpL: Math.round(hours * makeUpCapacityM3h(design.loop) * 1000),
  }
}

function shedSinceYesterday(place: ShedPlace, nowMs: number): ShedState {
  const beginMs = midnightOf(dayOf(nowMs - dayMs))
  return stepShed(place, startShed(place, beginMs), nowMs, mildC)
}

/** As long as nothing happens they are the same sheds. */
function stepSheds(
  { sheds: places }: EstateDesign,
  was: readonly ShedState[],
  at: { nowMs: number; outdoorC: number },
): readonly ShedState[] {
  if (was.every(({ nextMs }) => nextMs > at.nowMs)) return was
  return was.map((shed, index) => {
    const place = places[index]
    return place ? stepShed(place, shed, at.nowMs, at.outdoorC) : shed
  })
}

/** One tick later. */
export function stepEstate(design: EstateDesign, was: EstatePlant): EstatePlant {
  const nowMs = was.nowMs + tickMs
  const tickS = tickMs / 1000
  const heating = stepHeating(design, was, nowMs, tickS)
  const madeUpM3 = heating.loop.totals.madeUpM3 - was.loop.totals.madeUpM3
  return {
    nowMs,
    ...heating,
    water:
      was.water.atMs + minuteMs <= nowMs ? stepWater(design.water, was.water, heating.outdoorC) : was.water,
    sheds: stepSheds(design, was.sheds, { nowMs, outdoorC: heating.outdoorC }),
    heatKwh: was.heatKwh + (Math.max(0, heating.heat.heatKw) * tickS) / 3600,
    madeUpL: was.madeUpL + madeUpM3 * 1000,
  }
}
