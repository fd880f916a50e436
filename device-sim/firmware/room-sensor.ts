import type { RoomSensorTele } from '../../firmware-contracts/kinds/room-sensor.ts'
import type { EstatePlant } from '../plant/estate-plant.ts'
import { deviceOf, every, once, partsOf, staggered, type Device, type Making } from './device.ts'
import { measured } from './sensor.ts'

/** A battery thermometer in a flat: half a degree fine, every quarter of an hour, through the gateway. Its
 *  battery is told once a day. */
const periodMs = 900_000
const dayMs = 86_400_000
const freshBatteryMv = 3_580
const noiseK = 0.1

export interface RoomPlace {
  building: number
  room: number
}

/** `place` counts the building's flats with a thermometer. */
export function roomSensor(making: Making, place: RoomPlace): Device {
  const parts = partsOf(making)
  const { voice, noise, bornMs } = parts
  const sample = (plant: EstatePlant): RoomSensorTele => {
    const roomC = plant.flats[place.building]?.[place.room]?.roomC ?? 0
    return { t_room_c10: measured(noise, roomC * 2, noiseK * 2) * 5 }
  }
  const battery = (): RoomSensorTele => ({ vbat_mv: measured(noise, freshBatteryMv / 10, 0.5) * 10 })
  const tasks = [
    once(bornMs, (nowMs, plant) => [
      ...voice.birth(nowMs, { periodS: { tele: periodMs / 1000 } }),
      voice.say(nowMs, 'tele', { ...sample(plant), ...battery() }),
    ]),
    every(periodMs, staggered(parts, periodMs), (nowMs, plant) => [voice.say(nowMs, 'tele', sample(plant))]),
    every(dayMs, staggered(parts, dayMs), (nowMs, plant) => [
      voice.say(nowMs, 'tele', { ...sample(plant), ...battery() }),
    ]),
  ]
  return deviceOf(parts, tasks)
}
