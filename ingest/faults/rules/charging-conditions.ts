import { numberIn } from '../sample.ts'
import type { Condition } from './rule.ts'

/** When is something wrong with a charging shed or one of its ports? */

/** C04: told to open, given time to, and still current flows. */
export const currentWhenOpen: Condition = {
  name: 'current',
  signal: 'i_ma',
  timing: ({ C04 }) => C04,
  judge({ senses: { relay }, place, t }, values) {
    const { C04 } = place.limits
    if (!relay?.told) return 'nothing'
    if (relay.openSinceMs === null) return 'calm'
    const ma = numberIn(values, 'i_ma')
    const w10 = numberIn(values, 'p_w10')
    if (ma === undefined && w10 === undefined) return 'nothing'
    const flows = (ma ?? 0) > C04.currentMa || (w10 ?? 0) > C04.powerW10
    if (!flows) return 'calm'
    return t - relay.openSinceMs >= C04.settleMs ? 'breach' : 'between'
  },
  limit: ({ place: { limits } }) => limits.C04.currentMa,
}
