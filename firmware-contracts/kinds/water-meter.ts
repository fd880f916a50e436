import type { KindContract } from '../kind-contract.ts'
import { bitSet, quantity, u32Max, word, type Sample } from '../signal.ts'
import { deviceEvents, meterStatusBits, valveStates } from '../words.ts'

/** A water meter (domain.md A3). A building's meter has mains power and speaks on `tele` every minute; a
 *  household's samples every 15 min, sleeps, and uploads its day as a `batch`. Each device says which of the
 *  two it does in the `period_s` of its birth message. Flows go up to the overload rate Q4 of a DN 150 meter. */

const q4Lph = 200_000

const measurements = {
  vol_l: quantity('l', 0, Number.MAX_SAFE_INTEGER, { en: 'Forward register', zh: '正向累计', periodS: 60 }),
  rev_l: quantity('l', 0, u32Max, { en: 'Reverse register', zh: '反向累计', periodS: 60 }),
  flow_lph: quantity('lph', 0, q4Lph, { en: 'Flow', zh: '瞬时流量', periodS: 60 }),
  qmax_lph: quantity('lph', 0, q4Lph, { en: 'Highest flow of the day', zh: '日最大流量', periodS: 86_400 }),
  qmin_lph: quantity('lph', 0, q4Lph, { en: 'Lowest flow of the day', zh: '日最小流量', periodS: 86_400 }),
  valve: word(valveStates, { en: 'Valve', zh: '阀门', periodS: 86_400 }),
  vbat_mv: quantity('mv', 2800, 3700, {
    en: 'Battery voltage',
    zh: '电池电压',
    periodS: 86_400,
    resolution: 10,
  }),
  bat_pct: quantity('pct', 0, 100, { en: 'Battery left', zh: '电池电量', periodS: 86_400 }),
  status: bitSet(meterStatusBits, { en: 'Status bits', zh: '状态字', periodS: 86_400 }),
  t_wat_c10: quantity('c10', -200, 600, {
    en: 'Water temperature',
    zh: '水温',
    periodS: 86_400,
    resolution: 10,
  }),
  t_amb_c10: quantity('c10', -200, 600, {
    en: 'Temperature at the meter',
    zh: '表井温度',
    periodS: 86_400,
    resolution: 10,
  }),
  p_kpa: quantity('kpa', 0, 1000, { en: 'Pressure', zh: '水压', periodS: 60, resolution: 5 }),
  rsrp_dbm: quantity('dbm', -156, -31, { en: 'Signal strength', zh: '信号强度', periodS: 86_400 }),
}

const { valve, status } = measurements

export type WaterMeterTele = Sample<typeof measurements>

export const waterMeter = {
  kind: 'water-meter',
  en: 'Water meter',
  zh: '水表',
  major: 1,
  minor: 0,
  streams: {
    tele: { periodS: 60, signals: measurements },
    state: { periodS: 86_400, signals: { valve, status } },
    event: {
      periodS: 0,
      signals: { ev: word(deviceEvents, { en: 'What happened', zh: '事件', periodS: 0 }), ...measurements },
    },
    batch: { periodS: 86_400, signals: measurements },
  },
} as const satisfies KindContract
