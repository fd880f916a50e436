import type { BilingualText, Registry } from '../../estate/registry.ts'
import { isolationOf } from '../../estate/valves.ts'
import { allowedActions, type WorkOrder } from '../../estate/work-order.ts'
import type { OrderView } from '../protocol.ts'

/** A work order with the names of the places it speaks of. */
export function orderView(order: WorkOrder, registry: Registry): OrderView {
  const named = (id: string) => ({ id, name: nameOf(registry, id) })
  const isolation = isolationOf(registry, order)
  return {
    id: order.id,
    state: order.state,
    severity: order.severity,
    rule: order.rule,
    root: order.root,
    rootName: nameOf(registry, order.root),
    ...(order.suspected !== undefined && { suspected: named(order.suspected) }),
    site: order.site,
    title: order.title,
    reason: order.reason,
    openedAt: order.openedAtMs,
    ...(order.recoveredAtMs !== undefined && { recoveredAt: order.recoveredAtMs }),
    ...(order.assignee !== undefined && { assignee: order.assignee }),
    alarms: order.evidence.length,
    affected: order.affected.map(named),
    households: order.households,
    valves: (isolation?.valves ?? []).map(named),
    ...(isolation && {
      cutsOff: { buildings: isolation.buildings.map(named), households: isolation.households },
    }),
    commentCount: order.comments.length,
    photoCount: order.photos.length,
    actions: allowedActions(order),
  }
}

/** A place that has left the registry since keeps its id for a name. */
function nameOf(registry: Registry, id: string): BilingualText {
  return registry.node(id)?.name ?? registry.site(id)?.name ?? { zh: id, en: id }
}
