import { logNormal, poisson, randomFor } from '../random.ts'
import { dayMs, hourMs, hourOfDay, minuteMs, type HourWeights } from './day.ts'
import { awayShare, type Occupancy } from './occupancy.ts'

/** What people draw, 24 hours at a time: Poisson in number, log-normal in volume, rectangular in flow (domain.md
 *  E2). A stretch of 24 hours is a function of seed, household and its number, so it is made when it begins and
 *  needs no past.
 *
 *  A district has 88,000 of them; so a building keeps the minutes of all its homes in one array, and of each
 *  home only what its meter samples: the quarters of an hour. All water is whole millilitres, so that sums are
 *  exact in whatever order they are taken. */
export interface Household {
  /** Names its stream of chance: the meter of a flat, or the unmetered rest of a building. */
  id: string
  persons: number
  /** Homes behind it; more than one for the unmetered rest. */
  homes: number
}

/** What happens to the water of one home, or of all behind the building's meter, in whole minutes: none comes;
 *  some runs away; some is pressed back into the street for a while, every so often. */
export type Trouble = { home: number | 'all'; cause: string; fromMs: number; untilMs: number } & (
  { is: 'dry' } | { is: 'flow'; mlPerMinute: number } | { is: 'back'; mlPerMinute: number; everyMs: number }
)

export interface Stretch {
  beginMs: number
  /** Drawn by all homes together in each minute, mL. */
  minutesMl: Int32Array
  /** Drawn by each home since the begin, at the end of each quarter of an hour, mL; home by home. */
  quartersMl: Int32Array
}

/** Habits of one person: how often a day, litres, litres a second. */
const habits = [
  { timesADay: 5.5, litres: 6, litresPerS: 0.1 },
  { timesADay: 14, litres: 1.6, litresPerS: 0.08 },
  { timesADay: 0.55, litres: 45, litresPerS: 0.12 },
  { timesADay: 0.35, litres: 45, litresPerS: 0.12 },
  { timesADay: 3, litres: 7, litresPerS: 0.1 },
] as const

export const busyHours: HourWeights = [
  0.25, 0.15, 0.12, 0.12, 0.2, 0.7, 1.8, 2.3, 1.6, 1.1, 1, 1.3, 1.4, 1, 0.8, 0.8, 1, 1.5, 2.2, 2.4, 2, 1.5,
  0.9, 0.45,
]
const busySum = busyHours.reduce((sum, weight) => sum + weight, 0)

export const stretchMs = dayMs
export const minutesPerStretch = stretchMs / minuteMs
const minutesPerQuarter = 15
export const quarterMs = minutesPerQuarter * minuteMs
export const quartersPerStretch = minutesPerStretch / minutesPerQuarter

interface Drawing {
  seed: number
  households: readonly Household[]
  occupancy: Occupancy
  troubles: readonly Trouble[]
}

/** The 24 hours from `beginMs`, a whole quarter of an hour. */
export function stretchOf(drawing: Drawing, beginMs: number): Stretch {
  const { households, troubles } = drawing
  const minutesMl = new Int32Array(minutesPerStretch)
  const quartersMl = new Int32Array(quartersPerStretch * households.length)
  for (const [home, household] of households.entries()) {
    const first = home * quartersPerStretch
    const own = troubles.filter((trouble) => trouble.home === home || trouble.home === 'all')
    const dry = own.filter(({ is }) => is === 'dry').map((trouble) => minutesOf(trouble, beginMs))
    const add = (minute: number, ml: number) => {
      if (dry.some(({ from, until }) => minute >= from && minute < until)) return
      const quarter = first + Math.floor(minute / minutesPerQuarter)
      minutesMl[minute] = (minutesMl[minute] ?? 0) + ml
      quartersMl[quarter] = (quartersMl[quarter] ?? 0) + ml
    }
    draw(drawing, household, beginMs, add)
    for (const trouble of own) if (trouble.is === 'flow') run(trouble, beginMs, add)
    for (let quarter = first + 1; quarter < first + quartersPerStretch; quarter++)
      quartersMl[quarter] = (quartersMl[quarter] ?? 0) + (quartersMl[quarter - 1] ?? 0)
  }
  return { beginMs, minutesMl, quartersMl }
}

type Add = (minute: number, ml: number) => void

/** A draw that would run past the end of the stretch ends with it. */
function draw({ seed, occupancy }: Drawing, household: Household, beginMs: number, add: Add): void {
  const random = randomFor(seed, household.id, `draws/${beginMs}`)
  const isAway = absence(seed, household, occupancy, beginMs)
  const beginMinute = Math.round(hourOfDay(beginMs) * 60)
  for (const habit of habits) {
    const perMinute = Math.round(habit.litresPerS * 60_000)
    const times = poisson(random, habit.timesADay * household.persons)
    for (let nth = 0; nth < times; nth++) {
      const minuteOfDay = busyMinute(random)
      let left = Math.round(logNormal(random, habit.litres, 0.5) * 1000)
      const starts = (minuteOfDay - beginMinute + minutesPerStretch) % minutesPerStretch
      const latest = Math.max(0, minutesPerStretch - Math.ceil(left / perMinute))
      if (isAway?.(starts)) continue
      for (let minute = Math.min(starts, latest); left > 0 && minute < minutesPerStretch; minute++) {
        add(minute, Math.min(left, perMinute))
        left -= perMinute
      }
    }
  }
}

/** One home travels as a whole; of many together a share does. */
function absence(seed: number, { id, homes }: Household, occupancy: Occupancy, beginMs: number) {
  if (occupancy.absences.length === 0) return undefined
  const luck = randomFor(seed, id, 'travel')
  const own = luck()
  return (minute: number) => (homes > 1 ? luck() : own) < awayShare(occupancy, beginMs + minute * minuteMs)
}

function run(trouble: Trouble & { is: 'flow' }, beginMs: number, add: Add): void {
  const { from, until } = minutesOf(trouble, beginMs)
  for (let minute = from; minute < until; minute++) add(minute, trouble.mlPerMinute)
}

/** The minutes of the stretch that a trouble takes up. */
function minutesOf({ fromMs, untilMs }: Trouble, beginMs: number): { from: number; until: number } {
  const within = (atMs: number) =>
    Math.min(minutesPerStretch, Math.max(0, Math.ceil((atMs - beginMs) / minuteMs)))
  return { from: within(fromMs), until: within(untilMs) }
}

/** A minute of the local day, more likely in a busy hour. */
function busyMinute(random: () => number): number {
  let left = random() * busySum
  let hour = 0
  while (hour < 23 && (left -= busyHours[hour] ?? 0) >= 0) hour++
  return hour * 60 + Math.floor((random() * hourMs) / minuteMs)
}
