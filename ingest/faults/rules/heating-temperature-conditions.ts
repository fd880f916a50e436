import { numberIn } from '../sample.ts'
import { supplyCurveC } from './heating-curve.ts'
import type { StationSense } from './heating-senses.ts'
import { above, below, type Condition, type Seen } from './rule.ts'

/** Is it warm enough, and nowhere too hot or freezing? */

/** H07: how far the supply is from its curve, K; positive = too warm. Undefined while the station is only getting
 *  there, or while nobody knows how far below the design's curve it usually is. */
function offCurveK({ senses: { station }, place: { limits }, t }: Seen): number | undefined {
  const { H07 } = limits
  if (!station || station.supplyC10 === null || station.outdoorC10 === null) return undefined
  if (station.pumpSinceMs === null || t - station.pumpSinceMs < H07.afterPumpStartMs) return undefined
  const { roomC } = H07.curve
  const askedK = supplyCurveC(station.outdoorC10 / 10, H07) - roomC
  const givenK = station.supplyC10 / 10 - roomC
  const usually = station.liftShare.level
  if (usually !== null) return givenK - (askedK * usually) / 1000
  return givenK > askedK
    ? Math.max(0, givenK - askedK * H07.liftShareMax)
    : Math.min(0, givenK - askedK * H07.liftShareMin)
}

const offCurve = (name: string, limitK: (seen: Seen) => number): Condition => ({
  name,
  signal: 't_sup_c10',
  timing: ({ H07 }) => H07,
  judge(seen, values) {
    const offK = offCurveK(seen)
    if (offK === undefined || numberIn(values, 't_sup_c10') === undefined) return 'nothing'
    return above(Math.abs(offK), limitK(seen), seen.place.limits.H07.hysteresisK)
  },
  limit: (seen) => curveC10(seen),
})

/** What the supply should be, as evidence. */
function curveC10({ senses: { station }, place: { limits } }: Seen): number | undefined {
  if (!station || station.outdoorC10 === null) return undefined
  const { roomC } = limits.H07.curve
  const askedK = supplyCurveC(station.outdoorC10 / 10, limits.H07) - roomC
  return 10 * (roomC + (askedK * (station.liftShare.level ?? 1000)) / 1000)
}

export const supplyOff = offCurve('off', ({ place }) => place.limits.H07.offK)
export const supplyFarOff: Condition = {
  ...offCurve('far', ({ place }) => place.limits.H07.farOffK),
  severity: 'P2',
}

/** H07: plastic pipes do not forgive it. */
export const supplyTooHot: Condition = {
  name: 'hot',
  signal: 't_sup_c10',
  timing: ({ H07: { tooHotOnDelayMs: onDelayMs, offDelayMs } }) => ({ onDelayMs, offDelayMs }),
  judge: ({ place: { limits } }, values) =>
    above(numberIn(values, 't_sup_c10'), 10 * limits.H07.tooHotC, 10 * limits.H07.hysteresisK),
  limit: ({ place }) => 10 * place.limits.H07.tooHotC,
  severity: 'P1',
}

/** What a room has to have, in 0.1 °C. No visit helps a house that is colder than it should be because the frost is
 *  harder than its heating was designed for. */
function roomLimitC10(seen: Seen): number {
  const { H07, H10 } = seen.place.limits
  const outdoorC = (outdoorC10(seen) ?? Infinity) / 10
  return 10 * (H10.belowC - H10.perFrostK * Math.max(0, H07.curve.outdoorDesignC - outdoorC))
}

/** H10 */
export const roomCold: Condition = {
  name: 'room',
  signal: 't_room_c10',
  timing: ({ H10 }) => H10,
  judge: (seen, values) =>
    below(numberIn(values, 't_room_c10'), roomLimitC10(seen), 10 * seen.place.limits.H10.hysteresisK),
  limit: roomLimitC10,
  lowest: true,
}

/** Weather forgets itself in half a day. */
const outdoorsKnownMs = 6 * 60 * 60_000

/** Outdoors, 0.1 °C; undefined when nobody has said so lately. */
function outdoorC10(seen: Seen): number | undefined {
  const station = stationAbove(seen)
  if (!station || station.outdoorC10 === null || seen.t - station.outdoorMs > outdoorsKnownMs)
    return undefined
  return station.outdoorC10
}

function freezesOutdoors(seen: Seen): boolean | undefined {
  const c10 = outdoorC10(seen)
  return c10 === undefined ? undefined : c10 < 0
}

function stationAbove({ senses, upstream }: Seen): StationSense | undefined {
  return senses.station ?? (upstream && stationAbove(upstream))
}

/** H11: what stands still and is nearly ice will burst when it thaws. Where nobody knows the weather, a pipe that
 *  cold is reason enough. */
const freezing = (name: string, signal: string): Condition => ({
  name,
  signal,
  timing: ({ H11 }) => H11,
  judge(seen, values) {
    const { H11 } = seen.place.limits
    const verdict = below(numberIn(values, signal), 10 * H11.belowC, 10 * H11.hysteresisK)
    return verdict === 'breach' && freezesOutdoors(seen) === false ? 'between' : verdict
  },
  limit: ({ place }) => 10 * place.limits.H11.belowC,
  lowest: true,
})

export const supplyFreezing = freezing('supply', 't_sup_c10')
export const returnFreezing = freezing('return', 't_ret_c10')
export const roomFreezing = freezing('room', 't_room_c10')
