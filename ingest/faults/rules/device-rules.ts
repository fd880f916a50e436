import { kinds, type Kind } from '../../../firmware-contracts/message.ts'
import type { Severity } from '../../../estate/work-order.ts'
import type { SiteParameters } from '../parameters.ts'
import {
  batteryFalling,
  batteryLow,
  bootsAgain,
  clockDrifted,
  clockLost,
  countsBack,
  isCloned,
  repeatsItself,
  violates,
  silent,
} from './device-conditions.ts'
import { everywhere, never, type Rule } from './rule.ts'
import { impossibleSensors, stuckSensors } from './sensor-conditions.ts'

/** What the rows of all devices have in common: they stand for themselves, and nobody feels them. */
const ofDevice = {
  kinds,
  at: ({ port }) => port === undefined,
  latch: false,
  lifeSafety: false,
  affects: 'nobody',
  trees: [],
  opensAtOnce: never,
  onlyTogether: false,
} as const satisfies Partial<Rule>

/** The health of devices, whatever they measure (domain.md B). */
export const deviceRules: readonly Rule[] = [
  {
    ...ofDevice,
    id: 'D01',
    title: { zh: '设备离线', en: 'Device offline' },
    cause: { zh: '断电、SIM 卡或固件', en: 'Power, SIM card or firmware' },
    action: { zh: '先查看同网关、同小区的其他设备', en: 'Look at its siblings first' },
    conditions: [silent],
    severity: offlineSeverity,
    evidence: ['rsrp_dbm', 'vbat_mv'],
    causeClass: 'silence',
    trees: ['electrical', 'comms'],
    swallows: ['D01'],
    onlyTogether: true,
    aloneMs: offlineAloneMs,
    inferred: {
      id: 'D02',
      title: { zh: '区域离线', en: 'Site offline' },
      severity: 'P2',
      siteSwallows: ['H05'],
    },
  },
  {
    ...ofDevice,
    id: 'D03',
    title: { zh: '传感器数值卡死', en: 'Stuck sensor' },
    cause: { zh: '变送器死机，或仪表阀关闭', en: 'A frozen converter, or a closed isolation cock' },
    action: {
      zh: '打开仪表阀排气；仍不变则更换',
      en: 'Open its cock and bleed it; replace it if it still stands',
    },
    at: everywhere,
    conditions: stuckSensors,
    severity: () => 'P3',
    evidence: [],
    causeClass: 'sensor-fault',
    swallows: ['D03', 'D04'],
  },
  {
    ...ofDevice,
    id: 'D04',
    title: { zh: '数值超量程', en: 'Sensor out of range' },
    cause: { zh: '接线松动或断线，传感器损坏', en: 'A loose or broken wire, or a broken sensor' },
    action: {
      zh: '检查接线，更换传感器；其间规则不采用该信号',
      en: 'Check the wires, replace the sensor; no rule listens to it meanwhile',
    },
    at: everywhere,
    conditions: impossibleSensors,
    severity: () => 'P3',
    evidence: [],
    causeClass: 'sensor-fault',
    swallows: ['D03', 'D04'],
  },
  {
    ...ofDevice,
    id: 'D05',
    title: { zh: '时钟偏差', en: 'Clock drift' },
    cause: { zh: '时钟电池耗尽，或无法对时', en: 'Clock cell empty, or no time server reached' },
    action: {
      zh: '下发对时命令；再次失准则更换时钟电池',
      en: 'Send it the resync command; if it is off again, replace the clock cell',
    },
    conditions: [clockDrifted, clockLost],
    severity: () => 'P4',
    evidence: [],
    causeClass: 'clock-drift',
    swallows: ['D05'],
  },
  {
    ...ofDevice,
    id: 'D06',
    title: { zh: '序号重复/倒退', en: 'Sequence anomaly' },
    cause: { zh: '固件重发，或设备身份被复制', en: 'A firmware that sends again, or a copied identity' },
    action: {
      zh: '核对序列号；内容不同说明有两台设备同名，更换密码并查出复制的一台',
      en: 'Compare the serial numbers; where the contents differ two boards bear one name: give a new password and find the copy',
    },
    conditions: [repeatsItself, countsBack, isCloned],
    severity: () => 'P4',
    evidence: [],
    causeClass: 'doubtful-numbers',
    swallows: ['D06'],
  },
  {
    ...ofDevice,
    id: 'D07',
    title: { zh: '反复重启', en: 'Reboot loop' },
    cause: { zh: '供电、看门狗、低温或固件', en: 'Power, watchdog, cold, or firmware' },
    action: {
      zh: '查看重启原因和供电；同一固件多台设备出现时退回旧版本',
      en: 'Read the boot reasons and look at its power; where many of one firmware do it, roll it back',
    },
    conditions: [bootsAgain],
    severity: () => 'P3',
    evidence: ['t_amb_c10', 'vbat_mv', 'uptime_s'],
    causeClass: 'reboot-loop',
    swallows: ['D07'],
    aloneMs: ({ D07 }) => D07.aloneMs,
    kinAtLeast: ({ loopsOfFirmware }) => loopsOfFirmware,
    inferred: { id: 'D07', title: { zh: '固件反复重启', en: 'Reboot loop of one firmware' }, severity: 'P2' },
  },
  {
    ...ofDevice,
    id: 'D08',
    title: { zh: '电池电量低', en: 'Low battery' },
    cause: { zh: '电池老化，或信号差导致耗电快', en: 'Age, or bad coverage that drains it' },
    action: { zh: '按楼栋集中更换电池', en: 'Replace it, together with the others of the building' },
    kinds: ['charger', 'room-sensor', 'water-meter'],
    conditions: [batteryLow, batteryFalling],
    severity: () => 'P4',
    evidence: ['vbat_mv', 'bat_pct', 'rsrp_dbm'],
    causeClass: 'battery-low',
    swallows: ['D08'],
  },
  {
    ...ofDevice,
    id: 'D09',
    title: { zh: '报文不符合协议', en: 'Contract violation' },
    cause: { zh: '固件变更', en: 'A change of firmware' },
    action: {
      zh: '转固件团队：对照隔离区中的原始报文与协议；不必派人到现场',
      en: 'For the firmware team: compare the raw messages in quarantine with the contract; nobody need go there',
    },
    conditions: [violates],
    severity: () => 'P3',
    evidence: [],
    causeClass: 'contract-violation',
    swallows: ['D09'],
    aloneMs: ({ D09 }) => D09.aloneMs,
    kinAtLeast: ({ violationsOfFirmware }) => violationsOfFirmware,
    inferred: {
      id: 'D09',
      title: { zh: '固件报文不符合协议', en: 'Contract violation of one firmware' },
      severity: 'P3',
    },
  },
]

function offlineSeverity(kind: Kind): Severity {
  switch (kind) {
    case 'heat-station':
      return 'P2'
    case 'heat-entrance':
    case 'charger':
    case 'gateway':
      return 'P3'
    case 'room-sensor':
    case 'water-meter':
      return 'P4'
  }
}

function offlineAloneMs({ D01 }: SiteParameters, kind: Kind): number {
  switch (offlineSeverity(kind)) {
    case 'P1':
    case 'P2':
      return D01.stationAloneMs
    case 'P3':
      return D01.houseAloneMs
    case 'P4':
      return D01.otherAloneMs
  }
}
