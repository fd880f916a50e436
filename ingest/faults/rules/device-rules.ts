import type { Kind } from '../../../firmware-contracts/message.ts'
import type { Severity } from '../../../estate/work-order.ts'
import { silent } from './device-conditions.ts'
import { never, type Rule } from './rule.ts'

/** The health of devices, whatever they measure (domain.md B). */
export const deviceRules: readonly Rule[] = [
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
    affects: 'nobody',
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
