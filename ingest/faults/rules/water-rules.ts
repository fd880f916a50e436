import { mainFalling, mainFlowBurst } from './water-conditions.ts'
import { type Rule } from './rule.ts'

/** Water: mains and meters (domain.md B). */
export const waterRules: readonly Rule[] = [
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
    affects: 'its-house',
    trees: ['hydraulic'],
    swallows: ['W01'],
    opensAtOnce: () => true,
    onlyTogether: false,
  },
]
