import {
  chargerDevice,
  entranceDevice,
  flatMeterDevice,
  gatewayDevice,
  mainMeterDevice,
  roomDevice,
  stationDevice,
} from '../fleet.ts'
import type { EstateDesign } from '../plant/estate-plant.ts'
import type { Kind } from '../../firmware-contracts/message.ts'
import { charger } from './charger.ts'
import type { Device, Making } from './device.ts'
import { gateway } from './gateway.ts'
import { heatEntrance } from './heat-entrance.ts'
import { heatStation } from './heat-station.ts'
import { roomSensor } from './room-sensor.ts'
import { buildingMeter, flatMeter } from './water-meter.ts'

/** Every device of one estate, as its registry file lists them. */
export interface EstateFirmware {
  startMs: number
  boot: number
  /** Time between two uploads of a flat's meter, s. */
  uploadS: number
  /** Within this time after the start all are born. */
  birthSpreadMs: number
  /** Share of their rings that devices have, for a server that may ask. */
  keptShare: number
}

export function estateDevices(design: EstateDesign, firmware: EstateFirmware): readonly Device[] {
  const { estate } = design
  const make = making(design, firmware)
  const station = heatStation(make('heat-station', stationDevice(estate)), design)
  const houses = estate.buildings.flatMap((building, index) => {
    const gatewayId = gatewayDevice(building)
    const flats = building.meteredFlats.map((flat, at) => {
      const identity = make('water-meter', flatMeterDevice(building, flat), gatewayId)
      return flatMeter(identity, { building: index, flat: at }, firmware.uploadS)
    })
    const rooms = building.thermometerFlats.map((flat, at) =>
      roomSensor(make('room-sensor', roomDevice(building, flat), gatewayId), { building: index, room: at }),
    )
    return [
      heatEntrance(make('heat-entrance', entranceDevice(building)), design, index),
      buildingMeter(make('water-meter', mainMeterDevice(building)), index),
      gateway(make('gateway', gatewayId), flats.length + rooms.length),
      ...flats,
      ...rooms,
    ]
  })
  const sheds = estate.sheds.map((shed, index) =>
    charger(make('charger', chargerDevice(shed)), index, shed.ports),
  )
  return [station, ...houses, ...sheds]
}

function making({ estate, seed }: EstateDesign, firmware: EstateFirmware) {
  const { startMs, boot, birthSpreadMs, keptShare } = firmware
  return (kind: Kind, device: string, gateway?: string): Making => ({
    identity: { site: estate.id, kind, device, ...(gateway !== undefined && { gateway }) },
    seed,
    boot,
    startMs,
    birthSpreadMs,
    keptShare,
  })
}
