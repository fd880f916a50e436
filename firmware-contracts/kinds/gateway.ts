import type { KindContract } from '../kind-contract.ts'
import { quantity, u32Max, word, type Sample } from '../signal.ts'
import { deviceEvents } from '../words.ts'

/** A gateway that publishes for the devices whose comms parent it is. Its own readings are little more than a
 *  heartbeat, by which one fallen gateway is told from many dead children. */

const measurements = {
  rsrp_dbm: quantity('dbm', -156, -31, { en: 'Signal strength', zh: '信号强度', periodS: 900 }),
  uptime_s: quantity('s', 0, u32Max, { en: 'Uptime', zh: '运行时间', periodS: 300 }),
  children_n: quantity('n', 0, 1000, { en: 'Devices heard', zh: '在线子设备数', periodS: 300 }),
}

export type GatewayTele = Sample<typeof measurements>

export const gateway = {
  kind: 'gateway',
  en: 'Gateway',
  zh: '网关',
  major: 1,
  minor: 0,
  streams: {
    tele: { periodS: 300, signals: measurements },
    event: {
      periodS: 0,
      signals: { ev: word(deviceEvents, { en: 'What happened', zh: '事件', periodS: 0 }), ...measurements },
    },
  },
} as const satisfies KindContract
