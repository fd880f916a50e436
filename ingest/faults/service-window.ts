import { z } from 'zod'
import type { Registry } from '../../estate/registry.ts'
import type { Place } from './places.ts'

/** A place is out of service: a person said so, with a reason, for a while. Whoever drains a riser, changes a meter or
 *  puts a new estate into operation must not be called for it, and nobody may forget that he said so: the window ends
 *  by itself. It covers one alarm, or a place with all that is inside it or below it in any tree. */
export const serviceWindow = z.object({
  /** Key of an alarm, or id of a node, a device or a site. */
  target: z.string(),
  by: z.string(),
  why: z.string(),
  sinceMs: z.number(),
  untilMs: z.number(),
})
export type ServiceWindow = z.infer<typeof serviceWindow>

/** Whoever needs longer says so again. */
export const longestServiceMs = 7 * 24 * 60 * 60_000
/** Windows open at one time, in the whole district. */
export const serviceWindowLimit = 1_000

/** What a window covers; undefined where nothing is called so. */
export type Reach = (alarmKey: string, place: Place) => boolean

export function reachOf(target: string, registry: Registry): Reach | undefined {
  if (target.includes('|')) return (alarmKey) => alarmKey === target
  if (registry.site(target)) return (_, { site }) => site === target
  const site = registry.node(target)?.site ?? registry.device(target)?.site
  if (site === undefined) return undefined
  const covered = below(target, site, registry)
  return (_, { node, device }) => covered.has(node) || covered.has(device)
}

/** Ids of nodes and devices. */
function below(target: string, site: string, registry: Registry): ReadonlySet<string> {
  const covered = new Set([target])
  const { nodes, devices } = { nodes: registry.nodesOf(site), devices: registry.devicesOf(site) }
  const covers = (id: string | undefined) => id !== undefined && covered.has(id)
  let size = 0
  while (covered.size > size) {
    size = covered.size
    for (const { id, inside, hydraulic, electrical } of nodes)
      if (covers(inside) || covers(hydraulic) || covers(electrical)) covered.add(id)
    for (const { id, node, comms } of devices) if (covers(node) || covers(comms)) covered.add(id)
  }
  return covered
}
