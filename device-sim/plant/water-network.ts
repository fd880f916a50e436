import { logNormal, poisson, randomFor } from '../random.ts'
import {
  dayMs,
  dayOf,
  hourOfDay,
  inServiceMs,
  midnightOf,
  minuteMs,
  timeOfDay,
  type HourWeights,
} from './day.ts'

/** Cold water, minute by minute: people open taps, a building's meter sees the sum of its homes and of what
 *  seeps away unseen. Stepped once a minute, and conserved exactly: a building's litres are those of its
 *  households plus its hidden leak. Habits and figures: domain.md E2. */
export interface Household {
  /** Names its stream of chance: the meter of a flat, or the unmetered rest of a building. */
  id: string
  persons: number
}

export interface BuildingHomes {
  households: readonly Household[]
  /** Seeps away in the cellar at 350 kPa, L/h. */
  hiddenLeakLph: number
}

export interface HouseholdWater {
  totalL: number
  /** Over the last minute. */
  flowLph: number
  /** Draws of the local day, litres in each of its minutes. */
  minutes: Float64Array
}

export interface BuildingWater {
  households: readonly HouseholdWater[]
  leakedL: number
  leakLphNominal: number
  totalL: number
  flowLph: number
}

export interface WaterState {
  atMs: number
  pressureKpa: number
  buildings: readonly BuildingWater[]
}

/** Habits of one person: how often a day, litres, litres a second. */
const habits = [
  { timesADay: 5.5, litres: 6, litresPerS: 0.1 },
  { timesADay: 14, litres: 1.6, litresPerS: 0.08 },
  { timesADay: 0.55, litres: 45, litresPerS: 0.12 },
  { timesADay: 0.35, litres: 45, litresPerS: 0.12 },
  { timesADay: 3, litres: 7, litresPerS: 0.1 },
] as const

const busyHours: HourWeights = [
  0.25, 0.15, 0.12, 0.12, 0.2, 0.7, 1.8, 2.3, 1.6, 1.1, 1, 1.3, 1.4, 1, 0.8, 0.8, 1, 1.5, 2.2, 2.4, 2, 1.5,
  0.9, 0.45,
]
const minutesADay = dayMs / minuteMs
/** The longest draw that may run past midnight. */
const spillMinutes = 120
const streetKpa = 350
const peakDropKpa = 30
const registerLPerPersonDay = 250

/** Litres drawn in each minute of the local `day`, what ran over from the evening before included. */
export function drawsOfDay(seed: number, household: Household, day: number): Float64Array {
  const minutes = rawDraws(seed, household, day)
  const evening = rawDraws(seed, household, day - 1).subarray(minutesADay)
  for (const [minute, litres] of evening.entries()) minutes[minute] = (minutes[minute] ?? 0) + litres
  return minutes.slice(0, minutesADay)
}

/** Draws that begin on `day`: rectangular pulses, Poisson in number. People who share a stream are simply
 *  more of them: a sum of Poisson processes is one. */
function rawDraws(seed: number, household: Household, day: number): Float64Array {
  const random = randomFor(seed, household.id, `draws/${day}`)
  const minutes = new Float64Array(minutesADay + spillMinutes)
  for (const habit of habits) {
    const times = poisson(random, habit.timesADay * household.persons)
    for (let draw = 0; draw < times; draw++) {
      const begin = Math.floor(timeOfDay(random, busyHours) / minuteMs)
      const perMinute = habit.litresPerS * 60
      let left = logNormal(random, habit.litres, 0.5)
      for (let minute = begin; left > 0 && minute < minutes.length; minute++) {
        minutes[minute] = (minutes[minute] ?? 0) + Math.min(left, perMinute)
        left -= perMinute
      }
    }
  }
  return minutes
}

/** The network at the whole minute before `startMs`. What was drawn earlier this day has been counted, and
 *  the years before it generously, so that no restart of the simulation turns a register back. */
export function startWater(seed: number, homes: readonly BuildingHomes[], startMs: number): WaterState {
  const today = dayOf(startMs)
  const daysBefore = today - dayOf(inServiceMs)
  const buildings = homes.map(({ households, hiddenLeakLph }): BuildingWater => {
    const flats = households.map((household) => ({
      totalL: daysBefore * household.persons * registerLPerPersonDay,
      flowLph: 0,
      minutes: drawsOfDay(seed, household, today),
    }))
    const totalL = flats.reduce((sum, flat) => sum + flat.totalL, 0)
    return { households: flats, leakedL: 0, leakLphNominal: hiddenLeakLph, totalL, flowLph: 0 }
  })
  let water: WaterState = { atMs: midnightOf(today), pressureKpa: streetKpa, buildings }
  while (water.atMs + minuteMs <= startMs) water = stepWater(seed, homes, water)
  return water
}

/** The minute after `was`. */
export function stepWater(seed: number, homes: readonly BuildingHomes[], was: WaterState): WaterState {
  const atMs = was.atMs + minuteMs
  const pressureKpa = streetPressureKpa(was.atMs)
  const minute = Math.floor((was.atMs - midnightOf(dayOf(was.atMs))) / minuteMs)
  const newDay = dayOf(atMs) === dayOf(was.atMs) ? undefined : dayOf(atMs)
  const buildings = was.buildings.map((building, index) => {
    const households = building.households.map((home, flat) => {
      const drawn = home.minutes[minute] ?? 0
      const who = homes[index]?.households[flat]
      const minutes = newDay === undefined || who === undefined ? home.minutes : drawsOfDay(seed, who, newDay)
      return { totalL: home.totalL + drawn, flowLph: drawn * 60, minutes }
    })
    const leak = (building.leakLphNominal / 60) * Math.sqrt(pressureKpa / streetKpa)
    const flowLph = households.reduce((sum, home) => sum + home.flowLph, leak * 60)
    return {
      ...building,
      households,
      leakedL: building.leakedL + leak,
      totalL: building.totalL + flowLph / 60,
      flowLph,
    }
  })
  return { atMs, pressureKpa, buildings }
}

/** Lower when the whole town cooks. */
function streetPressureKpa(atMs: number): number {
  const hour = hourOfDay(atMs)
  const before = busyHours[Math.floor(hour) % 24] ?? 1
  const after = busyHours[(Math.floor(hour) + 1) % 24] ?? 1
  const busy = before + (after - before) * (hour % 1)
  return streetKpa - (peakDropKpa * busy) / 2.4
}
