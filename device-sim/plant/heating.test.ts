import { expect, test } from 'vitest'
import { demoFleet } from '../fleets/demo.ts'
import { ordinaryDay, parseScenario, type Scenario } from '../scenarios/scenario.ts'
import { supplyCurveC } from './building-heat.ts'
import { designEstate } from './estate-plant.ts'
import { startHeating, stepHeating, type Heating } from './heating.ts'
import { refit } from './heating-loop.ts'
import type { LoopFittings } from './loop-fittings.ts'
import { outdoorC } from './weather.ts'

/** The heating of the demo estate alone, for days: the figures of domain.md E1 and their tolerances. */
const startMs = Date.parse('2026-01-15T00:00:00+08:00')
const stepS = 10

function estateWith(conditions: object = {}) {
  const scenario: Scenario = parseScenario('test', { ...ordinaryDay, season: 'heating', ...conditions })
  const [estate] = demoFleet().estates
  if (!estate) throw new Error('the demo has an estate')
  const design = designEstate(estate, 5, { ...scenario, startMs })
  return {
    design,
    start: () => startHeating(design, startMs),
    /** `hours` later, with a look every ten minutes. */
    after: (was: Heating, hours: number, look: (heating: Heating) => void = () => {}): Heating => {
      let heating = was
      const beginMs = nowOf.get(was) ?? startMs
      const untilMs = beginMs + hours * 3_600_000
      for (let atMs = beginMs; atMs < untilMs; atMs += stepS * 1000) {
        heating = stepHeating(design, heating, atMs + stepS * 1000, stepS)
        if ((atMs + stepS * 1000) % 600_000 === 0) look(heating)
      }
      nowOf.set(heating, untilMs)
      return heating
    },
    refitted: (was: Heating, change: Partial<LoopFittings>): Heating => {
      const heating = { ...was, loop: refit(design.loop, was.loop, change) }
      nowOf.set(heating, nowOf.get(was) ?? startMs)
      return heating
    },
    damaged: (was: Heating, change: Partial<Heating['heat']['fittings']>): Heating => {
      const heating = { ...was, heat: { ...was.heat, fittings: { ...was.heat.fittings, ...change } } }
      nowOf.set(heating, nowOf.get(was) ?? startMs)
      return heating
    },
  }
}

/** When a heating stands where it stands. */
const nowOf = new WeakMap<Heating, number>()
const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length
const rooms = ({ heat }: Heating) => mean(heat.roomC)

const cold = estateWith({ weather: { meanC: -8, swingC: 0 } })
const winter = estateWith()

test('the compensation curve for 75/50 radiators', () => {
  const curve = [10, 5, 0, -4, -8].map((outdoor) => Math.round(supplyCurveC(outdoor) * 10) / 10)
  expect(curve).toEqual([39.8, 50.4, 60.2, 67.7, 75])
})

test('a normal day: return 224 kPa within 3, supply 56 to 75 °C within 2, rooms at 19.7 within a half', () => {
  const seen: Heating[] = []
  winter.after(winter.start(), 48, (heating) => seen.push(heating))
  for (const { loop, heat } of seen) {
    expect(Math.abs(loop.returnKpa - 224)).toBeLessThan(3)
    expect(heat.supplyC).toBeGreaterThan(54)
    expect(heat.supplyC).toBeLessThan(77)
    expect(heat.valve).toBeLessThan(1)
  }
  const supplies = seen.map(({ heat }) => heat.supplyC)
  expect(Math.max(...supplies) - Math.min(...supplies)).toBeGreaterThan(12)
  expect(Math.abs(mean(seen.map(rooms)) - 19.7)).toBeLessThan(0.5)
  for (const { roomC } of seen.flatMap(({ flats }) => flats.flat())) expect(roomC).toBeGreaterThan(18)
})

test('the pump stands for eight hours: rooms lose 1.8 K within 0.4', () => {
  const before = winter.after(winter.start(), 6)
  const after = winter.after(winter.refitted(before, { pump: 'tripped' }), 8)
  expect(after.heat.valve).toBe(0)
  expect(rooms(before) - rooms(after)).toBeGreaterThan(1.4)
  expect(rooms(before) - rooms(after)).toBeLessThan(2.2)
})

