import { randomFor } from '../random.ts'
import { startCold, startHeat, stepHeat, type HeatInput, type HeatState } from './building-heat.ts'
import { hourMs, hourOfDay, minuteMs } from './day.ts'
import { startFlats, stepFlat, type FlatSite, type FlatState } from './flats.ts'
import { startDrainedLoop, startLoop, stepLoop, type LoopDesign, type LoopState } from './heating-loop.ts'
import { modeAt, wantsHeat, type Season, type SeasonMode } from './season.ts'
import { outdoorC, type Weather } from './weather.ts'

/** Heating as a whole: the season says what the station is to do, the loop moves the water, the water carries
 *  the heat. Pressures move every step of a few seconds, heat every whole minute, the weather every ten. */
export interface HeatingDesign {
  loop: LoopDesign
  designKw: number
  weather: Weather
  season: Season
  /** By building: its flats with a thermometer. */
  flats: readonly (readonly FlatSite[])[]
}

export interface Heating {
  loop: LoopState
  heat: HeatState
  /** By building. */
  flats: readonly (readonly FlatState[])[]
  outdoorC: number
}

const weatherMs = 10 * minuteMs
const warmUpMs = 4 * hourMs
/** A warm-up only has to arrive, so its steps are as long as the radiators bear. */
const warmUpStepMs = 5 * minuteMs
/** Water in the loop that is on its way to the buildings, and grows as the supply warms. */
const supplyShare = 0.5
const expansionPerK = 5e-4
/** In spring the pump turns until the water is no warmer than this. */
const lukewarmC = 30

/** Heating as the season has left it at `nowMs`, a whole step. */
export function startHeating(design: HeatingDesign, nowMs: number): Heating {
  const season = modeAt(design.season, 0)
  const { seed, site } = design.weather
  const rooms = randomFor(seed, site, 'rooms')
  const warm = season === 'heating' || season === 'shutdown'
  const beginMs = warm ? nowMs - warmUpMs : nowMs
  const outdoor = outdoorC(design.weather, beginMs)
  const buildings = design.loop.branches.length
  const loop =
    season === 'fill-test' ? startDrainedLoop(design.loop) : startLoop(design.loop, warm || season === 'ramp')
  let heat = warm ? startHeat(buildings, outdoor, rooms) : startCold(buildings, outdoor, rooms)
  for (let atMs = beginMs + warmUpStepMs; atMs <= nowMs; atMs += warmUpStepMs) {
    const input = heatInput(design, loop, outdoorC(design.weather, wholeWeather(atMs)))
    heat = stepHeat(heat, { ...input, heating: 'yes' }, warmUpStepMs / 1000)
  }
  const outdoorNowC = outdoorC(design.weather, wholeWeather(nowMs))
  const flats = design.flats.map((sites, index) => startFlats(sites, heat.roomC[index] ?? 0, outdoorNowC))
  return { loop, heat, flats, outdoorC: outdoorNowC }
}

/** The step of `dtS` seconds that ends at `nowMs`. */
export function stepHeating(design: HeatingDesign, was: Heating, nowMs: number, dtS: number): Heating {
  const season = modeAt(design.season, (nowMs - design.weather.beganMs) / 1000)
  const swellM3h = design.loop.volumeM3 * supplyShare * expansionPerK * was.heat.supplyKPerHour
  const loop = stepLoop(design.loop, was.loop, { swellM3h, pumpWanted: wantsPump(season, was) }, dtS)
  if (nowMs % minuteMs !== 0) return { loop, heat: was.heat, flats: was.flats, outdoorC: was.outdoorC }
  const outdoor = nowMs % weatherMs === 0 ? outdoorC(design.weather, nowMs) : was.outdoorC
  const dt = minuteMs / 1000
  const heat = stepHeat(
    was.heat,
    { ...heatInput(design, loop, outdoor), heating: heatingIn(season, loop) },
    dt,
  )
  const hour = hourOfDay(nowMs)
  const flats = was.flats.map((states, building) =>
    states.map((flat, index) => {
      const site = design.flats[building]?.[index] ?? { warmerK: 0, livedInK: 0 }
      return stepFlat(flat, site, { buildingC: heat.roomC[building] ?? 0, outdoorC: outdoor, hour, dtS: dt })
    }),
  )
  return { loop, heat, flats, outdoorC: outdoor }
}

function heatInput({ designKw, loop: { volumeM3 } }: HeatingDesign, loop: LoopState, outdoor: number) {
  return { branchFlowM3h: loop.branchFlowM3h, outdoorC: outdoor, designKw, volumeM3 }
}

/** Without a running pump the station shuts its primary valve: no flow, no heat. */
function heatingIn(season: SeasonMode, { pump }: LoopState): HeatInput['heating'] {
  if (pump !== 'running' || !wantsHeat(season)) return 'no'
  return season === 'ramp' ? 'gently' : 'yes'
}

function wantsPump(season: SeasonMode, { heat }: Heating): boolean {
  return season === 'shutdown' ? heat.supplyC > lukewarmC : season !== 'off'
}

function wholeWeather(atMs: number): number {
  return Math.floor(atMs / weatherMs) * weatherMs
}
