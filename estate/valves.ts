import type { Registry } from './registry.ts'
import type { WorkOrder } from './work-order.ts'

/** For a burst: the valves that cut off the place, from the pipe sections of the registry. At a station, those of
 *  every section that leaves it; elsewhere, those of the nearest section above it. Empty where the registry
 *  knows no pipes. */
export function valvesToClose(
  registry: Registry,
  { root, rule }: Pick<WorkOrder, 'root' | 'rule'>,
): readonly string[] {
  if (rule !== 'H01' && rule !== 'W01') return []
  const below = registry.children('hydraulic', root).flatMap((id) => registry.node(id)?.valves ?? [])
  if (below.length > 0) return below
  const sections = registry.ancestors('hydraulic', root).map((id) => registry.node(id)?.valves ?? [])
  return sections.find((valves) => valves.length > 0) ?? []
}
