import { fallMemoryMs, fallWithin, highest, highestHeld } from '../fall-window.ts'
import { numberIn } from '../sample.ts'
import { isRefilling, stationNow } from './heating-flow.ts'
import { above, below, type Condition, type Seen, type Verdict } from './rule.ts'

/** When is something wrong with the pressure of the loop? Bands come from the height of the houses
 *  (pressure-band.ts). */

const beforeReturnFall = ({ senses: { returnFall }, t }: Seen) =>
  returnFall ? highest(returnFall, t - fallMemoryMs) : 0

/** A loop is one vessel: while the station holds its pressure, no house has lost it. A gauge that says so has a
 *  closed cock or a fault of its own. */
function stationHolds(seen: Seen): boolean {
  const { band, limits } = seen.upstream?.place ?? {}
  const returnKpa = stationNow(seen, seen.t)?.returnKpa
  if (!band || !limits || typeof returnKpa !== 'number') return false
  return returnKpa >= band.low + limits.H02.hysteresisKpa
}

/** H01: less than the static height; the top floor empties. */
export const returnBelowStatic: Condition = {
  name: 'level',
  signal: 'p_ret_kpa',
  timing: ({ H01 }) => H01,
  judge(seen, values) {
    const { band, limits } = seen.place
    const verdict = below(numberIn(values, 'p_ret_kpa'), band?.lowLow, limits.H01.hysteresisKpa)
    return verdict === 'breach' && (isRefilling(seen) || stationHolds(seen)) ? 'between' : verdict
  },
  limit: ({ place: { band } }) => band?.lowLow,
  levelBefore: beforeReturnFall,
}

interface Fall {
  kpa: number
  withinMs: number
  /** The pressure has come back when it has fallen less than this. */
  clearKpa: number
}

/** A fall too fast for a leak, that leads below the usual: down to the set pressure a relief valve may bring it. It is
 *  calm again only above the static height, because a burst main that has emptied falls no further either. */
function fallen(seen: Seen, kpa: number | undefined, fall: Fall): Verdict {
  const { senses, place, t } = seen
  const { band, limits } = place
  if (kpa === undefined || !senses.returnFall) return 'nothing'
  const fallKpa = fallWithin(senses.returnFall, t, fall.withinMs)
  const isLow = band === undefined || kpa < band.set - limits.H01.usualSwingKpa
  if (fallKpa >= fall.kpa && isLow) return stationHolds(seen) ? 'between' : 'breach'
  const empty = band !== undefined && kpa < band.lowLow + limits.H01.hysteresisKpa
  return empty || fallKpa > fall.clearKpa ? 'between' : 'calm'
}

/** H01 */
export const returnFalling: Condition = {
  name: 'fall',
  signal: 'p_ret_kpa',
  timing: ({ H01 }) => H01,
  judge(seen, values) {
    const { fallKpa: kpa, fallWithinMs: withinMs, hysteresisKpa } = seen.place.limits.H01
    return fallen(seen, numberIn(values, 'p_ret_kpa'), { kpa, withinMs, clearKpa: kpa - hysteresisKpa })
  },
  limit: ({ senses: { returnFall }, place }) =>
    returnFall && highestHeld(returnFall) - place.limits.H01.fallKpa,
  levelBefore: beforeReturnFall,
  ownCause: true,
}

/** H01: it has not fallen far yet, but so fast that the make-up has been left behind: two samples are enough. A pump
 *  that has just started or stopped also moves the pressure. */
