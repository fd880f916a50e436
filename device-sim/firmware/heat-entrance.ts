import type { HeatEntranceTele } from '../../firmware-contracts/kinds/heat-entrance.ts'
import type { EstateDesign, EstatePlant } from '../plant/estate-plant.ts'
import { entrancePressures } from '../plant/heating-loop.ts'
import { deviceOf, partsOf, once, staggered, type Device, type Making, type Task } from './device.ts'
import type { Outgoing } from './message.ts'
import { flowNoise, measured, measuredAbove0, pressureNoiseKpa, temperatureNoiseC10 } from './sensor.ts'

/** The sensors at a building's heating entrance: once a minute, and at once when a pressure has moved by
 *  10 kPa since it was last told. They look every ten seconds, so a burst is heard before the minute is up;
 *  what they compare is the mean of those seconds, so that noise wakes nobody. Where the cellar has no mains
 *  a battery must last the winter: it looks once a minute, and tells every ten. */
const rhythms = {
  mains: { periodMs: 60_000, lookMs: 10_000 },
  battery: { periodMs: 600_000, lookMs: 60_000 },
} as const
const tellingChangeKpa = 10
/** Where the sensor's range ends, in tenths of a degree. */
const coldestC10 = -200
const silent: readonly Outgoing[] = []

/** `building` is its index along the heating main. */
export function heatEntrance(making: Making, design: EstateDesign, building: number): Device {
  const parts = partsOf(making)
  const { voice, noise, bornMs } = parts
  const { periodMs, lookMs } = rhythms[design.estate.buildings[building]?.entrancePower ?? 'mains']
  let told = { supplyKpa: 0, returnKpa: 0 }
  let dueMs = staggered(parts, periodMs)

  const tell = (nowMs: number, plant: EstatePlant, seen: typeof told) => {
    told = seen
    const { loop, heat } = plant
    const temperature = (c: number) => Math.max(coldestC10, measured(noise, c * 10, temperatureNoiseC10))
    const flowLph = (loop.branchFlowM3h[building] ?? 0) * 1000
    const supply = measuredAbove0(noise, seen.supplyKpa, pressureNoiseKpa)
    const back = measuredAbove0(noise, seen.returnKpa, pressureNoiseKpa)
    const values: HeatEntranceTele = {
      p_sup_kpa: supply,
      p_ret_kpa: back,
      dp_kpa: Math.max(0, supply - back),
      t_sup_c10: temperature(heat.arrivesC[building] ?? 0),
      t_ret_c10: temperature(heat.leavesC[building] ?? 0),
      flow_lph: measuredAbove0(noise, flowLph, flowLph * flowNoise),
    }
    return voice.say(nowMs, 'tele', values)
  }
  const watch: Task['run'] = (nowMs, plant) => {
    const seen = entrancePressures(design.loop, plant.loop, building)
    const moved =
      Math.abs(seen.supplyKpa - told.supplyKpa) >= tellingChangeKpa ||
      Math.abs(seen.returnKpa - told.returnKpa) >= tellingChangeKpa
    const nextMs = nowMs + lookMs
    if (!moved && nowMs < dueMs) return { said: silent, nextMs }
    if (nowMs >= dueMs) dueMs += periodMs * Math.ceil((nowMs - dueMs + 1) / periodMs)
    return { said: [tell(nowMs, plant, seen)], nextMs }
  }
  const tasks = [
    once(bornMs, (nowMs, plant) => [
      ...voice.birth(nowMs, { periodS: { tele: periodMs / 1000 } }),
      tell(nowMs, plant, entrancePressures(design.loop, plant.loop, building)),
    ]),
    { nextMs: bornMs + lookMs, run: watch },
  ]
  return deviceOf(parts, tasks)
}
