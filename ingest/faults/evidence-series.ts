import type { Registry, RegistryDevice } from '../../estate/registry.ts'
import type { WorkOrder } from '../../estate/work-order.ts'
import { signalsOf } from '../../firmware-contracts/kinds.ts'
import type { SeriesQuery } from '../history/store.ts'
import { rules } from './rules/table.ts'

/** Which readings speak for an order: of its root, of the place where the break is suspected, and of the places
 *  that alarmed first, the signals that crossed a limit and those their rules name as evidence. The most telling
 *  come first, for there is room for so many only. Of a shed, what only ports can say is asked of all its ports: in
 *  smoke, which of them was hot. */

/** Besides the root and the suspected place. A burst alarms in twenty houses; three of them tell how it went. */
const firstPlaces = 3

type Told = Pick<WorkOrder, 'root' | 'suspected' | 'rule' | 'evidence'>

export function evidenceSeries(order: Told, registry: Registry): SeriesQuery[] {
  const { root, suspected, evidence } = order
  const children = evidence.map(({ node }) => node).filter((node) => node !== root && node !== suspected)
  const places = [root, ...(suspected === undefined ? [] : [suspected]), ...new Set(children)]
  const wanted = new Set(places.slice(0, firstPlaces + (suspected === undefined ? 1 : 2)))
  const series = [...wanted].flatMap((place) => seriesAt(place, signalsFor(place, order), registry))
  return [...new Map(series.map((one) => [`${one.device}|${one.port}|${one.signal}`, one])).values()]
}

function signalsFor(place: string, { rule, evidence }: Told): string[] {
  const own = evidence.filter(({ node }) => node === place)
  const crossed = own.flatMap(({ signal }) => signal ?? [])
  const ids = new Set([...own.map((alarm) => alarm.rule), rule])
  const named = rules.filter(({ id }) => ids.has(id)).flatMap((row) => row.evidence)
  return [...new Set([...crossed, ...named])]
}

function seriesAt(place: string, signals: readonly string[], registry: Registry): SeriesQuery[] {
  return devicesOn(place, registry).flatMap(({ device, port }) =>
    signals.flatMap((signal): SeriesQuery[] => {
      const { id, kind } = device
      const isOfPort = Object.hasOwn(signalsOf(kind, 'port'), signal)
      if (port !== undefined && isOfPort) return [{ kind, device: id, port, signal }]
      if (Object.hasOwn(signalsOf(kind), signal)) return [{ kind, device: id, signal }]
      const ports = isOfPort ? Object.keys(device.ports ?? {}) : []
      return ports.map((each) => ({ kind, device: id, port: each, signal }))
    }),
  )
}

/** A port is measured by the controller it belongs to. */
function devicesOn(place: string, registry: Registry): { device: RegistryDevice; port?: string }[] {
  const node = registry.node(place)
  if (node?.type !== 'port') return registry.devicesAt(place).map((device) => ({ device }))
  return registry.devicesOf(node.site, 'charger').flatMap((device) =>
    Object.entries(device.ports ?? {})
      .filter(([, id]) => id === place)
      .map(([port]) => ({ device, port })),
  )
}
