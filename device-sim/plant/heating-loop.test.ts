import { expect, test } from 'vitest'
import { mulberry32 } from '../random.ts'
import {
  designLoop,
  entrancePressures,
  startLoop,
  stepLoop,
  type LoopState,
  type PipeBreak,
} from './heating-loop.ts'
import { startHeat, stepHeat, supplyCurveC } from './building-heat.ts'

const design = designLoop({ buildings: 20, floorAreaM2: 50_000, topRadiatorM: 18 }, mulberry32(5))
const dtS = 5

/** The loop `minutes` after a break opened, with the water slowly cooling or warming. */
function run(minutes: number, breaks: readonly PipeBreak[], swellM3h = 0) {
  let loop = { ...startLoop(design), breaks }
  const returns: number[] = []
  for (let s = 0; s < minutes * 60; s += dtS) {
    loop = stepLoop(design, loop, swellM3h, dtS)
    returns.push(loop.returnKpa)
  }
  return { loop, returns }
}

test.each<[string, readonly PipeBreak[], number]>([
  ['calm', [], 0],
  ['warming', [], 0.3],
  ['warming so fast that the relief opens', [], 5],
  ['leaking', [{ building: 13, m3h: 1.5 }], -0.2],
  ['burst until it is empty', [{ building: 13, m3h: 25 }], 0],
])('a loop that is %s loses and gains no drop that is not accounted for', (_, breaks, swellM3h) => {
  const { loop } = run(600, breaks, swellM3h)
  const { madeUpM3, swollenM3, leakedM3, relievedM3 } = loop.totals
  const began = startLoop(design).storedM3
  expect(loop.storedM3 - began).toBeCloseTo(madeUpM3 + swollenM3 - leakedM3 - relievedM3, 9)
  expect(loop.storedM3).toBeGreaterThanOrEqual(0)
})

test('a calm loop stands at its set pressure, and loses 0.1 to 0.3 % of its flow an hour', () => {
  const { loop } = run(600, [])
  expect(loop.returnKpa).toBeCloseTo(design.setKpa, 0)
  expect(design.setKpa).toBeCloseTo(223.9, 1)
  expect(loop.makeUpM3h / loop.flowM3h).toBeGreaterThan(0.001)
  expect(loop.makeUpM3h / loop.flowM3h).toBeLessThan(0.003)
  expect(loop.returnKpa + loop.dpKpa).toBeGreaterThan(320)
  expect(loop.returnKpa + loop.dpKpa).toBeLessThan(375)
})

test('what the make-up can replace hardly shows in the pressure, only in the make-up', () => {
  const { loop } = run(600, [{ building: 13, m3h: 1.5 }])
  expect(design.setKpa - loop.returnKpa).toBeLessThan(12)
  expect(loop.makeUpM3h).toBeGreaterThan(1.2)
})

test.each([
  [8, 120, 6 * 60],
  [12, 75, 5 * 60],
  [25, 60, 2.5 * 60],
])('a burst of %d m³/h: below static within %d s, 50 kPa deeper within %d s', (m3h, lowS, lowerS) => {
  const { returns } = run(30, [{ building: 13, m3h }])
  expect(returns[lowS / dtS]).toBeLessThan(design.staticKpa)
  expect(returns[lowerS / dtS]).toBeLessThan(design.staticKpa - 50)
})

test('the pressure falls deepest at the building next to the break, on both pipes, all the while', () => {
  const calm = startLoop(design)
  let loop: LoopState = { ...calm, breaks: [{ building: 13, m3h: 12 }] }
  for (let s = 0; s < 300; s += dtS) {
    loop = stepLoop(design, loop, 0, dtS)
    for (const pipe of ['supplyKpa', 'returnKpa'] as const) {
      const drops = design.branches.map(
        (_, at) => entrancePressures(design, calm, at)[pipe] - entrancePressures(design, loop, at)[pipe],
      )
      expect(drops.indexOf(Math.max(...drops))).toBe(13)
    }
  }
})

test('the compensation curve for 75/50 radiators', () => {
  const curve = [10, 5, 0, -4, -8].map((outdoor) => Math.round(supplyCurveC(outdoor) * 10) / 10)
  expect(curve).toEqual([39.8, 50.4, 60.2, 67.7, 75])
})

test('rooms hold 18 to 21 degrees over a cold day, and cool about two degrees in six hours without flow', () => {
  const branchFlowM3h = startLoop(design).branchFlowM3h
  let heat = startHeat(20, -8, mulberry32(1))
  for (let minute = 0; minute < 1440; minute++)
    heat = stepHeat(heat, { branchFlowM3h, outdoorC: -8, designKw: 2600 }, 60)
  const warm = heat.roomC[0] ?? 0
  for (const room of heat.roomC) expect(room).toBeGreaterThan(18)
  for (const room of heat.roomC) expect(room).toBeLessThan(21)
  const trickle = branchFlowM3h.map(() => 0.001)
  for (let minute = 0; minute < 360; minute++)
    heat = stepHeat(heat, { branchFlowM3h: trickle, outdoorC: -8, designKw: 2600 }, 60)
  expect(warm - (heat.roomC[0] ?? 0)).toBeGreaterThan(1.5)
  expect(warm - (heat.roomC[0] ?? 0)).toBeLessThan(2.5)
})
