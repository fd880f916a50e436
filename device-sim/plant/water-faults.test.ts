import { describe, expect, test } from 'vitest'
import { senseMeter } from '../firmware/meter-senses.ts'
import { demoFleet } from '../fleets/demo.ts'
import { placeOf } from '../place.ts'
import type { RunningEstate, Strike } from '../scenarios/fault-kind.ts'
import { faultKindOf } from '../scenarios/faults.ts'
import { parseScenario } from '../scenarios/scenario.ts'
import { designEstate, startEstate } from './estate-plant.ts'
import { waterFaults } from './water-faults.ts'
import { mainMeter, stepWater } from './water-network.ts'
import { turnValve } from './water-valve.ts'

/** Every row of the water's fault table does to a meter what the rule it names looks for (domain.md B), and its
 *  repair ends it. The water alone, so that days cost milliseconds. */
const startMs = Date.parse('2026-01-15T00:00:00+08:00')
const [estate] = demoFleet().estates
if (!estate) throw new Error('the demo has an estate')
const design = designEstate(estate, 5, {
  ...parseScenario('test', { name: 'test', about: '' }),
  startMs,
})
const calm = startEstate(design, startMs)
const main = 'hengkang-b03-water'
const flat = 'hengkang-b03-f101-water'
const building = 2

/** Water alone; the weather as it is told. */
class Estate implements RunningEstate {
  readonly design = design
  readonly devices = new Map()
  plant = calm

  live(hours: number, outdoorC = calm.outdoorC): this {
    for (let minute = 0; minute < hours * 60; minute++)
      this.plant = { ...this.plant, outdoorC, water: stepWater(design.water, this.plant.water, outdoorC) }
    return this
  }

  at(target: string) {
    return senseMeter(this.plant, building, target === main ? mainMeter : 0)
  }

  /** Litres between now and `hours` later. */
  counts(target: string, hours: number): { forwardL: number; reverseL: number } {
    const before = this.at(target)
    const after = this.live(hours).at(target)
    return { forwardL: after.forwardL - before.forwardL, reverseL: after.reverseL - before.reverseL }
  }
}

function strike(fault: string, target: string, params?: object) {
  const kind = faultKindOf(fault)
  const place = estate && placeOf(estate, target)
  if (!kind || !place) throw new Error(`there is no ${fault} at ${target}`)
  expect(kind.at).toContain(place.at)
  const struck: Strike = kind.params.parse(params)
  const running = new Estate()
  struck.begin(running, place)
  return { running, repair: () => struck.end?.(running, place) }
}

const usual = {
  flatDayL: new Estate().counts(flat, 24).forwardL,
  nightLph: new Estate().live(2).counts(main, 2).forwardL / 2,
}

test('the table is complete: every rule of the water has a cause', () => {
  const rules = new Set(waterFaults.flatMap(({ rules: named }) => named))
  expect([...rules].sort()).toEqual(['W01', 'W02', 'W03', 'W04', 'W05', 'W06', 'W07', 'W08'])
})

test('W01 water-burst: three times the usual flow and a third of Q3, and the pressure falls by 100 kPa', () => {
  const { running, repair } = strike('water-burst', main, { lph: 40_000 })
  const before = running.at(main)
  const { flowLph, pressureKpa } = running.live(1 / 60).at(main)
  expect(flowLph).toBeGreaterThan(25_000 / 3)
  expect(before.pressureKpa - pressureKpa).toBeGreaterThan(100)
  repair()
  expect(running.live(1 / 60).at(main).flowLph).toBeLessThan(5_000)
})

test('main-shut: nothing flows, nothing presses, and the meters behind it run dry', () => {
  const { running, repair } = strike('main-shut', main)
  expect(running.counts(main, 8)).toEqual({ forwardL: 0, reverseL: 0 })
  expect(running.at(main)).toMatchObject({ pressureKpa: 0, pipe: 'empty' })
  expect(running.at(flat).pipe).toBe('empty')
  repair()
  expect(running.counts(main, 8).forwardL).toBeGreaterThan(1_000)
  expect(running.at(flat).pipe).toBe('full')
})

test('W02 flat-burst: above 1.0 m³/h in every quarter of an hour', () => {
  const { running, repair } = strike('flat-burst', flat, { lph: 1_200 })
  for (let quarter = 0; quarter < 4; quarter++)
    expect(running.live(0.25).at(flat).flowLph).toBeGreaterThanOrEqual(1_000)
  repair()
  expect(running.counts(flat, 24).forwardL).toBeLessThan(usual.flatDayL + 500)
})

test('W03 flat-leak: 2.5 litres in every hour', () => {
  const { running } = strike('flat-leak', flat, { lph: 6 })
  for (let hour = 0; hour < 24; hour++) expect(running.counts(flat, 1).forwardL).toBeGreaterThan(2.5)
})

