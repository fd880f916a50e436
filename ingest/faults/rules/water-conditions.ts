import { fallMemoryMs, fallWithin, highest, highestHeld } from '../fall-window.ts'
import { numberIn } from '../sample.ts'
import type { Condition } from './rule.ts'
import { burstFlowLph } from './water-senses.ts'

/** When is something wrong with the water? */

/** W01: a flow the building never draws at this hour. Unknown, and silent, until the hour is known. */
export const mainFlowBurst: Condition = {
  name: 'flow',
  signal: 'flow_lph',
  timing: ({ W01 }) => ({ onDelayMs: W01.flowOnDelayMs, offDelayMs: W01.offDelayMs }),
  judge({ senses, place }, values) {
    const lph = numberIn(values, 'flow_lph')
    const limitLph = burstFlowLph(senses, place)
    if (lph === undefined || limitLph === undefined) return 'nothing'
    if (lph > limitLph) return 'breach'
    return lph > limitLph * place.limits.W01.clearShare ? 'between' : 'calm'
  },
  limit: ({ senses, place }) => burstFlowLph(senses, place),
}

/** W01: the main's pressure collapses; needs no history. */
export const mainFalling: Condition = {
  name: 'fall',
  signal: 'p_kpa',
  timing: ({ W01 }) => ({ onDelayMs: W01.fallOnDelayMs, offDelayMs: W01.offDelayMs }),
  judge({ senses: { mainFall }, place, t }, values) {
    const { W01 } = place.limits
    if (numberIn(values, 'p_kpa') === undefined || !mainFall) return 'nothing'
    const fallKpa = fallWithin(mainFall, t, W01.fallWithinMs)
    if (fallKpa >= W01.fallKpa) return 'breach'
    return fallKpa > W01.fallKpa * W01.clearShare ? 'between' : 'calm'
  },
  limit: ({ senses: { mainFall }, place }) => mainFall && highestHeld(mainFall) - place.limits.W01.fallKpa,
  levelBefore: ({ senses: { mainFall }, t }) => (mainFall ? highest(mainFall, t - fallMemoryMs) : 0),
}
