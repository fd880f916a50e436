import type { KindContract } from '../kind-contract.ts'
import { flag, ordinal, quantity, u32Max, word, type Sample } from '../signal.ts'
import {
  deviceEvents,
  portAvailabilities,
  portErrors,
  portEvents,
  portPhases,
  stopReasons,
} from '../words.ts'

/** An e-bike charging controller with 2 to 12 ports in a shed (domain.md A1). It speaks for the shed on `tele`,
 *  `state` and `event`, and for each port on `tele/p01` … `tele/p12`. The periods
 *  are those of an idle port, 5 min; a charging one reports every 30 to 60 s. */

const mains = quantity('dv', 0, 3000, { en: 'Mains voltage', zh: '电源电压', periodS: 300 })
const ambient = quantity('c10', -400, 1500, {
  en: 'Ambient temperature',
  zh: '环境温度',
  periodS: 300,
  resolution: 5,
})

const port = {
  u_dv: mains,
  i_ma: quantity('ma', 0, 10_000, { en: 'Current', zh: '电流', periodS: 300, resolution: 10 }),
  p_w10: quantity('w10', 0, 15_000, { en: 'Power', zh: '功率', periodS: 300 }),
  e_wh: quantity('wh', 0, u32Max, { en: 'Energy register', zh: '累计电量', periodS: 300 }),
  se_wh: quantity('wh', 0, u32Max, { en: 'Session energy', zh: '本次电量', periodS: 300 }),
  sdur_s: quantity('s', 0, u32Max, { en: 'Session duration', zh: '本次时长', periodS: 300 }),
  sid: ordinal({ en: 'Session number of the port', zh: '充电订单序号', periodS: 300 }),
  t_port_c10: quantity('c10', -400, 1500, {
    en: 'Port temperature',
    zh: '端口温度',
    periodS: 300,
    resolution: 5,
  }),
  t_amb_c10: ambient,
  i_res_ma: quantity('ma', 0, 300, { en: 'Residual current', zh: '剩余电流', periodS: 0 }),
  relay_cmd: flag({ en: 'Relay commanded on', zh: '继电器指令', periodS: 300 }),
  relay_fb: flag({ en: 'Relay fed back on', zh: '继电器反馈', periodS: 300 }),
  weld: flag({ en: 'Relay found welded', zh: '继电器粘连', periodS: 0 }),
  fuse: flag({ en: 'Fuse blown', zh: '熔断器断开', periodS: 0 }),
  phase: word(portPhases, { en: 'Phase', zh: '端口阶段', periodS: 300 }),
  avail: word(portAvailabilities, { en: 'Availability', zh: '可用状态', periodS: 300 }),
  error: word(portErrors, { en: 'Error', zh: '错误码', periodS: 300 }),
  ev: word(portEvents, { en: 'What happened', zh: '事件', periodS: 0 }),
  stop_reason: word(stopReasons, { en: 'Stop reason', zh: '停止原因', periodS: 0 }),
}

const shed = {
  p_total_w: quantity('w', 0, 20_000, { en: 'Shed power', zh: '车棚总功率', periodS: 30 }),
  u_dv: mains,
  t_amb_c10: ambient,
  smoke: flag({ en: 'Smoke', zh: '烟感', periodS: 300 }),
  water: flag({ en: 'Water on the floor', zh: '水浸', periodS: 300 }),
  door: flag({ en: 'Door open', zh: '门打开', periodS: 300 }),
  estop: flag({ en: 'Emergency stop pressed', zh: '急停', periodS: 300 }),
  extinguisher: flag({ en: 'Extinguisher released', zh: '灭火装置动作', periodS: 300 }),
  breaker: flag({ en: 'Breaker closed', zh: '总开关合闸', periodS: 300 }),
  rsrp_dbm: quantity('dbm', -156, -31, { en: 'Signal strength', zh: '信号强度', periodS: 900 }),
  vbat_mv: quantity('mv', 0, 5000, { en: 'Clock cell voltage', zh: '时钟电池电压', periodS: 900 }),
  ev: word(deviceEvents, { en: 'What happened', zh: '事件', periodS: 0 }),
}

const { weld, fuse, phase, avail, error, ev, stop_reason, i_res_ma, ...portMeasurements } = port
const { ev: shedEvent, ...shedMeasurements } = shed
const { smoke, water, door, estop, extinguisher, breaker } = shed
const shedContacts = { smoke, water, door, estop, extinguisher, breaker }
const { relay_cmd, relay_fb, sid } = port

const portState = { phase, avail, relay_cmd, relay_fb, sid, weld, fuse, error }

export type ChargerTele = Sample<typeof shedMeasurements>
export type ChargerPortTele = Sample<typeof portMeasurements>
export type ChargerPortState = Sample<typeof portState>
export type ChargerPortEvent = Sample<typeof port>

export const charger = {
  kind: 'charger',
  en: 'E-bike charging controller',
  zh: '电动自行车充电控制器',
  major: 1,
  minor: 0,
  streams: {
    tele: { periodS: 30, signals: shedMeasurements },
    state: { periodS: 300, signals: shedContacts },
    event: { periodS: 0, signals: { ev: shedEvent, ...shedContacts } },
    'tele/port': { periodS: 300, signals: portMeasurements },
    'state/port': { periodS: 300, signals: portState },
    'event/port': { periodS: 0, signals: { ev, stop_reason, i_res_ma, ...portState, ...portMeasurements } },
  },
} as const satisfies KindContract
