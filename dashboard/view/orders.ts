import type { BilingualText, Registry } from '../../estate/registry.ts'
import { serviceClocks } from '../../estate/service-clock.ts'
import type { CountedLevels } from '../../estate/service-levels.ts'
import { isolationOf } from '../../estate/valves.ts'
import { allowedActions, type WorkOrder } from '../../estate/work-order.ts'
import type { ClockView, OrderView } from '../protocol.ts'

type Counted = OrderView & { clocks: readonly (ClockView & { elapsedMs: number })[] }

interface Surroundings {
  registry: Registry
  levels: CountedLevels
  nowMs: number
}

/** A work order with the names of the places it speaks of, and its clocks as they stand now. */
export function orderView(order: WorkOrder, { registry, levels, nowMs }: Surroundings): Counted {
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
    ...(order.pause && { pause: pauseView(order.pause) }),
    clocks: serviceClocks(order, levels, nowMs).map(({ dueAtMs, stoppedAtMs, ...clock }) => ({
      ...clock,
      ...(dueAtMs !== undefined && { dueAt: dueAtMs }),
      ...(stoppedAtMs !== undefined && { stoppedAt: stoppedAtMs }),
    })),
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

/** As it goes over the live line: what changes by itself every moment is left out, so that a row is sent only when
 *  there is news. */
export function liveOrderView(order: WorkOrder, around: Surroundings): OrderView {
  const { clocks, ...view } = orderView(order, around)
  return {
    ...view,
    clocks: clocks.map(({ elapsedMs, ...clock }) => ({ ...clock, ...(!clock.counting && { elapsedMs }) })),
  }
}

function pauseView({ sinceMs, ...pause }: NonNullable<WorkOrder['pause']>) {
  return { ...pause, since: sinceMs }
}

/** A place that has left the registry since keeps its id for a name. */
function nameOf(registry: Registry, id: string): BilingualText {
  return registry.node(id)?.name ?? registry.site(id)?.name ?? { zh: id, en: id }
}
