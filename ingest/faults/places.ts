import type { Kind } from '../../firmware-contracts/message.ts'
import type { Registry, RegistryDevice, RegistryNode } from '../../estate/registry.ts'
import { pressureBand, type PressureBand } from '../../estate/pressure-band.ts'
import { defaultParameters, wholeDistrict, type Parameters, type SiteParameters } from './parameters.ts'

/** The facts of the registry that judging a sample needs. */
export interface Place {
  node: string
  site: string
  device: string
  kind: Kind
  port?: string
  /** A water meter with no meter above it that measures more than one home: a whole building. */
  buildingMeter: boolean
  /** Of it: the households behind it. */
  households?: number
  band?: PressureBand
  /** Permanent flow rate of the meter, L/h. */
  q3Lph?: number
  /** Of a heated house: its share of the households that its station heats. */
  partOfLoop?: number
  limits: SiteParameters
}

/** From the registry to what judging needs: node, band, rating and the site's parameters. */
export function limitsOf(site: string, parameters: Parameters): SiteParameters {
  return parameters[site] ?? parameters[wholeDistrict] ?? defaultParameters
}

/** Undefined for a port that the registry does not know. */
export function placeOf(
  device: RegistryDevice,
  port: string | undefined,
  { registry, parameters }: { registry: Registry; parameters: Parameters },
): Place | undefined {
  const id = registry.nodeOf(device.id, port)
  const node = id === undefined ? undefined : registry.node(id)
  if (!node || (port !== undefined && device.ports?.[port] === undefined)) return undefined
  const topM = topRadiatorM(node.id, registry)
  const part = device.kind === 'heat-entrance' ? partOfLoop(node.id, registry) : undefined
  const households = device.kind === 'water-meter' ? householdsBehind(node, registry) : undefined
  return {
    node: node.id,
    site: device.site,
    device: device.id,
    kind: device.kind,
    ...(port !== undefined && { port }),
    buildingMeter: households !== undefined,
    ...(households !== undefined && { households }),
    ...(topM !== undefined && { band: pressureBand(topM) }),
    ...(node.q3Lph !== undefined && { q3Lph: node.q3Lph }),
    ...(part !== undefined && { partOfLoop: part }),
    limits: limitsOf(device.site, parameters),
  }
}

/** Of a building's meter; undefined for that of a home. */
function householdsBehind({ id, type }: RegistryNode, registry: Registry): number | undefined {
  const above = registry.parent('hydraulic', id)
  if (type !== 'meter' || (above !== undefined && registry.node(above)?.type === 'meter')) return undefined
  const households = registry.householdsBelow('hydraulic', id)
  return households === 1 ? undefined : households
}

/** A building's own height; for a heat station the greatest of its buildings; m above the gauge. */
function topRadiatorM(id: string, registry: Registry): number | undefined {
  const below = registry.descendants('hydraulic', id).flatMap((node) => {
    const { type, topRadiatorM } = registry.node(node) ?? {}
    return type === 'building' && topRadiatorM !== undefined ? [topRadiatorM] : []
  })
  const own = registry.node(id)?.topRadiatorM
  if (registry.node(id)?.type !== 'heat-station') return own
  return below.length > 0 ? Math.max(...below) : own
}

/** Undefined without a station above it, or where nobody has counted the households. */
function partOfLoop(house: string, registry: Registry): number | undefined {
  const station = registry.ancestors('hydraulic', house).at(-1)
  if (station === undefined || registry.node(station)?.type !== 'heat-station') return undefined
  const all = registry.householdsBelow('hydraulic', station)
  const own = registry.householdsBelow('hydraulic', house)
  return all > 0 && own > 0 ? own / all : undefined
}
