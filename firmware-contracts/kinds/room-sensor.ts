import type { KindContract } from '../kind-contract.ts'
import { quantity, type Sample } from '../signal.ts'

/** A battery thermometer in a flat (domain.md A2): a sample every 15 min, sent at once or as a batch. */

const measurements = {
  t_room_c10: quantity('c10', -400, 600, {
    en: 'Room temperature',
    zh: '室内温度',
    periodS: 900,
    resolution: 5,
  }),
  vbat_mv: quantity('mv', 1800, 3700, {
    en: 'Battery voltage',
    zh: '电池电压',
    periodS: 86_400,
    resolution: 10,
  }),
}

export type RoomSensorTele = Sample<typeof measurements>

export const roomSensor = {
  kind: 'room-sensor',
  en: 'Room thermometer',
  zh: '室温传感器',
  major: 1,
  minor: 0,
  streams: {
    tele: { periodS: 900, signals: measurements },
    batch: { periodS: 86_400, signals: measurements },
  },
} as const satisfies KindContract
