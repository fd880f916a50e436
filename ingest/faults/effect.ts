import type { Registry } from '../../estate/registry.ts'
import { severities, type Severity } from '../../estate/work-order.ts'
import type { Incident } from './incident.ts'
import type { SiteParameters } from './parameters.ts'
import { ruleOf } from './rules/table.ts'

/** Who feels an incident, and what that makes of its severity. */

/** The registry ids of those who feel it (the rule's column `affects`). What is felt only in its place is felt, where
 *  the cause was inferred, where it alarms. */
export function affectedBy({ root, rule, basis, members }: Felt, registry: Registry): string[] {
  const isHouse = (id: string) => registry.node(id)?.type === 'building'
  switch (ruleOf(rule).affects) {
    case 'houses-below':
      return [root, ...registry.descendants('hydraulic', root)].filter(isHouse)
    case 'its-house':
      return [registry.node(root)?.inside ?? root]
    case 'its-ports':
      return [root, ...registry.descendants('electrical', root)].filter(
        (id) => registry.node(id)?.type === 'port',
      )
    case 'its-place':
      if (basis === 'measured') return [root]
      return [...new Set(Object.values(members).map(({ node }) => node))].sort()
    case 'nobody':
      return []
  }
}

export function householdsOf(incident: Felt, affected: readonly string[], registry: Registry): number {
  if (affected.length === 0) return 0
  const isInPlaces = ruleOf(incident.rule).affects === 'its-place' && incident.basis === 'inferred'
  const below = registry.householdsBelow('hydraulic', incident.root)
  if (below > 0 && !isInPlaces) return below
  return affected.reduce((sum, id) => sum + (registry.node(id)?.households ?? 0), 0)
}

type Felt = Pick<Incident, 'root' | 'rule' | 'basis' | 'members'>

/** What very many feel is a step graver than its alarms (domain.md B2, 7). */
export function stepUp(incident: Incident, registry: Registry, limits: SiteParameters['correlation']): void {
  const households = householdsOf(incident, affectedBy(incident, registry), registry)
  const graver: Severity | undefined = severities[severities.indexOf(incident.severity) - 1]
  incident.stepped = null
  if (graver === undefined || households < limits.manyHouseholds) return
  incident.severity = graver
  incident.stepped = { households }
}
