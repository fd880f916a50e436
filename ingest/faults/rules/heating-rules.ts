import { returnBelowStatic, returnFalling, returnLow } from './heating-conditions.ts'
import { everywhere, never, type Rule } from './rule.ts'

/** Heating: station, pipes, houses and rooms (domain.md B). */
export const heatingRules: readonly Rule[] = [
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
    affects: 'houses-below',
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
    affects: 'houses-below',
    trees: ['hydraulic'],
    swallows: ['H01', 'H02'],
    opensAtOnce: never,
    onlyTogether: false,
  },
]
