import { describe, expect, test } from 'vitest'
import { demoFleet } from '../fleets/demo.ts'
import { districtFleet } from '../fleets/district.ts'
import { placeOf } from '../place.ts'
import type { RunningEstate } from '../scenarios/fault-kind.ts'
import { faultKindOf } from '../scenarios/faults.ts'
import { parseScenario } from '../scenarios/scenario.ts'
import { supplyCurveC } from './building-heat.ts'
import { designEstate, startEstate, type EstateDesign, type EstatePlant } from './estate-plant.ts'
import { stepHeating, type Heating } from './heating.ts'
import { heatingFaults } from './heating-faults.ts'
import { tankLevel } from './heating-loop.ts'

/** Every row of the heating's fault table does to the estate what the rule it names looks for (domain.md B),
 *  and its repair undoes it. The plant alone, so that days cost milliseconds. */
const startMs = Date.parse('2026-01-15T00:00:00+08:00')
const stepS = 10

function estateIn(weather: object, estate = demoFleet().estates[0]) {
  const scenario = parseScenario('test', { name: 'test', about: '', weather })
  if (!estate) throw new Error('the demo has an estate')
  const design = designEstate(estate, 5, { ...scenario, startMs })
  return { design, plant: startEstate(design, startMs) }
}

const winter = estateIn({})
const frost = estateIn({ meanC: -9, swingC: 2 })

/** What the rules look for, without their delays: at the worst place of the estate. */
const conditions: Readonly<Record<string, (now: Heating, design: EstateDesign, calm: Heating) => boolean>> = {
  H01: ({ loop }, design) => loop.returnKpa < design.loop.staticKpa,
  H02: ({ loop }, design) => loop.returnKpa < design.loop.staticKpa + 20,
  H03: ({ loop }, design) => loop.returnKpa > design.loop.setKpa + 80,
  H04: ({ loop }) => loop.makeUpM3h > 0.005 * loop.flowM3h,
  H05: ({ loop }, _, calm) => loop.pump !== 'running' || loop.dpKpa < 0.3 * calm.loop.dpKpa,
  H06: ({ loop }, design) => loop.fittings.makeUp === 'failed' || tankLevel(design.loop, loop) < 0.2,
  H07: ({ heat, outdoorC }) => Math.abs(heat.supplyC - supplyCurveC(outdoorC)) > 5,
  H08: ({ heat, loop }, _, calm) =>
    heat.leavesC.some(
      (leaves, at) =>
        leaves < heat.mixedReturnC - 8 &&
        (loop.branchFlowM3h[at] ?? 0) < 0.5 * (calm.loop.branchFlowM3h[at] ?? 0),
    ),
  H09: ({ loop }, _, calm) =>
    loop.branchFlowM3h.some((flow, at) => flow < 0.1 * (calm.loop.branchFlowM3h[at] ?? 0)),
  H10: ({ flats }) => flats.flat().some(({ roomC }) => roomC < 18),
  H11: ({ heat, flats, outdoorC }) =>
    outdoorC < 0 &&
    [...heat.arrivesC, ...heat.leavesC, ...flats.flat().map(({ roomC }) => roomC)].some((c) => c < 5),
  H12: ({ loop }) => loop.strainerKpa > 50,
}

const rulesOf = (now: Heating, { design, plant }: typeof winter) =>
  Object.keys(conditions).filter((rule) => conditions[rule]?.(now, design, plant))

/** Lets the heating run, and says which rules had cause to speak. */
function live(running: RunningEstate, hours: number, calm: typeof winter): Set<string> {
  const seen = new Set<string>()
  const untilMs = running.plant.nowMs + hours * 3_600_000
  for (let { nowMs } = running.plant; nowMs < untilMs;) {
    nowMs += stepS * 1000
    const plant: EstatePlant = {
      ...running.plant,
      nowMs,
      ...stepHeating(calm.design, running.plant, nowMs, stepS),
    }
    running.plant = plant
    if (nowMs % 60_000 === 0) for (const rule of rulesOf(plant, calm)) seen.add(rule)
  }
  return seen
}

interface Case {
  fault: string
  target: string
  params?: object
  rule: string
  withinHours: number
  healedAfterHours: number
  weather?: typeof winter
}

