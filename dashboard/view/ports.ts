import type { LiveDevice } from '../../estate/live.ts'
import type { Registry, RegistryDevice } from '../../estate/registry.ts'
import type { WorkOrder } from '../../estate/work-order.ts'
import { availabilities, type Availability, type PortView, type ShedView } from '../protocol.ts'
import { isStale, type Sources } from './sources.ts'

/** The charging ports of one site, as residents see them.
 *
 *  What the port itself says counts only while it is young and its charger is connected; after that nobody
 *  knows, and `unknown` says so. An open work order whose fault is felt at the port counts for more than its own
 *  word: a port whose shed has no power is out of order whatever it last said. A door left open is not felt at a port,
 *  and what may wait for a fortnight (P4) does not close one. Where nobody knows, any order of the shed is told: it may
 *  be the reason. */

const words: ReadonlySet<string> = new Set(availabilities)

/** In the order of the sheds, then by the number painted on the port. */
export function portsOf(site: string, sources: Sources): PortView[] {
  const { registry } = sources
  const orders = sources.orders.filter(({ severity }) => severity !== 'P4')
  const ports = registry.devicesOf(site, 'charger').flatMap((charger) =>
    Object.entries(charger.ports ?? {}).map(([name, node]) => {
      const places = [node, ...placesAbove(registry, node)]
      const near = places.flatMap((place) => orders.filter(({ root }) => root === place))
      return portView({ charger, name, node, places, near }, sources)
    }),
  )
  return ports.sort((a, b) => compare(a.shed, b.shed) || Number(a.label) - Number(b.label))
}

export function shedsOf(registry: Registry, site: string): ShedView[] {
  return registry.nodesOf(site, 'shed').map(({ id, name }) => ({ id, name }))
}

interface Port {
  charger: RegistryDevice
  /** As in the topic: `p03`. */
  name: string
  node: string
  /** The port, its controller, its shed. */
  places: readonly string[]
  /** Orders at these places, the nearest first. */
  near: readonly WorkOrder[]
}

function portView({ charger, name, node, places, near }: Port, { live, nowMs }: Sources): PortView {
  const device = live(charger.id)
  const said = device && lastWord(device, name, nowMs)
  const own = said?.availability ?? 'unknown'
  const felt = near.find(({ affected }) => affected.includes(node))
  const order = felt ?? (own === 'unknown' ? near[0] : undefined)
  return {
    id: node,
    shed: places.at(-1) ?? charger.node,
    label: String(Number(name.slice(1))),
    availability: felt ? 'faulted' : own,
    phase: said?.phase ?? 'unknown',
    ...(said && { t: said.t }),
    ...(order && { order: { id: order.id, state: order.state } }),
  }
}

function lastWord(
  device: LiveDevice,
  name: string,
  nowMs: number,
): { t: number; availability: Availability; phase: string } | undefined {
  const { avail, phase } = device.ports[name] ?? {}
  if (!avail) return undefined
  if (isStale(device, { signal: 'avail', t: avail.t }, nowMs)) {
    return { t: avail.t, availability: 'unknown', phase: 'unknown' }
  }
  const knownPhase = phase && !isStale(device, { signal: 'phase', t: phase.t }, nowMs)
  return {
    t: avail.t,
    availability: asAvailability(avail.value),
    phase: knownPhase ? String(phase.value) : 'unknown',
  }
}

function asAvailability(value: number | string): Availability {
  const word = String(value)
  return isAvailability(word) ? word : 'unknown'
}

function isAvailability(word: string): word is Availability {
  return words.has(word)
}

/** Controller and shed; a fault of the street's transformer is not the port's. */
function placesAbove(registry: Registry, port: string): readonly string[] {
  const above = registry.ancestors('electrical', port)
  const shed = above.findIndex((id) => registry.node(id)?.type === 'shed')
  return shed === -1 ? above : above.slice(0, shed + 1)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
