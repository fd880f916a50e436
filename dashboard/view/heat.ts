import type { LiveDevice } from '../../estate/live.ts'
import { pressureBand, type PressureBand } from '../../estate/pressure-band.ts'
import type { Registry, RegistryDevice, RegistryNode } from '../../estate/registry.ts'
import type { HeatPointView, Measured } from '../protocol.ts'
import { isStale, type Sources } from './sources.ts'

/** Heating pressure against its band for every building and heat station, from the station outwards.
 *
 *  The return pressure decides: it is what keeps the top floor full. Without a fresh one the state is `unknown`,
 *  however good the last one was. */

export function heatPointsOf(sources: Sources): HeatPointView[] {
  const { registry } = sources
  return registry.devices
    .flatMap((device) => heatPointOf(device, sources) ?? [])
    .sort((a, b) => a.distanceM - b.distanceM)
}

/** Undefined for a device that measures no heating, or stands where the registry knows no heights. */
export function heatPointOf(
  device: RegistryDevice,
  { registry, live, nowMs }: Sources,
): HeatPointView | undefined {
  const node = registry.node(device.node)
  if (!node || (device.kind !== 'heat-entrance' && device.kind !== 'heat-station')) return undefined
  const topM = topRadiatorM(registry, node)
  if (topM === undefined) return undefined
  const band = pressureBand(topM)
  const measured = measurements(live(device.id), nowMs)
  return {
    id: node.id,
    type: device.kind === 'heat-station' ? 'heat-station' : 'building',
    site: device.site,
    name: node.name,
    device: device.id,
    distanceM: node.distanceM ?? 0,
    band,
    ...measured,
    state: stateOf(measured, band),
  }
}

type Measurements = Pick<HeatPointView, 'supplyKpa' | 'returnKpa' | 'supplyC10' | 'returnC10' | 'makeUpLph'>

/** Pressures in kPa. */
export function stateOf({ supplyKpa, returnKpa }: Measurements, band: PressureBand): HeatPointView['state'] {
  if (!returnKpa || returnKpa.stale) return 'unknown'
  if (returnKpa.value < band.lowLow) return 'low-low'
  if (returnKpa.value < band.low) return 'low'
  const supplyTooHigh = supplyKpa && !supplyKpa.stale && supplyKpa.value > band.supplyMax
  return returnKpa.value > band.high || supplyTooHigh ? 'high' : 'normal'
}

function measurements(device: LiveDevice | undefined, nowMs: number): Measurements {
  if (!device) return {}
  const [supplyKpa, returnKpa, supplyC10, returnC10, makeUpLph] = [
    'p_sup_kpa',
    'p_ret_kpa',
    't_sup_c10',
    't_ret_c10',
    'mu_lph',
  ].map((signal) => measured(device, signal, nowMs))
  return {
    ...(supplyKpa && { supplyKpa }),
    ...(returnKpa && { returnKpa }),
    ...(supplyC10 && { supplyC10 }),
    ...(returnC10 && { returnC10 }),
    ...(makeUpLph && { makeUpLph }),
  }
}

function measured(device: LiveDevice, signal: string, nowMs: number): Measured | undefined {
  const { value, t } = device.values[signal] ?? {}
  if (typeof value !== 'number' || t === undefined) return undefined
  return { value, t, stale: isStale(device, { signal, t }, nowMs) }
}

/** m above the gauge. A house has its own height; a station has to fill the highest of the houses it feeds. */
function topRadiatorM(registry: Registry, { id, type, topRadiatorM }: RegistryNode): number | undefined {
  if (type !== 'heat-station') return topRadiatorM
  const heights = registry
    .descendants('hydraulic', id)
    .flatMap((below) => registry.node(below)?.topRadiatorM ?? [])
  return heights.length === 0 ? topRadiatorM : Math.max(...heights)
}