export const returnPlunging: Condition = {
  name: 'plunge',
  signal: 'p_ret_kpa',
  timing: ({ H01: { plungeOnDelayMs: onDelayMs, offDelayMs } }) => ({ onDelayMs, offDelayMs }),
  at: ({ kind }) => kind === 'heat-station',
  judge(seen, values) {
    const { plungeKpa: kpa, plungeWithinMs: withinMs } = seen.place.limits.H01
    const { station } = seen.senses
    if (!station || station.pumpSinceMs === null || seen.t - station.pumpSinceMs < withinMs) return 'nothing'
    return fallen(seen, numberIn(values, 'p_ret_kpa'), { kpa, withinMs, clearKpa: kpa / 2 })
  },
  limit: ({ senses: { returnFall }, place }) =>
    returnFall && highestHeld(returnFall) - place.limits.H01.plungeKpa,
  levelBefore: beforeReturnFall,
  ownCause: true,
}

/** H02 */
export const returnLow: Condition = {
  name: 'level',
  signal: 'p_ret_kpa',
  timing: ({ H02 }) => H02,
  judge(seen, values) {
    const { band, limits } = seen.place
    const verdict = below(numberIn(values, 'p_ret_kpa'), band?.low, limits.H02.hysteresisKpa)
    return verdict === 'breach' && (isRefilling(seen) || stationHolds(seen)) ? 'between' : verdict
  },
  limit: ({ place: { band } }) => band?.low,
  levelBefore: beforeReturnFall,
}

/** H03: the relief valve should have opened. */
export const returnHigh: Condition = {
  name: 'return',
  signal: 'p_ret_kpa',
  timing: ({ H03 }) => H03,
  judge: ({ place: { band, limits } }, values) =>
    above(numberIn(values, 'p_ret_kpa'), band?.high, limits.H03.hysteresisKpa),
  limit: ({ place: { band } }) => band?.high,
}

const supplyLimitKpa = ({ place: { band, limits } }: Seen) =>
  band && Math.max(band.supplyMax, band.set + limits.H03.supplyAboveSetKpa)

/** H03: more than what the pump adds to the constant pressure. */
export const supplyHigh: Condition = {
  name: 'supply',
  signal: 'p_sup_kpa',
  timing: ({ H03 }) => H03,
  judge: (seen, values) =>
    above(numberIn(values, 'p_sup_kpa'), supplyLimitKpa(seen), seen.place.limits.H03.hysteresisKpa),
  limit: supplyLimitKpa,
}

const severeReturnKpa = ({ place: { band } }: Seen) => band && Math.max(band.supplyMax, band.high + 50)

/** H03: even the return, where the pressure is lowest, is above what the houses are designed for: the relief valve
 *  does not help either. */
export const returnAboveDesign: Condition = {
  name: 'severe',
  signal: 'p_ret_kpa',
  timing: ({ H03: { severeOnDelayMs: onDelayMs, offDelayMs } }) => ({ onDelayMs, offDelayMs }),
  judge: (seen, values) =>
    above(numberIn(values, 'p_ret_kpa'), severeReturnKpa(seen), seen.place.limits.H03.hysteresisKpa),
  limit: severeReturnKpa,
  severity: 'P1',
}

/** H12: what lies between return and suction is the strainer. Without a running pump nothing flows through it. */
const strainerCondition = (name: string, lossKpa: (seen: Seen) => number): Condition => ({
  name,
  signal: 'p_suct_kpa',
  timing: ({ H12 }) => H12,
  judge(seen, values) {
    const { station } = seen.senses
    const kpa = station?.strainerKpa.value ?? undefined
    if (station?.pumpSinceMs === null || numberIn(values, 'p_suct_kpa') === undefined) return 'nothing'
    return above(kpa, lossKpa(seen), seen.place.limits.H12.hysteresisKpa)
  },
  limit(seen) {
    const returnKpa = seen.senses.station?.returnKpa
    return typeof returnKpa === 'number' ? returnKpa - lossKpa(seen) : undefined
  },
  lowest: true,
})

export const strainerClogged = strainerCondition('loss', ({ place }) => place.limits.H12.lossKpa)
export const strainerNearlyShut: Condition = {
  ...strainerCondition('severe', ({ place }) => place.limits.H12.severeLossKpa),
  severity: 'P3',
}
