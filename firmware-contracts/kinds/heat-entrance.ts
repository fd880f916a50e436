import type { KindContract } from '../kind-contract.ts'
import { quantity, type Sample } from '../signal.ts'

/** The heating entrance of one building (domain.md A2): mains powered, once a minute and on a change of 10 kPa.
 *  A battery device declares a longer period in its birth message. */

const measurements = {
  p_sup_kpa: quantity('kpa', 0, 1600, { en: 'Supply pressure', zh: '楼栋供水压力', periodS: 60 }),
  p_ret_kpa: quantity('kpa', 0, 1600, { en: 'Return pressure', zh: '楼栋回水压力', periodS: 60 }),
  dp_kpa: quantity('kpa', 0, 400, { en: 'Differential pressure', zh: '楼栋压差', periodS: 60 }),
  t_sup_c10: quantity('c10', -200, 1300, { en: 'Supply temperature', zh: '楼栋供水温度', periodS: 60 }),
  t_ret_c10: quantity('c10', -200, 1300, { en: 'Return temperature', zh: '楼栋回水温度', periodS: 60 }),
  flow_lph: quantity('lph', 0, 500_000, { en: 'Flow', zh: '楼栋流量', periodS: 60 }),
}

export type HeatEntranceTele = Sample<typeof measurements>

export const heatEntrance = {
  kind: 'heat-entrance',
  en: 'Building heating entrance',
  zh: '楼栋热力入口',
  major: 1,
  minor: 0,
  streams: { tele: { periodS: 60, signals: measurements } },
} as const satisfies KindContract
