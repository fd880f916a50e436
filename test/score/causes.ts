import type { GroundTruth, TrueFault } from '../../device-sim/scenarios/ground-truth.ts'
import type { Registry } from '../../estate/registry.ts'
import type { Severity } from '../../estate/work-order.ts'
import { gravityOf } from './gravity.ts'

/** One thing that was really wrong and has to become one order: a fault of the ground truth, or several that a
 *  scenario calls one cause. */
export interface Cause {
  /** `burst at hengkang-b14` */
  what: string
  /** Rules whose order names it, the usual one first. */
  rules: readonly string[]
  /** Rules of what may come of it, a fault of its own. */
  brings: readonly string[]
  site: string
  devices: readonly string[]
  /** Nodes an order may name: where it is, where it is measured, and whatever is above these in any tree. */
  places: readonly string[]
  /** Of these, where it is and where it is measured. */
  own: readonly string[]
  fromMs: number
  /** End of the run where it lasts. */
  untilMs: number
  severity: Severity
}

/** Nobody is called for a fault without rules. */
export function causesOf({ faults, untilMs }: GroundTruth, registry: Registry): Cause[] {
  const called = faults.filter(({ rules }) => rules.length > 0)
  const groups = Map.groupBy(called, (fault) =>
    fault.cause === undefined ? fault : `${fault.site} ${fault.cause}`,
  )
  return [...groups.values()].map((group) => causeOf(group, untilMs, registry))
}

function causeOf(group: readonly TrueFault[], endMs: number, registry: Registry): Cause {
  const [first] = group
  return {
    what: [...new Set(group.map(({ fault, target }) => `${fault} at ${target}`))].join(' and '),
    rules: union(group, ({ rules }) => rules),
    brings: union(group, ({ brings }) => brings),
    site: first?.site ?? '',
    devices: union(group, ({ devices }) => devices),
    places: [...new Set(group.flatMap((fault) => placesOf(fault, registry)))],
    own: [...new Set(group.flatMap((fault) => ownPlacesOf(fault, registry)))],
    fromMs: Math.min(...group.map(({ fromMs }) => fromMs)),
    untilMs: Math.max(...group.map(({ untilMs }) => untilMs ?? endMs)),
    severity: group.map(gravityOf).reduce((graver, each) => (each < graver ? each : graver)),
  }
}

function union(group: readonly TrueFault[], of: (fault: TrueFault) => readonly string[]): string[] {
  return [...new Set(group.flatMap(of))]
}

function ownPlacesOf({ target, devices }: TrueFault, registry: Registry): string[] {
  return [target, ...devices].map((id) => registry.device(id)?.node ?? id)
}

function placesOf(fault: TrueFault, registry: Registry): string[] {
  const ids = [fault.target, ...fault.devices]
  const nodes = ownPlacesOf(fault, registry)
  const above = nodes.flatMap((node) => [
    ...registry.ancestors('hydraulic', node),
    ...registry.ancestors('electrical', node),
  ])
  const speakers = ids.flatMap((id) => registry.ancestors('comms', id))
  return [...nodes, ...above, ...speakers.map((id) => registry.device(id)?.node ?? id)]
}
