import { expect, test } from 'vitest'
import { dayOf, hourMs, midnightOf, minuteMs } from './day.ts'
import { minutesPerStretch, quartersPerStretch, stretchOf, type Household } from './household-draws.ts'
import {
  mainMeter,
  startWater,
  stepWater,
  throughMeter,
  withTrouble,
  type BuildingHomes,
  type WaterDesign,
  type WaterState,
} from './water-network.ts'

const seed = 5
const day = dayOf(Date.UTC(2026, 0, 15))
const nobodyAway = { beganMs: 0, absences: [] }
const house: BuildingHomes = {
  id: 'house',
  households: [
    { id: 'flat-101', persons: 2, homes: 1 },
    { id: 'flat-102', persons: 5, homes: 1 },
    { id: 'the-rest', persons: 174, homes: 58 },
  ],
  hiddenLeakLph: 40,
}
const design: WaterDesign = { seed, buildings: [house], occupancy: nobodyAway }
const mildC = 5

function minutesOn(was: WaterState, minutes: number): WaterState {
  let water = was
  for (let minute = 0; minute < minutes; minute++) water = stepWater(design, water, mildC)
  return water
}

const buildingOf = ({ buildings: [building] }: WaterState) => {
  if (!building) throw new Error('there is one building')
  return building
}

/** Went in through the building's meter, less came back. */
const netMl = (water: WaterState) => buildingOf(water).forwardMl - buildingOf(water).reverseMl
/** At its homes. */
const netOfHomesMl = (water: WaterState) =>
  house.households.reduce((sum, _, home) => {
    const { forwardMl, reverseMl } = throughMeter(water, buildingOf(water), home)
    return sum + forwardMl - reverseMl
  }, 0)

test('to the millilitre: a building’s meter has counted its homes and its leaks, whatever happens, for three days', () => {
  const began = startWater(design, midnightOf(day) + 20 * hourMs)
  let [building] = began.buildings
  if (!building) throw new Error('there is one building')
  const lasts = (hours: number, forHours: number) => ({
    fromMs: began.atMs + hours * hourMs,
    untilMs: began.atMs + (hours + forHours) * hourMs,
  })
  for (const trouble of [
    { home: 0, cause: 'leak', is: 'flow', mlPerMinute: 217, ...lasts(3, 50) },
    { home: 1, cause: 'burst', is: 'flow', mlPerMinute: 30_000, ...lasts(11, 2) },
    { home: 1, cause: 'valve', is: 'dry', ...lasts(12.5, 20) },
    { home: 'all', cause: 'main-shut', is: 'dry', ...lasts(30, 4) },
    { home: 0, cause: 'back', is: 'back', mlPerMinute: 2_400, everyMs: 6 * hourMs, ...lasts(5, 40) },
    { home: 'all', cause: 'back', is: 'back', mlPerMinute: 20_000, everyMs: 8 * hourMs, ...lasts(7, 40) },
  ] as const)
    building = withTrouble(design, 0, building, trouble)
  const struck = { ...began, buildings: [{ ...building, leakLphNominal: 300 }] }
  const ended = minutesOn(struck, 72 * 60)
  const { leakedMl, drainedMl, reverseMl } = buildingOf(ended)
  const leaked = leakedMl - buildingOf(began).leakedMl
  expect(netMl(ended) - netMl(began)).toBe(netOfHomesMl(ended) - netOfHomesMl(began) + leaked - drainedMl)
  expect(leaked / 1e6).toBeGreaterThan(0.3 * 64)
  expect(drainedMl).toBe(5 * 5 * 20_000)
  expect(reverseMl).toBeGreaterThan(0)
  expect(throughMeter(ended, buildingOf(ended), 0).reverseMl).toBe(7 * 5 * 2_400)
})

test('starting in the middle of a day finds the registers where running through it leaves them', () => {
  const morning = startWater(design, midnightOf(day) + 7 * hourMs)
  const later = startWater(design, midnightOf(day) + 8 * hourMs)
  expect(minutesOn(morning, 60)).toEqual(later)
})

test('a restart on the next day turns no register back', () => {
  const evening = startWater(design, midnightOf(day) + 24 * hourMs - minuteMs)
  const morning = startWater(design, midnightOf(day + 1))
  for (const meter of [0, 1, 2, mainMeter]) {
    const was = throughMeter(evening, buildingOf(evening), meter).forwardMl
    expect(throughMeter(morning, buildingOf(morning), meter).forwardMl).toBeGreaterThanOrEqual(was)
  }
})

test('a main that breaks takes the pressure with it, a leak does not', () => {
  const calm = minutesOn(startWater(design, midnightOf(day) + 10 * hourMs), 1)
  const pressureWith = (leakLphNominal: number) =>
    buildingOf(minutesOn({ ...calm, buildings: [{ ...buildingOf(calm), leakLphNominal }] }, 1)).pressureKpa
  expect(buildingOf(calm).pressureKpa).toBeGreaterThan(320)
  expect(buildingOf(calm).pressureKpa - pressureWith(500)).toBeLessThan(2)
  expect(buildingOf(calm).pressureKpa - pressureWith(40_000)).toBeGreaterThan(100)
})

