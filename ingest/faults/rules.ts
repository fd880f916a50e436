import type { Kind } from '../../firmware-contracts/message.ts'
import type { BilingualText, Tree } from '../../estate/registry.ts'
import type { Severity } from '../../estate/work-order.ts'
import {
  currentWhenOpen,
  mainFalling,
  mainFlowBurst,
  returnBelowStatic,
  returnFalling,
  returnLow,
  silent,
  type Condition,
} from './conditions.ts'
import type { Place } from './senses.ts'

/** The fault rules, one row a rule (domain.md B and the root table of B2). Thresholds and delays are in
 *  parameters.ts, since every site may have its own; their names are the same as the rules'. */

export const ruleIds = ['H01', 'H02', 'W01', 'C04', 'D01'] as const
export type RuleId = (typeof ruleIds)[number]

/** Alarms of one class at one root are one fault, and one work order. */
export const causeClasses = ['pressure-loss', 'water-main-burst', 'relay-welded', 'silence'] as const
export type CauseClass = (typeof causeClasses)[number]

export interface Rule {
  id: RuleId
  title: BilingualText
  cause: BilingualText
  action: BilingualText
  kinds: readonly Kind[]
  /** Which places of these kinds. */
  at: (place: Place) => boolean
  /** Any of them raises an alarm of the rule; each with its own on-delay, hysteresis and off-delay. */
  conditions: readonly Condition[]
  severity: (kind: Kind) => Severity
  /** The alarm stays until a person has inspected the place. */
  latch: boolean
  /** Opens at once and is never swallowed by anything. */
  lifeSafety: boolean
  /** Signals to attach to the order. */
  evidence: readonly string[]
  causeClass: CauseClass
  /** Trees in which something upstream may explain it. */
  trees: readonly Tree[]
  /** Rules that this one explains at the same place and below it: they are suppressed, not lost. */
  swallows: readonly RuleId[]
  /** A root by nature: opens its incident without waiting whether it is somebody's child. */
  opensAtOnce: (kind: Kind) => boolean
  /** Only alarms that begin together (correlation.togetherMs) speak for a common cause. */
  onlyTogether: boolean
  /** What the fault is called where only its children show it. */
  inferred?: { id: string; title: BilingualText; severity: Severity }
}

const everywhere = () => true
const never = () => false

export const rules: readonly Rule[] = [
  {
    id: 'H01',
    title: { zh: '二次网疑似爆管', en: 'Suspected secondary main burst' },
    cause: { zh: '管道破裂，或泄水阀开启', en: 'Pipe burst, or a drain left open' },
    action: {
      zh: '找到压降最大的楼栋，关闭该管段阀门；吸入压力正常才可保留循环泵运行',
      en: 'Find the building with the deepest drop and close the valves of its section; keep the pumps only while suction holds',
    },
    kinds: ['heat-station', 'heat-entrance'],
    at: everywhere,
    conditions: [returnBelowStatic, returnFalling],
    severity: () => 'P1',
    latch: false,
    lifeSafety: false,
    evidence: ['p_ret_kpa', 'p_sup_kpa', 'mu_lph', 'tank_pct'],
    causeClass: 'pressure-loss',
    trees: ['hydraulic'],
    swallows: ['H01', 'H02'],
    opensAtOnce: (kind) => kind === 'heat-station',
    onlyTogether: false,
  },
  {
    id: 'H02',
    title: { zh: '回水压力低', en: 'Return pressure low' },
    cause: { zh: '漏水量超过补水量，或补水故障', en: 'Leak larger than the make-up, or make-up failed' },
    action: { zh: '检查补水箱、补水泵，查漏', en: 'Check the tank and the make-up pump; look for the leak' },
    kinds: ['heat-station', 'heat-entrance'],
    at: everywhere,
    conditions: [returnLow],
    severity: () => 'P2',
    latch: false,
    lifeSafety: false,
    evidence: ['p_ret_kpa', 'mu_lph', 'tank_pct'],
    causeClass: 'pressure-loss',
    trees: ['hydraulic'],
    swallows: ['H01', 'H02'],
    opensAtOnce: never,
    onlyTogether: false,
  },
  {
    id: 'W01',
    title: { zh: '楼栋水管爆裂', en: 'Building main burst' },
    cause: { zh: '楼栋供水管爆裂', en: "The building's water main has burst" },
    action: { zh: '关闭楼栋入户总阀，检查地下室', en: 'Close the entrance valve; look into the cellar' },
    kinds: ['water-meter'],
    at: (place) => place.buildingMeter,
    conditions: [mainFlowBurst, mainFalling],
    severity: () => 'P1',
    latch: false,
    lifeSafety: false,
    evidence: ['flow_lph', 'p_kpa', 'vol_l'],
    causeClass: 'water-main-burst',
    trees: ['hydraulic'],
    swallows: ['W01'],
    opensAtOnce: () => true,
    onlyTogether: false,
  },
  {
    id: 'C04',
    title: { zh: '继电器粘连', en: 'Relay welded' },
    cause: { zh: '触点熔焊', en: 'Contacts welded together' },
    action: {
      zh: '断开充电棚分路开关，更换继电器；端口对居民显示故障',
      en: 'Open the branch breaker of the shed and replace the relay; the port shows as out of order',
    },
    kinds: ['charger'],
    at: (place) => place.port !== undefined,
    conditions: [currentWhenOpen],
    severity: () => 'P1',
    latch: true,
    lifeSafety: true,
    evidence: ['relay_cmd', 'relay_fb', 'i_ma', 'p_w10', 't_port_c10'],
    causeClass: 'relay-welded',
    trees: [],
    swallows: ['C04'],
    opensAtOnce: () => true,
    onlyTogether: false,
  },
  {
    id: 'D01',
    title: { zh: '设备离线', en: 'Device offline' },
    cause: { zh: '断电、SIM 卡或固件', en: 'Power, SIM card or firmware' },
    action: { zh: '先查看同网关、同小区的其他设备', en: 'Look at its siblings first' },
    kinds: ['charger', 'heat-station', 'heat-entrance', 'room-sensor', 'water-meter', 'gateway'],
    at: (place) => place.port === undefined,
    conditions: [silent],
    severity: offlineSeverity,
    latch: false,
    lifeSafety: false,
    evidence: ['rsrp_dbm', 'vbat_mv'],
    causeClass: 'silence',
    trees: ['electrical', 'comms'],
    swallows: ['D01'],
    opensAtOnce: never,
    onlyTogether: true,
    inferred: { id: 'D02', title: { zh: '区域离线', en: 'Site offline' }, severity: 'P2' },
  },
]

function offlineSeverity(kind: Kind): Severity {
  switch (kind) {
    case 'heat-station':
      return 'P2'
    case 'heat-entrance':
    case 'charger':
      return 'P3'
    case 'room-sensor':
    case 'water-meter':
    case 'gateway':
      return 'P4'
  }
}

const byId = new Map(rules.map((rule) => [rule.id, rule]))

export function ruleOf(id: RuleId): Rule {
  const rule = byId.get(id)
  if (!rule) throw new Error(`rule ${id} is not in the table`)
  return rule
}

/** The rules that watch a place. */
export function rulesAt(place: Place): readonly Rule[] {
  return rules.filter((rule) => rule.kinds.includes(place.kind) && rule.at(place))
}
