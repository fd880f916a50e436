import { expect, test } from 'vitest'
import { dayOf, hourMs, midnightOf, minuteMs } from './day.ts'
import { drawsOfDay, startWater, stepWater, type BuildingHomes, type WaterState } from './water-network.ts'

const seed = 5
const day = dayOf(Date.UTC(2026, 0, 15))
const homes: readonly BuildingHomes[] = [
  {
    households: [
      { id: 'flat-101', persons: 2 },
      { id: 'flat-102', persons: 5 },
      { id: 'the-rest', persons: 174 },
    ],
    hiddenLeakLph: 40,
  },
]

function minutesOn(was: WaterState, minutes: number): WaterState {
  let water = was
  for (let minute = 0; minute < minutes; minute++) water = stepWater(seed, homes, water)
  return water
}

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0)

test('a building’s meter has counted what its households drew and what seeped away, over midnight too', () => {
  const began = startWater(seed, homes, midnightOf(day) + 20 * hourMs)
  const ended = minutesOn(began, 600)
  const [before, after] = [began.buildings[0], ended.buildings[0]]
  const drawn =
    sum(after?.households.map(({ totalL }) => totalL) ?? []) -
    sum(before?.households.map(({ totalL }) => totalL) ?? [])
  const leaked = (after?.leakedL ?? 0) - (before?.leakedL ?? 0)
  expect((after?.totalL ?? 0) - (before?.totalL ?? 0)).toBeCloseTo(drawn + leaked, 6)
  expect(leaked).toBeGreaterThan(350)
  expect(leaked).toBeLessThanOrEqual(400)
})

test('starting in the middle of a day finds the registers where running through it leaves them', () => {
  const morning = startWater(seed, homes, midnightOf(day) + 7 * hourMs)
  const noon = startWater(seed, homes, midnightOf(day) + 12 * hourMs)
  expect(minutesOn(morning, 300)).toEqual(noon)
})

test('a restart on the next day turns no register back', () => {
  const evening = startWater(seed, homes, midnightOf(day) + 24 * hourMs - minuteMs)
  const morning = startWater(seed, homes, midnightOf(day + 1))
  for (const flat of [0, 1, 2]) {
    const was = evening.buildings[0]?.households[flat]?.totalL ?? Infinity
    expect(morning.buildings[0]?.households[flat]?.totalL).toBeGreaterThan(was)
  }
})

test('people use 117 ± 15 litres a day, little of it at night', () => {
  const persons = 180
  const days = Array.from({ length: 10 }, (_, at) => drawsOfDay(seed, { id: 'a-house', persons }, day + at))
  const perPersonDay = sum(days.map((minutes) => sum(minutes))) / 10 / persons
  expect(Math.abs(perPersonDay - 117)).toBeLessThan(15)
  const households = persons / 3
  const nightHours = days.map((minutes) => sum(minutes.subarray(120, 240)) / 2 / households)
  const nightFlow = sum(nightHours) / 10
  expect(nightFlow).toBeGreaterThan(1)
  expect(nightFlow).toBeLessThan(2.2)
})

test('a flat never draws as much as a burst hose: below 1 m³/h in every quarter of an hour', () => {
  let most = 0
  for (let home = 0; home < 60; home++) {
    const minutes = drawsOfDay(seed, { id: `home-${home}`, persons: 3 }, day)
    for (let quarter = 0; quarter < 96; quarter++)
      most = Math.max(most, sum(minutes.subarray(quarter * 15, quarter * 15 + 15)) * 4)
  }
  expect(most).toBeGreaterThan(100)
  expect(most).toBeLessThan(1000)
})
