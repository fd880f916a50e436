import { hash32 } from '../random.ts'
import { hourOfDay, inServiceMs, minuteMs } from './day.ts'
import {
  busyHours,
  quarterMs,
  quartersPerStretch,
  stretchMs,
  stretchOf,
  type Household,
  type Stretch,
  type Trouble,
} from './household-draws.ts'
import type { MeterFittings } from './meter-fittings.ts'
import { stepShaft, type Shaft } from './meter-shaft.ts'
import type { Occupancy } from './occupancy.ts'

/** Cold water, minute by minute: a building's meter sees the sum of its homes and of what seeps away unseen.
 *
 *  Conserved to the millilitre: what went in through the building's meter, less what came back out of it, is
 *  what its homes drew (less what they pressed back) plus what leaked, less what its pipes gave back.
 *
 *  A building makes the draws of its next 24 hours at a quarter of an hour of its own, so that no midnight
 *  makes 88,000 of them at once. Only buildings are stepped; a home is read off those draws when its meter
 *  samples. When something happens to its water, the rest of the stretch is made anew. */
export interface BuildingHomes {
  id: string
  households: readonly Household[]
  /** Seeps away in the cellar at 350 kPa, L/h. */
  hiddenLeakLph: number
}

export interface WaterDesign {
  seed: number
  buildings: readonly BuildingHomes[]
  occupancy: Occupancy
}

export interface BuildingWater {
  /** The draws of the 24 hours it is in. */
  stretch: Stretch
  /** What each home has drawn before them, mL. */
  beforeMl: Float64Array
  troubles: readonly Trouble[]
  shafts: readonly Shaft[]
  /** By home; `mainMeter` for the building's own. A meter that is not there is as it was installed. */
  meters: ReadonlyMap<number, MeterFittings>
  /** Leaks and bursts behind its meter, at 350 kPa, L/h. */
  leakLphNominal: number
  forwardMl: number
  reverseMl: number
  leakedMl: number
  /** Given back to the street by the pipes behind the meter. */
  drainedMl: number
  /** Over the last minute. */
  flowLph: number
  /** Behind its meter, with what flows now. */
  pressureKpa: number
}

export interface WaterState {
  atMs: number
  buildings: readonly BuildingWater[]
}

/** The building's own meter among its meters. */
export const mainMeter = -1

const streetKpa = 350
const peakDropKpa = 30
/** While water runs backwards. */
const dipKpa = 250
const backwardsMs = 5 * minuteMs
/** What meter and entrance pipe cost at a flow of one m³/h, kPa: 150 kPa at the Q3 of 25 m³/h. */
const entranceKpaPerM3h2 = 0.24
/** Generous, so that no restart turns a register back; a home of one person has its wild days. */
const registerLPerPersonDay = 250
const registerLPerDay = 250

/** The network at the whole minute before `startMs`. What was drawn earlier in each stretch has been counted,
 *  and the years before it generously. */
export function startWater(design: WaterDesign, startMs: number): WaterState {
  const atMs = Math.floor(startMs / minuteMs) * minuteMs
  const buildings = design.buildings.map((building, index) => {
    const beginMs = stretchBegin(building, atMs)
    let water = freshBuilding(design, index, beginMs)
    for (let minuteAtMs = beginMs; minuteAtMs < atMs; minuteAtMs += minuteMs)
      water = flowing(water, minuteAtMs)
    return water
  })
  return { atMs, buildings }
}

function freshBuilding(design: WaterDesign, index: number, beginMs: number): BuildingWater {
  const { households = [], hiddenLeakLph = 0 } = design.buildings[index] ?? {}
  const days = Math.floor((beginMs - inServiceMs) / stretchMs)
  const beforeMl = Float64Array.from(
    households,
    ({ persons }) => days * (persons * registerLPerPersonDay + registerLPerDay) * 1000,
  )
  return {
    stretch: makeStretch(design, index, [], beginMs),
    beforeMl,
    troubles: [],
    shafts: [],
    meters: new Map(),
    leakLphNominal: hiddenLeakLph,
    forwardMl: beforeMl.reduce((sum, ml) => sum + ml, 0),
    reverseMl: 0,
    leakedMl: 0,
    drainedMl: 0,
    flowLph: 0,
    pressureKpa: streetKpa,
  }
}

/** Begin of the stretch that `atMs` is in. */
function stretchBegin({ id }: BuildingHomes, atMs: number): number {
  const offsetMs = (hash32(id) % quartersPerStretch) * quarterMs
  return Math.floor((atMs - offsetMs) / stretchMs) * stretchMs + offsetMs
}

function makeStretch(design: WaterDesign, index: number, troubles: readonly Trouble[], beginMs: number) {
  const { seed, occupancy } = design
  return stretchOf(
    { seed, occupancy, troubles, households: design.buildings[index]?.households ?? [] },
    beginMs,
  )
}

