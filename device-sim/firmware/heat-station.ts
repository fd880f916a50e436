import type { HeatStationTele } from '../../firmware-contracts/kinds/heat-station.ts'
import type { EstateDesign, EstatePlant } from '../plant/estate-plant.ts'
import { suctionKpa, tankLevel } from '../plant/heating-loop.ts'
import type { LoopState } from '../plant/heating-loop.ts'
import type { Random } from '../random.ts'
import { deviceOf, every, once, partsOf, staggered, type Device, type Making } from './device.ts'
import type { Outgoing } from './message.ts'
import { flowNoise, measured, measuredAbove0, pressureNoiseKpa, temperatureNoiseC10 } from './sensor.ts'

/** The station's controller: everything it measures, every ten seconds, and at once what it watches itself.
 *  When a pump starts or stops, or a limit of its own is passed (level, pressure, temperature), it sends an
 *  event with the sample that made it say so; when the pumps change also their retained state. */
const periodS = 10
const stateS = 300
const pressureHysteresisKpa = 20
/** Where the outdoor sensor's range ends, in tenths of a degree. */
const coldestOutC10 = -400

/** The controller's own alarm limits: on as soon as the first holds, off only when the second no longer does. */
interface Limit {
  raised: (sample: HeatStationTele, design: EstateDesign) => boolean
  held: (sample: HeatStationTele, design: EstateDesign) => boolean
}

const tankLowPct = 20
const supplyHotC10 = 850
const reliefAboveSetKpa = 80

const limits: readonly Limit[] = [
  {
    raised: ({ p_ret_kpa = 0 }, { loop }) => p_ret_kpa < loop.staticKpa,
    held: ({ p_ret_kpa = 0 }, { loop }) => p_ret_kpa < loop.staticKpa + pressureHysteresisKpa,
  },
  {
    raised: ({ p_ret_kpa = 0 }, { loop }) => p_ret_kpa > loop.setKpa + reliefAboveSetKpa,
    held: ({ p_ret_kpa = 0 }, { loop }) =>
      p_ret_kpa > loop.setKpa + reliefAboveSetKpa - pressureHysteresisKpa,
  },
  {
    raised: ({ tank_pct = 0 }) => tank_pct < tankLowPct,
    held: ({ tank_pct = 0 }) => tank_pct < tankLowPct + 10,
  },
  {
    raised: ({ t_sup_c10 = 0 }) => t_sup_c10 > supplyHotC10,
    held: ({ t_sup_c10 = 0 }) => t_sup_c10 > supplyHotC10 - 20,
  },
  { raised: ({ pump_fault }) => pump_fault === 1, held: ({ pump_fault }) => pump_fault === 1 },
  { raised: ({ mu_fault }) => mu_fault === 1, held: ({ mu_fault }) => mu_fault === 1 },
]

export function heatStation(making: Making, design: EstateDesign): Device {
  const parts = partsOf(making)
  const { voice, noise, bornMs } = parts
  let ran: string | undefined
  const alarms = limits.map(() => false)

  /** Events of what changed since the last sample; nothing at the first, which only learns how things are. */
  const changes = (nowMs: number, sample: HeatStationTele): Outgoing[] => {
    const first = ran === undefined
    const pumps = pumpsOf(sample)
    const runs = JSON.stringify(pumps)
    const said: Outgoing[] = []
    if (!first && runs !== ran) {
      said.push(voice.say(nowMs, 'state', pumps), voice.say(nowMs, 'event', { ev: 'changed', ...sample }))
    }
    ran = runs
    for (const [index, limit] of limits.entries()) {
      const was = alarms[index] ?? false
      const is = was ? limit.held(sample, design) : limit.raised(sample, design)
      alarms[index] = is
      if (!first && is !== was)
        said.push(voice.say(nowMs, 'event', { ev: is ? 'alarm' : 'cleared', ...sample }))
    }
    return said
  }
  const report = (nowMs: number, plant: EstatePlant) => {
    const sample = stationSample(design, plant, noise)
    return [voice.say(nowMs, 'tele', sample), ...changes(nowMs, sample)]
  }
  const pumps = (nowMs: number, { loop }: EstatePlant) =>
    voice.say(nowMs, 'state', pumpsOf(pumpSignals(loop)))
  const tasks = [
    once(bornMs, (nowMs, plant) => [
      ...voice.birth(nowMs, { periodS: { tele: periodS, state: stateS } }),
      pumps(nowMs, plant),
      ...report(nowMs, plant),
    ]),
    every(periodS * 1000, staggered(parts, periodS * 1000), report),
    every(stateS * 1000, staggered(parts, stateS * 1000), (nowMs, plant) => [pumps(nowMs, plant)]),
  ]
  return deviceOf(parts, tasks)
}

function pumpsOf({ pump_run = 0, pump_fault = 0, mu_fault = 0 }: HeatStationTele) {
  return { pump_run, pump_fault, pump_remote: 1, mu_fault } as const
}

/** A pump that its own guard has stopped has no fault; one whose standby does the work still has. */
function pumpSignals({ pump, fittings }: LoopState) {
  return {
    pump_run: pump === 'running' ? 1 : 0,
    pump_fault: fittings.pump === 'sound' ? 0 : 1,
    mu_fault: fittings.makeUp === 'failed' ? 1 : 0,
  } as const
}

function stationSample(design: EstateDesign, plant: EstatePlant, noise: Random): HeatStationTele {
  const { loop, heat } = plant
  const pressure = (kpa: number) => measuredAbove0(noise, kpa, pressureNoiseKpa)
  const temperature = (c: number) => measured(noise, c * 10, temperatureNoiseC10)
  const flow = (m3h: number) => measuredAbove0(noise, m3h * 1000, m3h * 1000 * flowNoise)
  const running = loop.pump === 'running'
  return {
    p_sup_kpa: pressure(loop.returnKpa + loop.dpKpa),
    p_ret_kpa: pressure(loop.returnKpa),
    p_suct_kpa: pressure(suctionKpa(loop)),
    dp_kpa: measuredAbove0(noise, loop.dpKpa, 1),
    t_sup_c10: temperature(heat.supplyC),
    t_ret_c10: temperature(heat.mixedReturnC),
    flow_lph: flow(loop.flowM3h),
    heat_kw: Math.max(0, Math.round(heat.heatKw)),
    heat_kwh: Math.floor(plant.heatKwh),
    mu_lph: flow(loop.makeUpM3h),
    mu_l: Math.floor(plant.madeUpL),
    tank_pct: Math.round(100 * tankLevel(design.loop, loop)),
    ...pumpSignals(loop),
    pump_hz10: running ? Math.round(loop.fittings.pumpHz * 10) : 0,
    valve_pct: Math.round(100 * heat.valve),
    valve_fb_pct: Math.round(100 * heat.valveStands),
    t_out_c10: Math.max(coldestOutC10, Math.round(plant.outdoorC * 2) * 5),
  }
}
