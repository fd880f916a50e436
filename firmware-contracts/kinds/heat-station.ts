import type { KindContract } from '../kind-contract.ts'
import { flag, quantity, u32Max, word, type Sample } from '../signal.ts'
import { deviceEvents } from '../words.ts'

/** The station that heats one estate's secondary network, holds its pressure and drives its circulation
 *  (domain.md A2). Pressures and pumps are sampled every 10 s: a burst is decided within a minute. */

const pumps = {
  pump_run: flag({ en: 'Circulation pump running', zh: '循环泵运行', periodS: 10 }),
  pump_fault: flag({ en: 'Circulation pump fault', zh: '循环泵故障', periodS: 10 }),
  pump_remote: flag({ en: 'Circulation pump on remote', zh: '循环泵远程', periodS: 60 }),
  mu_fault: flag({ en: 'Make-up pump fault', zh: '补水泵故障', periodS: 60 }),
}

const measurements = {
  p_sup_kpa: quantity('kpa', 0, 1600, { en: 'Supply pressure', zh: '二次供水压力', periodS: 10 }),
  p_ret_kpa: quantity('kpa', 0, 1600, { en: 'Return pressure', zh: '二次回水压力', periodS: 10 }),
  p_suct_kpa: quantity('kpa', 0, 1000, { en: 'Pump suction pressure', zh: '循环泵前压力', periodS: 60 }),
  dp_kpa: quantity('kpa', 0, 400, { en: 'Differential pressure', zh: '供回水压差', periodS: 60 }),
  t_sup_c10: quantity('c10', -200, 1300, { en: 'Supply temperature', zh: '二次供水温度', periodS: 60 }),
  t_ret_c10: quantity('c10', -200, 1300, { en: 'Return temperature', zh: '二次回水温度', periodS: 60 }),
  flow_lph: quantity('lph', 0, 500_000, { en: 'Circulation flow', zh: '二次网流量', periodS: 60 }),
  heat_kw: quantity('kw', 0, 50_000, { en: 'Heat output', zh: '瞬时热量', periodS: 300 }),
  heat_kwh: quantity('kwh', 0, u32Max, { en: 'Heat register', zh: '累计热量', periodS: 300 }),
  mu_lph: quantity('lph', 0, 20_000, { en: 'Make-up flow', zh: '瞬时补水流量', periodS: 60 }),
  mu_l: quantity('l', 0, u32Max, { en: 'Make-up register', zh: '累计补水量', periodS: 60 }),
  tank_pct: quantity('pct', 0, 100, { en: 'Make-up tank level', zh: '水箱液位', periodS: 60 }),
  ...pumps,
  pump_hz10: quantity('hz10', 0, 500, { en: 'Pump frequency', zh: '循环泵频率', periodS: 10 }),
  valve_pct: quantity('pct', 0, 100, { en: 'Primary valve command', zh: '一网调节阀给定', periodS: 60 }),
  valve_fb_pct: quantity('pct', 0, 100, { en: 'Primary valve position', zh: '一网调节阀反馈', periodS: 60 }),
  t_out_c10: quantity('c10', -400, 600, {
    en: 'Outdoor temperature',
    zh: '室外温度',
    periodS: 600,
    resolution: 5,
  }),
}

export type HeatStationTele = Sample<typeof measurements>

export const heatStation = {
  kind: 'heat-station',
  en: 'Heat station',
  zh: '换热站',
  major: 1,
  minor: 0,
  streams: {
    tele: { periodS: 10, signals: measurements },
    state: { periodS: 300, signals: pumps },
    event: {
      periodS: 0,
      signals: { ev: word(deviceEvents, { en: 'What happened', zh: '事件', periodS: 0 }), ...measurements },
    },
  },
} as const satisfies KindContract
