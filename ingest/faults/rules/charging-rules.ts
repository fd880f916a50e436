import { currentWhenOpen } from './charging-conditions.ts'
import { type Rule } from './rule.ts'

/** E-bike charging: sheds and their ports (domain.md B). */
export const chargingRules: readonly Rule[] = [
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
    affects: 'its-place',
    trees: [],
    swallows: ['C04'],
    opensAtOnce: () => true,
    onlyTogether: false,
  },
]
