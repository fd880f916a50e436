import type { WaterMeterTele } from '../../firmware-contracts/kinds/water-meter.ts'
import type { ValveState } from '../../firmware-contracts/words.ts'
import { dayOf } from '../plant/day.ts'
import type { EstatePlant } from '../plant/estate-plant.ts'
import { mainMeter } from '../plant/water-network.ts'
import { turnValve, type FlatPlace } from '../plant/water-valve.ts'
import { hash32, type Random } from '../random.ts'
import {
  deviceOf,
  every,
  once,
  partsOf,
  staggered,
  type Device,
  type Making,
  type Obey,
  type Parts,
  type Task,
} from './device.ts'
import type { Outgoing } from './message.ts'
import { batteryLeft, meterBattery, type MeterBattery } from './meter-battery.ts'
import { senseMeter, type MeterSenses } from './meter-senses.ts'
import { bit, watchBegins, watchSample, type MeterWatch } from './meter-status.ts'
import { SampleBook } from './sample-book.ts'
import { measured, measuredAbove0 } from './sensor.ts'
import type { Voice } from './voice.ts'

/** Two kinds of water meter. The building's has mains power and speaks every minute; a flat's samples every
 *  quarter of an hour, and uploads what it has stored through the gateway, at a time of its own: once a day, and
 *  four times while it suspects a leak. Both tell at once when a status bit rises or falls. */
const meterPeriodS = 60
const sampleMs = 900_000
/** A whole quarter by its own clock: 88,000 meters do not wake in the same second. */
const sampleSpreadMs = 60_000
const dayMs = 86_400_000
const leakUploadMs = dayMs / 4
/** Of a day of 96 samples; keeps an upload well below 8 KB. */
const rowsPerUpload = 48
/** A meter keeps 35 days when it can't upload. */
const storedRowsMax = 3_360
const mainsMv = 3_650
/** Below it a flat's meter notes the air with every sample. */
const chillyC = 5

/** `building` is its index on the estate. */
export function buildingMeter(making: Making, building: number): Device {
  const parts = partsOf(making)
  const { voice, noise, bornMs } = parts
  const range = new DayRange()
  const status = new Status(voice)
  const report = (nowMs: number, plant: EstatePlant) => {
    const senses = senseMeter(plant, building, mainMeter)
    const values: WaterMeterTele = {
      vol_l: senses.forwardL,
      rev_l: senses.reverseL,
      flow_lph: senses.flowLph,
      ...range.with(senses.flowLph, nowMs),
      t_wat_c10: measured(noise, 9, 0.2) * 10,
      t_amb_c10: measured(noise, senses.airC, 0.2) * 10,
      p_kpa: measuredAbove0(noise, senses.pressureKpa / 5, 0.3) * 5,
    }
    const said = [voice.say(nowMs, 'tele', values)]
    const at = { nowMs, vbatMv: mainsMv, flows: false }
    return [...said, ...status.changes(senses, at)]
  }
  const tasks = [
    once(bornMs, (nowMs, plant) => [
      ...voice.birth(nowMs, { periodS: { tele: meterPeriodS, state: 86_400 } }),
      status.say(nowMs, senseMeter(plant, building, mainMeter)),
      ...report(nowMs, plant),
    ]),
    every(meterPeriodS * 1000, staggered(parts, meterPeriodS * 1000), report),
    every(dayMs, staggered(parts, dayMs), (nowMs, plant) => [
      status.say(nowMs, senseMeter(plant, building, mainMeter)),
    ]),
  ]
  return deviceOf(parts, tasks)
}

/** `uploadS` is the time between two uploads: a day in the field, an hour where somebody is watching. It obeys
 *  `cmd/valve` with `to` open or closed, tells its state after it, and answers `stuck` when nothing moved. */
export function flatMeter(making: Making, place: FlatPlace, uploadS: number): Device {
  const parts = partsOf(making)
  const { voice, bornMs } = parts
  const { device } = making.identity
  const meter = new FlatMeter(making, parts, place)
  const uploadMs = () => Math.min(uploadS * 1000, meter.status.suspectsLeak ? leakUploadMs : Infinity)
  const upload: Task = {
    nextMs: slotAfter(bornMs, device, uploadMs()),
    run: (nowMs, plant) => ({
      said: meter.upload(nowMs, plant),
      nextMs: slotAfter(nowMs, device, uploadMs()),
    }),
  }
  const exercise = every(dayMs, staggered(parts, dayMs), (nowMs, plant) => [
    meter.status.exercise(nowMs, meter.sense(plant)),
  ])
  const valve: Obey = ({ to }, estate) => {
    if (to !== 'open' && to !== 'closed') return 'invalid'
    estate.plant = turnValve(estate.design, estate.plant, place, to)
    exercise.nextMs = estate.plant.nowMs
    return meter.sense(estate.plant).valve === to ? undefined : 'stuck'
  }
  const tasks = [
    once(bornMs, (nowMs, plant) => [
      ...voice.birth(nowMs, { periodS: { batch: uploadS, state: 86_400 }, deliveryS: uploadS }),
      meter.status.say(nowMs, meter.sense(plant)),
      ...meter.upload(nowMs, plant),
    ]),
    every(sampleMs, slotAfter(bornMs, device, sampleMs, sampleSpreadMs), (nowMs, plant) => {
      const said = meter.sample(nowMs, plant)
      if (said.length > 0) upload.nextMs = nowMs
      return said
    }),
    upload,
    exercise,
  ]
  return deviceOf(parts, tasks, { valve })
}

