import type { StationSense } from './heating-senses.ts'
import type { Seen } from './rule.ts'

/** How the water of a station divides among its houses, as far as the moment tells. A house is measured against
 *  what flows through the station now: when the pump stands, all have lost their flow and none has lost its part. */

/** A station that has not spoken for longer is no comparison. */
const sameMomentMs = 2 * 60_000

/** What the station said at this moment. */
export function stationNow({ upstream }: Seen, atMs: number): StationSense | undefined {
  const station = upstream?.senses.station
  return station && Math.abs(atMs - station.toldMs) <= sameMomentMs ? station : undefined
}

/** What a house would get of the station's flow if each got as much as its households need, L/h. */
export function fairFlowLph(seen: Seen, atMs: number): number | undefined {
  const lph = stationNow(seen, atMs)?.flowLph
  return typeof lph === 'number' && seen.place.partOfLoop !== undefined
    ? lph * seen.place.partOfLoop
    : undefined
}

/** A house's flow as a share of what it usually gets of the station's flow, or usually gets; undefined while
 *  neither is known. */
export function shareOfFlow(seen: Seen, lph: number): number | undefined {
  const fairLph = fairFlowLph(seen, seen.t)
  const { flow, part } = seen.senses.house ?? {}
  if (fairLph !== undefined) return fairLph > 0 ? lph / (fairLph * ((part?.level ?? 1000) / 1000)) : undefined
  return flow?.level ? lph / flow.level : undefined
}

/** Circulation of a station, L/h: the usual one, or while that is unknown the present one; undefined without either. */
export function circulationLph({ senses: { station } }: Seen): number | undefined {
  if (!station) return undefined
  const lph = station.circulation.level ?? (station.pumpSinceMs === null ? null : station.flowLph)
  return lph === null || lph <= 0 ? undefined : lph
}

/** The station has just come back from a time without power: what leaked out meanwhile has to be filled up, and its
 *  pumps wait for that. */
export function isRefilling({ senses, upstream, t, place }: Seen): boolean {
  const poweredMs = Math.max(senses.poweredMs ?? 0, upstream?.senses.poweredMs ?? 0)
  return t - poweredMs < place.limits.H01.refillMs
}
