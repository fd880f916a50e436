import {
  burstBit,
  flatRunsBack,
  freezeBit,
  houseRunsBack,
  householdPours,
  householdRuns,
  leakBit,
  neverDry,
  registerStands,
  sealBroken,
  shaftCold,
  valveStuck,
  waterCold,
} from './meter-conditions.ts'
import type { Place } from '../places.ts'
import { everywhere, never, type Rule } from './rule.ts'
import { mainFalling, mainFlowBurst, mainLost, nightHigh } from './water-conditions.ts'

/** Water: mains and meters (domain.md B, and the cascades of B2). */

/** What most of them have in common: a meter, a fault of its own, and something that the house's main explains. */
const atAMeter = {
  kinds: ['water-meter'],
  latch: false,
  lifeSafety: false,
  affects: 'its-place',
  trees: ['hydraulic'],
  opensAtOnce: never,
  onlyTogether: false,
} as const

/** A matter of one home: nothing above explains it, and three of them are three. */
const inAFlat = {
  ...atAMeter,
  at: ({ buildingMeter }: Place) => !buildingMeter,
  trees: [],
} as const

export const waterRules: readonly Rule[] = [
  {
    ...atAMeter,
    id: 'W01',
    title: { zh: '楼栋水管爆裂或断水', en: 'Building main burst or without water' },
    cause: {
      zh: '流量大：楼栋供水管爆裂；无流量：总阀被关闭，或市政管网停水',
      en: 'Much flow: the main of the building has burst. None: its valve was shut, or the street has no water',
    },
    action: {
      zh: '流量大时立即关闭楼栋入户总阀，检查地下室；无流量时检查总阀，联系自来水公司',
      en: 'Much flow: close the entrance valve, look into the cellar. None: look at the valve, call the waterworks',
    },
    at: ({ buildingMeter }) => buildingMeter,
    conditions: [mainFlowBurst, mainFalling, mainLost],
    severity: () => 'P1',
    evidence: ['flow_lph', 'p_kpa', 'vol_l'],
    causeClass: 'water-main-burst',
    affects: 'its-house',
    swallows: ['W01', 'W04', 'W05', 'W08'],
    opensAtOnce: () => true,
  },
  {
    ...inAFlat,
    id: 'W02',
    title: { zh: '户内爆管', en: 'Household burst' },
    cause: { zh: '软管脱落或户内水管爆裂', en: 'A hose has come off, or a pipe has burst in the flat' },
    action: {
      zh: '立即电话联系住户；经同意远程关阀，无人应答时上门',
      en: 'Phone the resident; close the valve remotely with consent; go there when nobody answers',
    },
    conditions: [householdPours, householdRuns, burstBit],
    severity: () => 'P2',
    evidence: ['vol_l', 'flow_lph', 'status', 'valve'],
    causeClass: 'household-burst',
    opensAtOnce: () => true,
    swallows: ['W02', 'W03'],
  },
  {
    ...inAFlat,
    id: 'W03',
    title: { zh: '户内持续漏水', en: 'Water runs day and night' },
    cause: { zh: '马桶水箱关不严，或龙头滴漏', en: 'A cistern that does not close, or a dripping tap' },
    action: {
      zh: '先发消息提醒住户检查马桶水箱和龙头，不必派人',
      en: 'Message the resident first (cistern, taps); no visit yet',
    },
    conditions: [neverDry, leakBit],
    severity: () => 'P3',
    evidence: ['vol_l', 'flow_lph', 'status'],
    causeClass: 'household-leak',
    swallows: ['W03'],
  },
  {
    ...atAMeter,
    id: 'W04',
    title: { zh: '夜间最小流量升高', en: 'Night flow high' },
    cause: {
      zh: '总表后有暗漏，或有住户彻夜用水',
      en: 'A hidden leak behind the main meter, or a flat that runs all night',
    },
    action: {
      zh: '先查各户夜间用水，再听音查漏',
      en: 'Look at the night flow of the flats, then survey acoustically',
    },
    at: ({ buildingMeter }) => buildingMeter,
    conditions: [nightHigh],
    severity: () => 'P3',
    evidence: ['vol_l', 'flow_lph', 'p_kpa'],
    causeClass: 'hidden-leak',
    affects: 'nobody',
    swallows: ['W04'],
  },
  {
    ...atAMeter,
    id: 'W05',
    title: { zh: '反向流', en: 'Reverse flow' },
    cause: {
      zh: '止回阀失效，市政压力下降时倒流',
      en: 'A check valve leaks while the street has no pressure',
    },
    action: {
      zh: '检查并加装止回阀；楼栋倒流须检测水质',
      en: 'Fit a check valve; of a whole house have the water tested',
    },
    at: everywhere,
    conditions: [flatRunsBack, houseRunsBack],
    severity: () => 'P3',
    evidence: ['rev_l', 'p_kpa', 'status'],
    causeClass: 'reverse-flow',
    affects: 'nobody',
    swallows: ['W05'],
  },
  {
    ...atAMeter,
    id: 'W06',
    title: { zh: '水表受干扰或拆动', en: 'Meter tampered with' },
    cause: { zh: '强磁干扰或表盖被打开', en: 'A magnet, or its cover was opened' },
    action: {
      zh: '现场检查并拍照，查明前不作指责',
      en: 'Inspect and take a photograph; accuse nobody before',
    },
    at: everywhere,
    conditions: [sealBroken],
    severity: () => 'P3',
    latch: true,
    evidence: ['status', 'vol_l'],
    causeClass: 'meter-tampered',
    opensAtOnce: () => true,
    affects: 'nobody',
    trees: [],
    swallows: ['W06', 'W08'],
  },
  {
    ...atAMeter,
    id: 'W07',
    title: { zh: '水表井冻结风险', en: 'Meter freezing' },
    cause: { zh: '表井盖未盖或保温缺失', en: 'An open shaft, or lagging that is missing' },
    action: { zh: '盖好井盖、补保温；必要时滴水防冻', en: 'Close the shaft, lag the pipes; let a tap drip' },
    at: everywhere,
    conditions: [shaftCold, waterCold, freezeBit],
    severity: () => 'P2',
    evidence: ['t_amb_c10', 't_wat_c10', 'status'],
    causeClass: 'meter-freezing',
    swallows: ['W07', 'W08'],
    inferred: {
      id: 'W07',
      title: { zh: '多块水表冻结风险', en: 'Meters freezing in one shaft' },
      severity: 'P2',
      atLeast: 2,
      share: 0,
    },
  },
  {
    ...atAMeter,
    id: 'W08',
    title: { zh: '水表停走或阀门异常', en: 'Meter stands still or its valve is stuck' },
    cause: {
      zh: '无人居住，或水表卡死；阀门结垢',
      en: 'Nobody is at home, or the register has jammed; lime in the valve',
    },
    action: {
      zh: '核实住户是否用水，必要时换表',
      en: 'Ask whether somebody lives there; exchange the meter',
    },
    at: everywhere,
    conditions: [registerStands, valveStuck],
    severity: () => 'P4',
    evidence: ['vol_l', 'valve', 'status'],
    causeClass: 'meter-stopped',
    affects: 'nobody',
    swallows: ['W08'],
    inferred: {
      id: 'W08',
      title: { zh: '多块水表停走', en: 'Many meters stand still' },
      severity: 'P4',
    },
  },
]