/** What a flat's meter keeps between its uploads. */
class FlatMeter {
  readonly status: Status
  readonly #voice: Voice
  readonly #noise: Random
  readonly #place: FlatPlace
  readonly #battery: MeterBattery
  readonly #range = new DayRange()
  readonly #stored = new SampleBook(storedRowsMax)

  constructor({ seed, identity }: Making, { voice, noise }: Parts, place: FlatPlace) {
    this.status = new Status(voice)
    this.#voice = voice
    this.#noise = noise
    this.#place = place
    this.#battery = meterBattery(seed, identity.device)
  }

  sense(plant: EstatePlant): MeterSenses {
    return senseMeter(plant, this.#place.building, this.#place.flat)
  }

  /** Answers what has to be told at once. */
  sample(nowMs: number, plant: EstatePlant): Outgoing[] {
    const senses = this.sense(plant)
    this.#range.with(senses.flowLph, nowMs)
    this.#store(nowMs, sampleOf(senses))
    return this.status.changes(senses, { nowMs, vbatMv: this.#battery.voltsAt(nowMs), flows: true })
  }

  /** Sends what was sampled, and how the meter is. */
  upload(nowMs: number, plant: EstatePlant): Outgoing[] {
    const senses = this.sense(plant)
    const vbatMv = this.#battery.voltsAt(nowMs)
    this.#store(nowMs, {
      ...sampleOf(senses),
      rev_l: senses.reverseL,
      ...this.#range.ofDay(),
      valve: this.status.valveOf(senses),
      status: this.status.bits,
      t_wat_c10: measured(this.#noise, 11, 0.4) * 10,
      t_amb_c10: Math.round(senses.airC) * 10,
      vbat_mv: Math.round(vbatMv / 10) * 10,
      bat_pct: batteryLeft(vbatMv),
      rsrp_dbm: measured(this.#noise, this.#battery.rsrpDbm, 2),
    })
    return chunks(this.#stored.take(), rowsPerUpload).flatMap((chunk) => this.#voice.upload(nowMs, chunk))
  }

  #store(nowMs: number, values: WaterMeterTele): void {
    this.#stored.add(this.#voice.sample(nowMs, values))
  }
}

function sampleOf({ forwardL, flowLph, airC }: MeterSenses): WaterMeterTele {
  const values: WaterMeterTele = { vol_l: forwardL, flow_lph: flowLph }
  if (airC < chillyC) values.t_amb_c10 = Math.round(airC) * 10
  return values
}

/** Every device has a slot of its own, the same after every restart: `hash(dev) % period` (domain.md E4), within
 *  the first `spreadMs` of the period. */
export function slotAfter(atMs: number, device: string, periodMs: number, spreadMs = periodMs): number {
  const slotMs = hash32(`${device}/slot`) % spreadMs
  return (Math.floor((atMs - slotMs) / periodMs) + 1) * periodMs + slotMs
}

/** The bits and the valve, as the meter has them and as it has told. */
class Status {
  readonly #voice: Voice
  #watch: MeterWatch = watchBegins
  #valveFault = false

  constructor(voice: Voice) {
    this.#voice = voice
  }

  get bits(): number {
    return this.#watch.bits
  }

  get suspectsLeak(): boolean {
    return (this.#watch.bits & bit.leak) !== 0
  }

  /** A valve that did not move when it was last turned is a fault until it does. */
  valveOf({ valve, valveSticks }: MeterSenses): ValveState {
    return this.#valveFault && valveSticks ? 'fault' : valve
  }

  say(nowMs: number, senses: MeterSenses): Outgoing {
    return this.#voice.say(nowMs, 'state', { valve: this.valveOf(senses), status: this.bits })
  }

  /** Lime does not sleep: once a day the valve is turned a little, and told of. */
  exercise(nowMs: number, senses: MeterSenses): Outgoing {
    this.#valveFault = senses.valveSticks
    return this.say(nowMs, senses)
  }

  /** What there is to tell after a sample: nothing, if nothing changed. */
  changes(senses: MeterSenses, at: Parameters<typeof watchSample>[2]): Outgoing[] {
    const was = this.#watch
    const isNew = was.exchanged !== senses.exchanged
    this.#watch = watchSample(was, senses, at)
    const { bits } = this.#watch
    const rose = (bits & ~was.bits) !== 0
    if (!isNew && bits === was.bits) return []
    const ev = isNew ? 'changed' : rose ? 'alarm' : 'cleared'
    const told = { ev, vol_l: senses.forwardL, flow_lph: senses.flowLph, status: this.bits }
    return [this.#voice.say(at.nowMs, 'event', told), this.say(at.nowMs, senses)]
  }
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
    return this.ofDay()
  }

  ofDay(): { qmax_lph: number; qmin_lph: number } {
    return { qmax_lph: this.#highest, qmin_lph: this.#lowest }
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