/** Sixty homes of three for thirty days (domain.md E2): their litres in each quarter of an hour. */
const quarters = Array.from({ length: 60 }, (_, home) => quartersOf(`home-${home}`, 30))

function quartersOf(id: string, days: number, leakLph = 0): number[] {
  const household: Household = { id, persons: 3, homes: 1 }
  const mlPerMinute = Math.round((leakLph * 1000) / 60)
  const leak = {
    home: 0,
    cause: 'leak',
    is: 'flow',
    mlPerMinute,
    fromMs: -Infinity,
    untilMs: Infinity,
  } as const
  return Array.from({ length: days }, (_, at) => {
    const drawing = {
      seed,
      households: [household],
      occupancy: nobodyAway,
      troubles: leakLph > 0 ? [leak] : [],
    }
    const { quartersMl } = stretchOf(drawing, midnightOf(day + at))
    return Array.from(
      quartersMl,
      (ml, quarter) => (ml - (quarter > 0 ? (quartersMl[quarter - 1] ?? 0) : 0)) / 1000,
    )
  }).flat()
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
const grouped = (numbers: readonly number[], size: number) =>
  Array.from({ length: numbers.length / size }, (_, at) => sum(numbers.slice(at * size, at * size + size)))

/** Whether any 24 hours in a row had `litres` in each. */
function alwaysFlowing(home: readonly number[], litres: number): boolean {
  let inARow = 0
  return grouped(home, 4).some((hour) => (inARow = hour >= litres ? inARow + 1 : 0) >= 24)
}

test('people use 117 ± 5 litres a day, and 1.55 ± 0.25 L/h a home in the quietest hour of the night', () => {
  const perPersonDay = sum(quarters.map((home) => sum(home))) / 60 / 30 / 3
  expect(Math.abs(perPersonDay - 117)).toBeLessThan(5)
  const dayShape = Array.from({ length: quartersPerStretch }, (_, quarter) =>
    sum(quarters.map((home) => sum(home.filter((_litres, at) => at % quartersPerStretch === quarter)))),
  )
  const nightHours = [8, 9, 10, 11, 12].map((from) => sum(dayShape.slice(from, from + 4)) / 60 / 30)
  expect(Math.abs(Math.min(...nightHours) - 1.55)).toBeLessThan(0.25)
})

test('no flat draws like a burst hose: 0.56 ± 0.15 m³/h in the busiest quarter of 1,800 days (W02 at 1.0)', () => {
  const most = Math.max(...quarters.map((home) => Math.max(...home))) * 4
  expect(Math.abs(most - 560)).toBeLessThan(150)
})

test('2.5 litres in every hour of a day: never without a leak, always within a day of one of 6 L/h (W03)', () => {
  expect(quarters.filter((home) => alwaysFlowing(home, 2.5))).toEqual([])
  for (let home = 0; home < 20; home++) {
    const [first, ...rest] = grouped(quartersOf(`home-${home}`, 1, 6), 4)
    expect([first, ...rest].every((hour) => (hour ?? 0) >= 2.5)).toBe(true)
  }
})

test('who is away draws nothing, and of many homes the share that is away', () => {
  const occupancy = { beganMs: midnightOf(day), absences: [{ t: 0, until: 864_000, away: 0.7 }] }
  const flats = Array.from({ length: 300 }, (_, at): Household => ({
    id: `flat-${at}`,
    persons: 3,
    homes: 1,
  }))
  const rest: Household = { id: 'the-rest', persons: 174, homes: 58 }
  const drawn = (households: readonly Household[], who: typeof occupancy) => {
    const { quartersMl } = stretchOf({ seed, households, occupancy: who, troubles: [] }, midnightOf(day))
    return households.map((_, home) => (quartersMl[(home + 1) * quartersPerStretch - 1] ?? 0) / 1000)
  }
  const empty = drawn(flats, occupancy).filter((litres) => litres === 0).length
  expect(Math.abs(empty / 300 - 0.7)).toBeLessThan(0.08)
  const [left = 0] = drawn([rest], occupancy)
  const [all = 1] = drawn([rest], nobodyAway)
  expect(Math.abs(left / all - 0.3)).toBeLessThan(0.05)
})

test('a stretch is 24 hours, wherever it begins, and none of its draws is lost at its end', () => {
  const { minutesMl, quartersMl } = stretchOf(
    { seed, households: house.households, occupancy: nobodyAway, troubles: [] },
    midnightOf(day) + 19.25 * hourMs,
  )
  const total = house.households.reduce(
    (litres, _, home) => litres + (quartersMl[(home + 1) * quartersPerStretch - 1] ?? 0),
    0,
  )
  expect(minutesMl.length).toBe(minutesPerStretch)
  expect(minutesMl.reduce((litres, ml) => litres + ml, 0)).toBe(total)
})