test('no heat at -8 °C: from 20 to 18 °C in six hours within one', () => {
  const start = cold.start()
  const warm = { ...start, heat: { ...start.heat, roomC: start.heat.roomC.map(() => 20) } }
  let hours = 0
  const stood = cold.refitted(warm, { pump: 'tripped' })
  const chilled = { ...stood, heat: { ...stood.heat, supplyC: 20, mixedReturnC: 20 } }
  cold.after(chilled, 10, (heating) => {
    if (rooms(heating) > 18) hours += 1 / 6
  })
  expect(hours).toBeGreaterThan(5)
  expect(hours).toBeLessThan(7)
})

test.each<[string, Partial<LoopFittings>, number]>([
  ['air that resists 25 times', { air: soundExcept(7, 25) }, 14.8],
  ['an entrance valve nine tenths shut', { valves: soundExcept(7, 0.1) }, 13.5],
])('%s: the building is cold after 42 hours, and no other', (_, change, roomC) => {
  const struck = winter.after(winter.refitted(winter.start(), change), 42)
  expect(Math.abs((struck.heat.roomC[7] ?? 0) - roomC)).toBeLessThan(1)
  for (const [index, room] of struck.heat.roomC.entries()) if (index !== 7) expect(room).toBeGreaterThan(18.5)
  expect(struck.heat.leavesC[7]).toBeLessThan(struck.heat.mixedReturnC - 8)
})

function soundExcept(building: number, value: number): readonly number[] {
  return Array.from({ length: 20 }, (_, index) => (index === building ? value : 1))
}

test('no primary heat: the supply is 10 K below its curve within half an hour, without shrinking the pressure away', () => {
  const lost = winter.after(winter.damaged(winter.start(), { primary: 0 }), 0.75)
  expect(lost.heat.supplyC).toBeLessThan(supplyCurveC(lost.outdoorC) - 10)
  expect(lost.heat.valve).toBe(1)
  expect(lost.loop.returnKpa).toBeGreaterThan(winter.design.loop.staticKpa + 20)
})

test('a wrong curve: 25 K too much brings the supply above 85 °C within three hours', () => {
  const hot = winter.after(winter.damaged(winter.start(), { curveOffsetK: 25 }), 3)
  expect(hot.heat.supplyC).toBeGreaterThan(85)
})

test('a primary valve stuck open: the command closes, the position stays, the supply climbs', () => {
  const stuck = winter.after(winter.damaged(winter.start(), { valveStuck: 1 }), 3)
  expect(stuck.heat.valve).toBeLessThan(0.5)
  expect(stuck.heat.valveStands).toBe(1)
  expect(stuck.heat.supplyC).toBeGreaterThan(supplyCurveC(stuck.outdoorC) + 5)
})

test('an entrance without flow takes the temperature of its cellar, far below the station’s supply', () => {
  const shut = winter.after(winter.refitted(winter.start(), { valves: soundExcept(3, 0) }), 12)
  expect(shut.heat.arrivesC[3]).toBeLessThan(shut.heat.supplyC - 20)
  expect(shut.heat.arrivesC[4]).toBeGreaterThan(shut.heat.supplyC - 1)
})

test('a cold cellar with no flow: below 5 °C in the pipes within six hours, in frost', () => {
  const shut = cold.refitted(cold.start(), { valves: soundExcept(3, 0) })
  const frozen = cold.after(cold.damaged(shut, { openCellars: [3] }), 6)
  expect(frozen.heat.arrivesC[3]).toBeLessThan(5)
  expect(frozen.heat.leavesC[3]).toBeLessThan(5)
})

test('a window open in one flat: below 18 °C within the hour, its neighbours as before, warm again by evening', () => {
  const start = winter.start()
  const aired = {
    ...start,
    flats: start.flats.map((flats) => flats.map((flat, at) => (at === 0 ? { ...flat, window: 0.3 } : flat))),
  }
  const cool = winter.after(aired, 1)
  const [flat, neighbour] = cool.flats[1] ?? []
  expect(flat?.roomC).toBeLessThan(18)
  expect(neighbour?.roomC).toBeGreaterThan(18.5)
  const shut = { ...cool, flats: cool.flats.map((flats) => flats.map((each) => ({ ...each, window: 0 }))) }
  expect(winter.after(shut, 12).flats[1]?.[0]?.roomC).toBeGreaterThan(18)
})