/** The minute after `was`. */
export function stepWater(design: WaterDesign, was: WaterState, outdoorC: number): WaterState {
  const buildings = was.buildings.map((building, index) => {
    const begun =
      was.atMs < building.stretch.beginMs + stretchMs ? building : nextStretch(design, index, building)
    const aired =
      begun.shafts.length === 0 ? begun : airShafts(design, index, begun, { atMs: was.atMs, outdoorC })
    return flowing(aired, was.atMs)
  })
  return { atMs: was.atMs + minuteMs, buildings }
}

function nextStretch(design: WaterDesign, index: number, was: BuildingWater): BuildingWater {
  const beginMs = was.stretch.beginMs + stretchMs
  const troubles = was.troubles.filter(({ is, untilMs }) => is === 'back' || untilMs > beginMs)
  const beforeMl = was.beforeMl.map((ml, home) => ml + drawnInStretch(was.stretch, home, quartersPerStretch))
  return { ...was, troubles, beforeMl, stretch: makeStretch(design, index, troubles, beginMs) }
}

/** The minute that begins at `atMs` flows by. */
function flowing(was: BuildingWater, atMs: number): BuildingWater {
  const minute = (atMs - was.stretch.beginMs) / minuteMs
  const drawnMl = was.stretch.minutesMl[minute] ?? 0
  const { shut, backMl, drainedMl } = was.troubles.length === 0 ? untroubled : troubledMinute(was, atMs)
  const street = streetPressureKpa(atMs) - (backMl + drainedMl > 0 ? dipKpa : 0)
  const pressureKpa = shut ? 0 : pressureBehind(street, drawnMl, was.leakLphNominal)
  const leakMl = Math.round(((was.leakLphNominal * 1000) / 60) * Math.sqrt(pressureKpa / streetKpa))
  const netMl = drawnMl + leakMl - backMl
  return {
    ...was,
    pressureKpa,
    leakedMl: was.leakedMl + leakMl,
    drainedMl: was.drainedMl + drainedMl,
    forwardMl: was.forwardMl + Math.max(0, netMl),
    reverseMl: was.reverseMl + Math.max(0, -netMl) + drainedMl,
    flowLph: (Math.max(0, netMl) * 60) / 1000,
  }
}

const untroubled = { shut: false, backMl: 0, drainedMl: 0 } as const

function troubledMinute({ troubles }: BuildingWater, atMs: number) {
  let shut = false
  let backMl = 0
  let drainedMl = 0
  for (const trouble of troubles) {
    if (atMs < trouble.fromMs || atMs >= trouble.untilMs) continue
    if (trouble.is === 'dry' && trouble.home === 'all') shut = true
    if (trouble.is !== 'back' || (atMs - trouble.fromMs) % trouble.everyMs >= backwardsMs) continue
    if (trouble.home === 'all') drainedMl += trouble.mlPerMinute
    else backMl += trouble.mlPerMinute
  }
  return { shut, backMl, drainedMl }
}

/** What the entrance leaves of the street's pressure, kPa: `p = street − k Q²` with `Q = draws + L √(p / 350)`,
 *  solved for √p. */
function pressureBehind(street: number, drawnMl: number, leakLph: number): number {
  const drawnM3h = (drawnMl * 60) / 1e6
  const leakM3h = leakLph / 1000
  const square = streetKpa + entranceKpaPerM3h2 * leakM3h ** 2
  const half = entranceKpaPerM3h2 * leakM3h * drawnM3h
  const rest = Math.max(0, street - entranceKpaPerM3h2 * drawnM3h ** 2)
  const root = (Math.sqrt(half ** 2 + square * rest) - half) / square
  return streetKpa * root ** 2
}

/** Lower when the whole town cooks. */
function streetPressureKpa(atMs: number): number {
  const hour = hourOfDay(atMs)
  const before = busyHours[Math.floor(hour) % 24] ?? 1
  const after = busyHours[(Math.floor(hour) + 1) % 24] ?? 1
  const busy = before + (after - before) * (hour % 1)
  return streetKpa - (peakDropKpa * busy) / 2.4
}

/** From now on this happens to a building's water. */
export function withTrouble(
  design: WaterDesign,
  index: number,
  was: BuildingWater,
  trouble: Trouble,
): BuildingWater {
  return withTroubles(design, index, was, [...was.troubles, trouble])
}

/** What had this cause at this home ends at `atMs`. */
export function withoutTrouble(
  design: WaterDesign,
  index: number,
  was: BuildingWater,
  { home, cause, atMs }: Pick<Trouble, 'home' | 'cause'> & { atMs: number },
): BuildingWater {
  const troubles = was.troubles.map((trouble) =>
    trouble.cause === cause && trouble.home === home
      ? { ...trouble, untilMs: Math.min(trouble.untilMs, atMs) }
      : trouble,
  )
  return withTroubles(design, index, was, troubles)
}

