import { fallMemoryMs, fallWithin, highest, highestHeld } from '../fall-window.ts'
import { numberIn } from '../sample.ts'
import { below, type Condition, type Seen } from './rule.ts'

/** When is something wrong with the heating? Bands come from the height of the houses (pressure-band.ts). */

const beforeReturnFall = ({ senses: { returnFall }, t }: Seen) =>
  returnFall ? highest(returnFall, t - fallMemoryMs) : 0

/** H01: less than the static height; the top floor empties. */
export const returnBelowStatic: Condition = {
  name: 'level',
  signal: 'p_ret_kpa',
  timing: ({ H01 }) => H01,
  judge: ({ place: { band, limits } }, values) =>
    below(numberIn(values, 'p_ret_kpa'), band?.lowLow, limits.H01.hysteresisKpa),
  limit: ({ place: { band } }) => band?.lowLow,
  levelBefore: beforeReturnFall,
}

/** H01: a fall too fast for a leak. It is calm again only above the static height, because a burst main that
 *  has emptied falls no further either. */
export const returnFalling: Condition = {
  name: 'fall',
  signal: 'p_ret_kpa',
  timing: ({ H01 }) => H01,
  judge({ senses: { returnFall }, place, t }, values) {
    const { band, limits } = place
    const { H01 } = limits
    const kpa = numberIn(values, 'p_ret_kpa')
    if (kpa === undefined || !returnFall) return 'nothing'
    const fallKpa = fallWithin(returnFall, t, H01.fallWithinMs)
    if (fallKpa >= H01.fallKpa) return 'breach'
    const empty = band !== undefined && kpa < band.lowLow + H01.hysteresisKpa
    return empty || fallKpa > H01.fallKpa - H01.hysteresisKpa ? 'between' : 'calm'
  },
  limit: ({ senses: { returnFall }, place }) =>
    returnFall && highestHeld(returnFall) - place.limits.H01.fallKpa,
  levelBefore: beforeReturnFall,
}

/** H02 */
export const returnLow: Condition = {
  name: 'level',
  signal: 'p_ret_kpa',
  timing: ({ H02 }) => H02,
  judge: ({ place: { band, limits } }, values) =>
    below(numberIn(values, 'p_ret_kpa'), band?.low, limits.H02.hysteresisKpa),
  limit: ({ place: { band } }) => band?.low,
  levelBefore: beforeReturnFall,
}
