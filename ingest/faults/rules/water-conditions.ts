import { fallMemoryMs, highest } from '../fall-window.ts'
import type { Place } from '../places.ts'
import { numberIn, type Values } from '../sample.ts'
import type { Condition, Seen, Verdict } from './rule.ts'
import { burstFlowLph } from './water-senses.ts'

/** When is something wrong in the cold water of a building? */

const isMain = ({ buildingMeter }: Place) => buildingMeter

/** W01: a flow the building never draws at this hour; while the hour is unknown, that its homes hardly could. */
export const mainFlowBurst: Condition = {
  name: 'flow',
  signal: 'flow_lph',
  at: isMain,
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

/** W01: the main's pressure collapses while it pours; needs no history. */
export const mainFalling: Condition = {
  name: 'fall',
  signal: 'p_kpa',
  at: isMain,
  timing: ({ W01 }) => ({ onDelayMs: W01.fallOnDelayMs, offDelayMs: W01.offDelayMs }),
  judge(seen, values) {
    const verdict = lowPressure(seen, values)
    return verdict === 'breach' && !pours(seen.place, values) ? 'between' : verdict
  },
  limit: lowLimit,
  levelBefore,
}

/** W01: the pressure is gone, and nothing flows: the street has broken, or somebody has shut the building off. */
export const mainLost: Condition = {
  name: 'lost',
  signal: 'p_kpa',
  at: isMain,
  timing: ({ W01 }) => ({ onDelayMs: W01.lostOnDelayMs, offDelayMs: W01.offDelayMs }),
  judge: lowPressure,
  limit: lowLimit,
  levelBefore,
}

function lowPressure({ senses: { mainLowFromKpa } }: Seen, values: Values): Verdict {
  if (numberIn(values, 'p_kpa') === undefined) return 'nothing'
  return mainLowFromKpa === null || mainLowFromKpa === undefined ? 'calm' : 'breach'
}

function pours({ q3Lph = 0, limits: { W01 } }: Place, values: Values): boolean {
  const lph = numberIn(values, 'flow_lph')
  return lph !== undefined && lph > W01.shareOfQ3 * q3Lph
}

function lowLimit({ senses: { mainLowFromKpa }, place }: Seen): number | undefined {
  return typeof mainLowFromKpa === 'number' ? mainLowFromKpa - place.limits.W01.fallKpa : undefined
}

function levelBefore({ senses: { mainFall }, t }: Seen): number {
  return mainFall ? highest(mainFall, t - fallMemoryMs) : 0
}

/** W04: the least hour of the night, night after night. */
export const nightHigh: Condition = {
  name: 'night',
  signal: 'flow_lph',
  at: isMain,
  timing: () => ({ onDelayMs: 0, offDelayMs: 0 }),
  judge({ senses: { meter } }, values) {
    if (!meter?.night || values['vol_l'] === undefined) return 'nothing'
    return meter.night.leaks ? 'breach' : 'calm'
  },
  limit: ({ senses: { meter } }) => meter?.night?.limitLph ?? undefined,
  value: ({ senses: { meter } }) => meter?.night?.lastLph ?? undefined,
}
