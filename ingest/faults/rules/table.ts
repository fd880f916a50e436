import type { Place } from '../places.ts'
import { chargingRules } from './charging-rules.ts'
import { deviceRules } from './device-rules.ts'
import { heatingRules } from './heating-rules.ts'
import type { Rule, RuleId } from './rule.ts'
import { waterRules } from './water-rules.ts'

/** The fault rules, one row a rule (domain.md B and the root table of B2). Thresholds and delays are parameters,
 *  since every site may have its own; their names are the same as the rules'. */
export const rules: readonly Rule[] = [...heatingRules, ...waterRules, ...chargingRules, ...deviceRules]

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