test('W04 water-leak: the quiet hours of the night have 50 L/h more, and no flat has', () => {
  const { running } = strike('water-leak', main, { lph: 150 })
  const before = running.at(flat).forwardL
  const nightLph = running.live(2).counts(main, 2).forwardL / 2
  expect(nightLph - usual.nightLph).toBeGreaterThan(140)
  expect(nightLph).toBeGreaterThan(1.3 * usual.nightLph)
  expect(running.at(flat).forwardL - before).toBe(new Estate().counts(flat, 4).forwardL)
})

test.each([
  ['a flat', flat, 6, 5],
  ['a building', main, 60, 50],
])('W05 reverse-flow: %s gives back more than it may in a day', (_, target, l, limitL) => {
  const { running, repair } = strike('reverse-flow', target, { l })
  expect(running.at(target).pressureKpa - running.live(1 / 60).at(target).pressureKpa).toBeGreaterThan(200)
  expect(running.counts(target, 24).reverseL).toBeGreaterThan(limitL)
  repair()
  expect(running.counts(target, 24).reverseL).toBe(0)
})

describe('W06 meter-tampered', () => {
  test('under a magnet a register stands, and what flowed meanwhile is never counted', () => {
    const { running, repair } = strike('meter-tampered', flat)
    expect(running.counts(flat, 24)).toEqual({ forwardL: 0, reverseL: 0 })
    expect(running.at(flat)).toMatchObject({ seal: 'magnet', flowLph: 0 })
    const { forwardL } = running.at(flat)
    repair()
    expect(running.at(flat)).toMatchObject({ seal: 'whole', forwardL })
    expect(running.counts(flat, 24).forwardL).toBeGreaterThan(0)
  })

  test('with its cover open it counts on', () => {
    const { running } = strike('meter-tampered', flat, { by: 'cover' })
    expect(running.counts(flat, 24).forwardL).toBe(usual.flatDayL)
    expect(running.at(flat).seal).toBe('cover-open')
  })
})

describe('W07 shaft-open', () => {
  test('the air follows the frost; after twelve hours below zero nothing flows; when it thaws, it bursts', () => {
    const { running, repair } = strike('shaft-open', flat, { burstLph: 1_500 })
    running.live(8, -12)
    expect(running.at(flat).airC).toBeLessThan(0)
    running.live(14, -12)
    expect(running.counts(flat, 6)).toEqual({ forwardL: 0, reverseL: 0 })
    running.live(12, 8)
    expect(running.at(flat).flowLph).toBeGreaterThanOrEqual(1_500)
    repair()
    expect(running.live(1).at(flat).airC).toBeGreaterThan(5)
    expect(running.at(flat).flowLph).toBeLessThan(1_000)
  })

  test('on a mild day nothing freezes, and closed shafts stay above 5 °C in the hardest frost', () => {
    const { running } = strike('shaft-open', flat)
    expect(running.live(48, 4).counts(flat, 24).forwardL).toBeGreaterThan(0)
    expect(new Estate().live(1, -20).at(flat).airC).toBeGreaterThan(5)
  })
})

test('W08 meter-stopped: nothing is counted though people draw, and nothing is made up for afterwards', () => {
  const { running, repair } = strike('meter-stopped', flat)
  expect(running.counts(flat, 48)).toEqual({ forwardL: 0, reverseL: 0 })
  const { forwardL } = running.at(flat)
  repair()
  expect(running.at(flat).forwardL).toBe(forwardL)
})

test('W08 water-valve-stuck: a valve that is told to close does, unless it is stuck', () => {
  const place = { building, flat: 0 }
  const { running, repair } = strike('water-valve-stuck', flat)
  running.plant = turnValve(design, running.plant, place, 'closed')
  expect(running.at(flat)).toMatchObject({ valve: 'open', valveSticks: true })
  repair()
  running.plant = turnValve(design, running.plant, place, 'closed')
  expect(running.at(flat).valve).toBe('closed')
  expect(running.counts(flat, 24)).toEqual({ forwardL: 0, reverseL: 0 })
  running.plant = turnValve(design, running.plant, place, 'open')
  expect(running.counts(flat, 24).forwardL).toBeGreaterThan(0)
})

test('meter-exchanged: the register begins where the new one stood, and counts the same water', () => {
  const { running } = strike('meter-exchanged', flat, { startsAtL: 7 })
  expect(running.at(flat)).toMatchObject({ forwardL: 7, reverseL: 0, exchanged: 1 })
  expect(running.counts(flat, 24).forwardL).toBeGreaterThan(usual.flatDayL - 2)
})