function withTroubles(
  design: WaterDesign,
  index: number,
  was: BuildingWater,
  troubles: readonly Trouble[],
): BuildingWater {
  return { ...was, troubles, stretch: makeStretch(design, index, troubles, was.stretch.beginMs) }
}

const ice = 'ice'
const thaw = 'thaw'

function airShafts(
  design: WaterDesign,
  index: number,
  was: BuildingWater,
  { atMs, outdoorC }: { atMs: number; outdoorC: number },
): BuildingWater {
  let now: BuildingWater = { ...was, shafts: was.shafts.map((shaft) => stepShaft(shaft, outdoorC, minuteMs)) }
  for (const [nth, { pipe }] of was.shafts.entries()) {
    const shaft = now.shafts[nth]
    if (shaft && shaft.pipe !== pipe) now = pipeTurned(design, index, now, { shaft, atMs })
  }
  return now
}

/** Ice stands in the pipe, or has melted; then what was a crack under the ice pours. */
function pipeTurned(
  design: WaterDesign,
  index: number,
  was: BuildingWater,
  { shaft, atMs }: { shaft: Shaft; atMs: number },
): BuildingWater {
  let now = was
  const lasts = { fromMs: atMs, untilMs: Infinity }
  for (const home of shaft.homes)
    now =
      shaft.pipe === 'frozen'
        ? withTrouble(design, index, now, { is: 'dry', home, cause: ice, ...lasts })
        : withoutTrouble(design, index, now, { home, cause: ice, atMs })
  const [where] = shaft.homes
  if (shaft.pipe !== 'burst' || where === undefined) return now
  if (where === 'all') return { ...now, leakLphNominal: now.leakLphNominal + shaft.burstLph }
  const mlPerMinute = mlPerMinuteOf(shaft.burstLph)
  return withTrouble(design, index, now, { is: 'flow', home: where, cause: thaw, mlPerMinute, ...lasts })
}

/** The lid is on again, and the pipe mended. */
export function closeShaft(
  design: WaterDesign,
  index: number,
  was: BuildingWater,
  { homes, atMs }: { homes: Shaft['homes']; atMs: number },
): BuildingWater {
  const closed = was.shafts.filter((shaft) => String(shaft.homes) === String(homes))
  const mendedLph = homes.includes('all')
    ? closed.reduce((sum, { pipe, burstLph }) => sum + (pipe === 'burst' ? burstLph : 0), 0)
    : 0
  let now: BuildingWater = {
    ...was,
    shafts: was.shafts.filter((shaft) => !closed.includes(shaft)),
    leakLphNominal: was.leakLphNominal - mendedLph,
  }
  for (const home of homes)
    for (const cause of [ice, thaw]) now = withoutTrouble(design, index, now, { home, cause, atMs })
  return now
}

export function mlPerMinuteOf(lph: number): number {
  return Math.round((lph * 1000) / 60)
}

/** What has gone through the meter of a home, or the building's own, at the last whole quarter of an hour
 *  (the building's: minute). */
export interface Through {
  forwardMl: number
  reverseMl: number
  /** Over that quarter or minute, L/h. */
  flowLph: number
}

export function throughMeter({ atMs }: WaterState, building: BuildingWater, home: number): Through {
  if (home === mainMeter) return building
  const { stretch, beforeMl, troubles } = building
  const quarter = Math.floor((atMs - stretch.beginMs) / quarterMs)
  const drawn = drawnInStretch(stretch, home, quarter)
  const lastMl = quarter === 0 ? 0 : drawn - drawnInStretch(stretch, home, quarter - 1)
  return {
    forwardMl: (beforeMl[home] ?? 0) + drawn,
    reverseMl: troubles.length === 0 ? 0 : pressedBackMl(troubles, home, atMs),
    flowLph: (lastMl * (3_600_000 / quarterMs)) / 1000,
  }
}

/** What a home has drawn in the first `quarters` of the stretch, mL. */
function drawnInStretch({ quartersMl }: Stretch, home: number, quarters: number): number {
  return quarters === 0 ? 0 : (quartersMl[home * quartersPerStretch + quarters - 1] ?? 0)
}

function pressedBackMl(troubles: readonly Trouble[], home: number, atMs: number): number {
  return troubles.reduce((sum, trouble) => {
    if (trouble.is !== 'back' || trouble.home !== home || atMs <= trouble.fromMs) return sum
    const lastedMs = Math.min(atMs, trouble.untilMs) - trouble.fromMs
    const times = Math.floor(lastedMs / trouble.everyMs)
    const backwards = times * backwardsMs + Math.min(backwardsMs, lastedMs % trouble.everyMs)
    return sum + Math.ceil(backwards / minuteMs) * trouble.mlPerMinute
  }, 0)
}
