import type { Registry } from './registry.ts'
import type { WorkOrder } from './work-order.ts'

/** Which valves stop the water of a burst, and what does closing them cost? A valve cuts off everything that hangs
 *  below its pipe section in the hydraulic tree, whether it is broken or not; who turns it should know whom to
 *  tell. */
export interface Isolation {
  /** Registry ids of the valves to close. Empty: the registry knows none for this place. */
  valves: readonly string[]
  /** Registry ids of the houses that closing them cuts off. */
  buildings: readonly string[]
  households: number
}

type Burst = Pick<WorkOrder, 'root' | 'rule' | 'suspected'>

const burstRules: ReadonlySet<string> = new Set(['H01', 'W01'])

/** Undefined for an order that is no burst. The section of the suspected break comes first: closing the whole
 *  station for it would cool every house. Where it has none, that of the root; at a station, all that leave it. */
export function isolationOf(registry: Registry, { root, rule, suspected }: Burst): Isolation | undefined {
  if (!burstRules.has(rule)) return undefined
  const near = suspected === undefined ? [] : sectionOver(registry, suspected)
  const sections = near.length > 0 ? near : sectionsOf(registry, root)
  return {
    valves: sections.flatMap((id) => valvesAt(registry, id)),
    buildings: [...new Set(sections.flatMap((id) => housesBelow(registry, id)))],
    households: sections.reduce((sum, id) => sum + registry.householdsBelow('hydraulic', id), 0),
  }
}

function sectionsOf(registry: Registry, root: string): readonly string[] {
  const own = sectionOver(registry, root)
  return own.length > 0 ? own : sectionsUnder(registry, root)
}

/** The nearest place at or above this one that can be shut off. */
function sectionOver(registry: Registry, id: string): readonly string[] {
  const nearest = [id, ...registry.ancestors('hydraulic', id)].find(
    (each) => valvesAt(registry, each).length > 0,
  )
  return nearest === undefined ? [] : [nearest]
}

/** On every branch below, the first place that can be shut off. */
function sectionsUnder(registry: Registry, id: string): readonly string[] {
  return registry
    .children('hydraulic', id)
    .flatMap((child) => (valvesAt(registry, child).length > 0 ? [child] : sectionsUnder(registry, child)))
}

function valvesAt(registry: Registry, id: string): readonly string[] {
  return registry.node(id)?.valves ?? []
}

/** A house hangs on the heating pipe itself; on the water pipe hang its meters. */
function housesBelow(registry: Registry, id: string): readonly string[] {
  return [id, ...registry.descendants('hydraulic', id)].flatMap((each) => {
    const node = registry.node(each)
    const house = node?.type === 'building' ? node.id : node?.inside
    return house !== undefined && registry.node(house)?.type === 'building' ? [house] : []
  })
}
