import type { WaterMeterTele } from '../../firmware-contracts/kinds/water-meter.ts'
import { dayOf } from '../plant/day.ts'
import type { EstatePlant } from '../plant/estate-plant.ts'
import { deviceOf, every, once, partsOf, staggered, type Device, type Making } from './device.ts'
import type { KeptRow } from './ring.ts'
import { measured } from './sensor.ts'

/** Two kinds of water meter. The building's has mains power and speaks every minute; a flat's samples every
 *  quarter of an hour, and uploads what it has stored through the gateway, at a time of its own. */
const meterPeriodS = 60
const sampleMs = 900_000
/** Of a day of 96 samples; keeps an upload well below 8 KB. */
const rowsPerUpload = 48
/** A meter keeps 35 days when it can't upload. */
const storedRowsMax = 3_360
const settled = { valve: 'open', status: 0 } as const

interface Register {
  totalL: number
  flowLph: number
}

/** `building` is its index on the estate. */
export function buildingMeter(making: Making, building: number): Device {
  const parts = partsOf(making)
  const { voice, noise, bornMs } = parts
  const range = new DayRange()
  const report = (nowMs: number, { water }: EstatePlant) => {
    const register = water.buildings[building] ?? { totalL: 0, flowLph: 0 }
    const flow = Math.round(register.flowLph)
    const values: WaterMeterTele = {
      vol_l: Math.floor(register.totalL),
      rev_l: 0,
      flow_lph: flow,
      ...range.with(flow, nowMs),
      t_wat_c10: measured(noise, 9, 0.2) * 10,
      p_kpa: measured(noise, water.pressureKpa / 5, 0.3) * 5,
    }
    return [voice.say(nowMs, 'tele', values)]
  }
  const tasks = [
    once(bornMs, (nowMs, plant) => [
      ...voice.birth(nowMs, { periodS: { tele: meterPeriodS, state: 86_400 } }),
      voice.say(nowMs, 'state', settled),
      ...report(nowMs, plant),
    ]),
    every(meterPeriodS * 1000, staggered(parts, meterPeriodS * 1000), report),
    every(86_400_000, staggered(parts, 86_400_000), (nowMs) => [voice.say(nowMs, 'state', settled)]),
  ]
  return deviceOf(parts, tasks)
}

export interface FlatPlace {
  building: number
  flat: number
}

/** `uploadS` is the time between two uploads: a day in the field, an hour where somebody is watching. */
export function flatMeter(making: Making, place: FlatPlace, uploadS: number): Device {
  const parts = partsOf(making)
  const { voice, noise, bornMs } = parts
  const range = new DayRange()
  let stored: KeptRow[] = []
  const sample = (nowMs: number, { water }: EstatePlant) => {
    const home: Register = water.buildings[place.building]?.households[place.flat] ?? {
      totalL: 0,
      flowLph: 0,
    }
    const flow = Math.round(home.flowLph)
    const values: WaterMeterTele = {
      vol_l: Math.floor(home.totalL),
      flow_lph: flow,
      ...range.with(flow, nowMs),
      t_wat_c10: measured(noise, 11, 0.4) * 10,
    }
    stored = [...stored, voice.sample(nowMs, values)].slice(-storedRowsMax)
    return []
  }
  const upload = (nowMs: number) => {
    const rows = stored
    stored = []
    return chunks(rows, rowsPerUpload).flatMap((chunk) => voice.upload(nowMs, chunk))
  }
  const health = (nowMs: number) => [voice.say(nowMs, 'state', settled)]
  const tasks = [
    once(bornMs, (nowMs, plant) => {
      const periodS = { batch: uploadS, state: 86_400 }
      const born = voice.birth(nowMs, { periodS, deliveryS: uploadS })
      return [...born, ...health(nowMs), ...sample(nowMs, plant), ...upload(nowMs)]
    }),
    every(sampleMs, Math.ceil((bornMs + 1) / sampleMs) * sampleMs, sample),
    every(uploadS * 1000, staggered(parts, uploadS * 1000), upload),
    every(86_400_000, staggered(parts, 86_400_000), health),
  ]
  return deviceOf(parts, tasks)
}

/** Highest and lowest flow of the local day so far. */
class DayRange {
  #day = Number.NaN
  #highest = 0
  #lowest = 0

  with(flowLph: number, nowMs: number): { qmax_lph: number; qmin_lph: number } {
    const fresh = dayOf(nowMs) !== this.#day
    this.#day = dayOf(nowMs)
    this.#highest = fresh ? flowLph : Math.max(this.#highest, flowLph)
    this.#lowest = fresh ? flowLph : Math.min(this.#lowest, flowLph)
    return { qmax_lph: this.#highest, qmin_lph: this.#lowest }
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
