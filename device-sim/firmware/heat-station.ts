import type { HeatStationTele } from '../../firmware-contracts/kinds/heat-station.ts'
import type { EstateDesign, EstatePlant } from '../plant/estate-plant.ts'
import type { Random } from '../random.ts'
import { deviceOf, every, once, partsOf, staggered, type Device, type Making } from './device.ts'
import { flowNoise, measured, measuredAbove0, pressureNoiseKpa, temperatureNoiseC10 } from './sensor.ts'

/** The station's controller: everything it measures, every ten seconds. */
const periodS = 10
const tankFullPct = 80
const ratedHz10 = 500
/** What the strainer before the pump costs. */
const strainerKpa = 6

export function heatStation(making: Making, design: EstateDesign): Device {
  const parts = partsOf(making)
  const { voice, noise, bornMs } = parts
  const report = (nowMs: number, plant: EstatePlant) => [
    voice.say(nowMs, 'tele', stationSample(design, plant, noise)),
  ]
  const pumps = (nowMs: number) => [
    voice.say(nowMs, 'state', { pump_run: 1, pump_fault: 0, pump_remote: 1, mu_fault: 0 }),
  ]
  const tasks = [
    once(bornMs, (nowMs, plant) => [
      ...voice.birth(nowMs, { periodS: { tele: periodS, state: 300 } }),
      ...pumps(nowMs),
      ...report(nowMs, plant),
    ]),
    every(periodS * 1000, staggered(parts, periodS * 1000), report),
    every(300_000, staggered(parts, 300_000), pumps),
  ]
  return deviceOf(parts, tasks)
}

function stationSample(design: EstateDesign, plant: EstatePlant, noise: Random): HeatStationTele {
  const { loop, heat } = plant
  const pressure = (kpa: number) => measuredAbove0(noise, kpa, pressureNoiseKpa)
  const temperature = (c: number) => measured(noise, c * 10, temperatureNoiseC10)
  const flow = (m3h: number) => measuredAbove0(noise, m3h * 1000, m3h * 1000 * flowNoise)
  const supply = pressure(loop.returnKpa + loop.dpKpa)
  const back = pressure(loop.returnKpa)
  const returnC = mixedC(loop.branchFlowM3h, heat.returnC)
  const valve = Math.round(Math.min(100, (heat.heatKw / design.designKw) * 80))
  return {
    p_sup_kpa: supply,
    p_ret_kpa: back,
    p_suct_kpa: pressure(loop.returnKpa - strainerKpa),
    dp_kpa: measuredAbove0(noise, loop.dpKpa, 1),
    t_sup_c10: temperature(heat.supplyC),
    t_ret_c10: temperature(returnC),
    flow_lph: flow(loop.flowM3h),
    heat_kw: Math.round(heat.heatKw),
    heat_kwh: Math.floor(plant.heatKwh),
    mu_lph: flow(loop.makeUpM3h),
    mu_l: Math.floor(plant.madeUpL),
    tank_pct: tankFullPct,
    pump_run: 1,
    pump_fault: 0,
    pump_hz10: ratedHz10,
    valve_pct: valve,
    valve_fb_pct: valve,
    t_out_c10: Math.round(plant.outdoorC * 2) * 5,
  }
}

/** Temperature of the branches' water, mixed by flow. */
function mixedC(flowsM3h: readonly number[], returnC: readonly number[]): number {
  const total = flowsM3h.reduce((sum, flow) => sum + flow, 0)
  return flowsM3h.reduce((sum, flow, index) => sum + flow * (returnC[index] ?? 0), 0) / total
}