const station = 'hengkang-station'
const cases: readonly Case[] = [
  {
    fault: 'burst',
    target: 'hengkang-b14',
    params: { m3h: 12 },
    rule: 'H01',
    withinHours: 0.1,
    healedAfterHours: 1,
  },
  {
    fault: 'leak',
    target: 'hengkang-b14',
    params: { m3h: 0.5 },
    rule: 'H04',
    withinHours: 2,
    healedAfterHours: 6,
  },
  {
    fault: 'leak',
    target: 'hengkang-b14',
    params: { m3h: 3.7 },
    rule: 'H02',
    withinHours: 2,
    healedAfterHours: 1,
  },
  { fault: 'make-up-failed', target: station, rule: 'H06', withinHours: 0.1, healedAfterHours: 1 },
  { fault: 'make-up-failed', target: station, rule: 'H02', withinHours: 4, healedAfterHours: 1 },
  { fault: 'make-up-runs-on', target: station, rule: 'H03', withinHours: 0.5, healedAfterHours: 8 },
  { fault: 'tank-inlet-shut', target: station, rule: 'H06', withinHours: 12, healedAfterHours: 1 },
  { fault: 'primary-leak', target: station, rule: 'H03', withinHours: 0.5, healedAfterHours: 8 },
  { fault: 'relief-passes', target: station, rule: 'H04', withinHours: 1, healedAfterHours: 6 },
  { fault: 'pump-trip', target: station, rule: 'H05', withinHours: 0.1, healedAfterHours: 1 },
  { fault: 'station-power-cut', target: station, rule: 'H05', withinHours: 0.1, healedAfterHours: 1 },
  { fault: 'station-power-cut', target: station, rule: 'H02', withinHours: 1, healedAfterHours: 3 },
  { fault: 'pump-slow', target: station, rule: 'H05', withinHours: 0.1, healedAfterHours: 1 },
  { fault: 'strainer-clogged', target: station, rule: 'H12', withinHours: 0.1, healedAfterHours: 1 },
  { fault: 'air-lock', target: 'hengkang-b08', rule: 'H08', withinHours: 4, healedAfterHours: 1 },
  { fault: 'valve-shut', target: 'hengkang-b08', rule: 'H09', withinHours: 0.1, healedAfterHours: 1 },
  { fault: 'primary-loss', target: station, rule: 'H07', withinHours: 0.5, healedAfterHours: 4 },
  { fault: 'off-curve', target: station, rule: 'H07', withinHours: 0.5, healedAfterHours: 4 },
  { fault: 'primary-valve-stuck', target: station, rule: 'H07', withinHours: 2, healedAfterHours: 8 },
  { fault: 'room-cold', target: 'hengkang-b06-r401', rule: 'H10', withinHours: 12, healedAfterHours: 24 },
  { fault: 'room-cold', target: 'hengkang-b06-riser', rule: 'H10', withinHours: 12, healedAfterHours: 24 },
  { fault: 'window-open', target: 'hengkang-b06-r601', rule: 'H10', withinHours: 1, healedAfterHours: 12 },
  {
    fault: 'freezing',
    target: 'hengkang-b08',
    rule: 'H11',
    withinHours: 6,
    healedAfterHours: 4,
    weather: frost,
  },
  {
    fault: 'window-open',
    target: 'hengkang-b06-r601',
    params: { share: 1 },
    rule: 'H11',
    withinHours: 8,
    healedAfterHours: 24,
    weather: frost,
  },
]

describe('a row of the table is cause for its rule, and its repair ends that', () => {
  test.each(cases)('$fault at $target: $rule within $withinHours h', (story) => {
    const { fault, target, params, rule, withinHours, healedAfterHours, weather = winter } = story
    const kind = faultKindOf(fault)
    const place = placeOf(weather.design.estate, target)
    const strike = kind?.params.parse(params)
    if (!kind || !place || !strike) throw new Error('the table and the estate have it')
    expect(kind.at).toContain(place.at)
    expect(kind.rules).toContain(rule)
    const running: RunningEstate = { ...weather, devices: new Map() }
    expect(rulesOf(running.plant, weather)).toEqual([])
    strike.begin(running, place)
    expect([...live(running, withinHours, weather)]).toContain(rule)
    strike.end?.(running, place)
    live(running, healedAfterHours, weather)
    expect(rulesOf(running.plant, weather)).toEqual([])
  })

  test('a calm day is cause for none', () => {
    expect([...live({ ...winter, devices: new Map() }, 24, winter)]).toEqual([])
  })

  /** One of each height and the smallest: limits that hold for the demo must hold for all. */
  const shapes = Map.groupBy(districtFleet().estates, ({ topRadiatorM }) => topRadiatorM)
  const samples = [...shapes.values()].flatMap((estates) =>
    estates.toSorted((a, b) => a.floorAreaM2 - b.floorAreaM2).slice(0, 1),
  )
  test.each(samples)('nor in $id, $topRadiatorM m high', (estate) => {
    const calm = estateIn({}, estate)
    expect([...live({ ...calm, devices: new Map() }, 24, calm)]).toEqual([])
  })

  test('a blocked relief valve is nobody’s business until something drives the pressure up', () => {
    const running: RunningEstate = { ...winter, devices: new Map() }
    const at = { at: 'station', device: 'hengkang-station-heat' } as const
    faultKindOf('relief-blocked')?.params.parse(undefined).begin(running, at)
    expect([...live(running, 6, winter)]).toEqual([])
    faultKindOf('make-up-runs-on')?.params.parse(undefined).begin(running, at)
    live(running, 1, winter)
    expect(running.plant.loop.returnKpa).toBeGreaterThan(winter.design.loop.setKpa + 200)
  })
})

test('every rule of the heating has a cause in the table, and every row is tried', () => {
  const named = new Set<string>(heatingFaults.flatMap(({ rules }) => rules))
  expect(Object.keys(conditions).filter((rule) => !named.has(rule))).toEqual([])
  const tried = new Set([...cases.map(({ fault }) => fault), 'relief-blocked'])
  expect(heatingFaults.filter(({ fault }) => !tried.has(fault))).toEqual([])
})

test('params that no pump, pipe or flat could have are refused', () => {
  const refused = (fault: string, params?: object) =>
    faultKindOf(fault)?.params.safeParse(params).success === false
  expect(refused('burst')).toBe(true)
  expect(refused('burst', { m3h: -1 })).toBe(true)
  expect(refused('pump-trip', { m3h: 3 })).toBe(true)
  expect(refused('valve-shut', { open: 1.2 })).toBe(true)
  expect(refused('window-open', { share: 0 })).toBe(true)
})
