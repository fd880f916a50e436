import type { RuleId } from '../../device-sim/scenarios/catalogue.ts'
import type { TrueFault } from '../../device-sim/scenarios/ground-truth.ts'
import type { Severity } from '../../estate/work-order.ts'

/** How grave a fault is, whatever the engine says of it (domain.md B): a grave one that is missed must not become
 *  harmless because somebody has changed a row of the engine's table. Where a rule has steps, the lowest; a fault
 *  that is meant to reach a higher one is named. */
const byRule: Readonly<Record<RuleId, Severity>> = {
  C01: 'P1',
  C02: 'P1',
  C03: 'P3',
  C04: 'P1',
  C05: 'P4',
  C06: 'P2',
  C07: 'P3',
  C08: 'P4',
  C09: 'P3',
  C10: 'P3',
  C11: 'P3',
  H01: 'P1',
  H02: 'P2',
  H03: 'P2',
  H04: 'P3',
  H05: 'P1',
  H06: 'P2',
  H07: 'P3',
  H08: 'P3',
  H09: 'P2',
  H10: 'P3',
  H11: 'P1',
  H12: 'P4',
  W01: 'P1',
  W02: 'P2',
  W03: 'P3',
  W04: 'P3',
  W05: 'P3',
  W06: 'P3',
  W07: 'P2',
  W08: 'P4',
  D01: 'P4',
  D02: 'P2',
  D03: 'P3',
  D04: 'P3',
  D05: 'P4',
  D06: 'P4',
  D07: 'P3',
  D08: 'P4',
  D09: 'P3',
}

const byFault: Readonly<Record<string, Severity>> = { 'shed-outage': 'P2', 'primary-loss': 'P2' }

const isRule = (rule: string): rule is RuleId => rule in byRule

/** Of its usual rule. */
export function gravityOf({ fault, rules }: Pick<TrueFault, 'fault' | 'rules'>): Severity {
  const [usual = ''] = rules
  return byFault[fault] ?? (isRule(usual) ? byRule[usual] : 'P4')
}