test('a flat is lived in: by evening half a kelvin to two warmer than at dawn, against its building', () => {
  const against: number[] = []
  winter.after(winter.after(winter.start(), 24), 24, ({ flats, heat }) =>
    against.push((flats[1]?.[1]?.roomC ?? 0) - (heat.roomC[1] ?? 0)),
  )
  expect(Math.max(...against) - Math.min(...against)).toBeGreaterThan(0.5)
  expect(Math.max(...against) - Math.min(...against)).toBeLessThan(2)
  expect(against.indexOf(Math.max(...against)) / 6).toBeGreaterThan(16)
})

test('summer: cold, full, and nothing turns', () => {
  const summer = estateWith({ season: 'off', weather: { meanC: 20 } })
  const { loop, heat } = summer.after(summer.start(), 12)
  expect(loop).toMatchObject({ pump: 'idle', flowM3h: 0, dpKpa: 0 })
  expect(loop.returnKpa).toBeGreaterThan(summer.design.loop.staticKpa)
  expect(heat.heatKw).toBe(0)
  expect(heat.supplyC).toBeLessThan(30)
})

test('opening night: filled, turned cold, then warmed by no more than 5 K an hour until it meets its curve', () => {
  const turns = [
    { t: 0, mode: 'fill-test' },
    { t: 4 * 3600, mode: 'ramp' },
  ]
  const autumn = estateWith({ season: turns, weather: { meanC: 6, swingC: 4 } })
  const started = autumn.start()
  expect(started.loop.returnKpa).toBe(0)
  const turned = autumn.after(started, 4)
  expect(turned.loop.pump).toBe('running')
  expect(turned.heat.supplyC).toBeLessThan(25)
  const supplies: number[] = []
  const warm = autumn.after(turned, 20, ({ heat }) => supplies.push(heat.supplyC))
  for (const [at, supply] of supplies.entries())
    if (at >= 6) expect(supply - (supplies[at - 6] ?? 0)).toBeLessThan(5.1)
  expect(Math.abs(warm.heat.supplyC - supplyCurveC(warm.outdoorC))).toBeLessThan(3)
  expect(rooms(warm)).toBeGreaterThan(rooms(turned) + 1)
})

test('the end of the season: no heat, and the pump rests when the water is lukewarm', () => {
  const spring = estateWith({
    season: [
      { t: 0, mode: 'heating' },
      { t: 3600, mode: 'shutdown' },
    ],
    weather: { meanC: 8 },
  })
  const ended = spring.after(spring.start(), 12)
  expect(ended.heat.supplyC).toBeLessThan(30.1)
  expect(ended.loop.pump).toBe('idle')
})

test('a cold snap comes and goes over six hours, and leaves the other days as they were', () => {
  const spells = [{ t: 86_400, until: 2 * 86_400, byK: -12 }]
  const plain = winter.design.weather
  const snap = { ...plain, spells }
  const by = (hours: number) =>
    outdoorC(snap, startMs + hours * 3_600_000) - outdoorC(plain, startMs + hours * 3_600_000)
  expect([0, 24, 30, 47, 54, 80].map((hours) => Math.round(by(hours) * 10) / 10 + 0)).toEqual([
    0, 0, -12, -12, 0, 0,
  ])
})

test('the weather wanders by a kelvin, and remembers where it was', () => {
  const still = { ...winter.design.weather, swingC: 0 }
  const hours = Array.from(
    { length: 2_000 },
    (_, hour) => outdoorC(still, startMs + hour * 3_600_000) - still.meanC,
  )
  const variance = mean(hours.map((each) => each ** 2))
  const covariance = mean(hours.slice(1).map((each, at) => each * (hours[at] ?? 0)))
  expect(Math.sqrt(variance)).toBeGreaterThan(0.8)
  expect(Math.sqrt(variance)).toBeLessThan(1.2)
  expect(covariance / variance).toBeGreaterThan(0.7)
})
