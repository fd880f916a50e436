import type { Timing } from './alarm.ts'
import { fallMemoryMs, fallWithin, highest } from './fall-window.ts'
import type { SiteParameters } from './parameters.ts'
import { burstFlowLph, numberIn, type Place, type Senses, type Values } from './senses.ts'

/** When is a limit crossed? One small function per condition, without time or memory of its own: delays belong
 *  to the alarm (alarm.ts), the past to the senses (senses.ts). Two limits a hysteresis apart, so that a value
 *  hovering at one of them does not open an order every ten seconds. */

/** `nothing`: this sample does not speak of the condition; the alarm stays as it is. */
export type Verdict = 'breach' | 'between' | 'calm' | 'nothing'

export interface Condition {
  /** Distinguishes the conditions of one rule: its alarm is `H01.level` or `H01.fall`. */
  name: string
  /** The signal it judges. A quality of F on it means no data. */
  signal: string
  timing: (limits: SiteParameters) => Omit<Timing, 'latch' | 'shelvable'>
  judge: (senses: Senses, place: Place, values: Values, atMs: number) => Verdict
  /** The limit it crosses, in the unit of the signal, as evidence. */
  limit: (senses: Senses, place: Place) => number | undefined
  /** For a pressure: the level it fell from, of the last quarter of an hour. */
  levelBefore?: (senses: Senses, atMs: number) => number
}

const beforeReturnFall = (senses: Senses, atMs: number) =>
  senses.returnFall ? highest(senses.returnFall, atMs - fallMemoryMs) : 0

/** H01: less than the static height; the top floor empties. */
export const returnBelowStatic: Condition = {
  name: 'level',
  signal: 'p_ret_kpa',
  timing: ({ H01 }) => H01,
  judge: (_, { band, limits }, values) =>
    below(numberIn(values, 'p_ret_kpa'), band?.lowLow, limits.H01.hysteresisKpa),
  limit: (_, { band }) => band?.lowLow,
  levelBefore: beforeReturnFall,
}

/** H01: a fall too fast for a leak. It is calm again only above the static height, because a burst main that
 *  has emptied falls no further either. */
export const returnFalling: Condition = {
  name: 'fall',
  signal: 'p_ret_kpa',
  timing: ({ H01 }) => H01,
  judge({ returnFall }, { band, limits: { H01 } }, values, atMs) {
    const kpa = numberIn(values, 'p_ret_kpa')
    if (kpa === undefined || !returnFall) return 'nothing'
    const fallKpa = fallWithin(returnFall, atMs, H01.fallWithinMs)
    if (fallKpa >= H01.fallKpa) return 'breach'
    const empty = band !== undefined && kpa < band.lowLow + H01.hysteresisKpa
    return empty || fallKpa > H01.fallKpa - H01.hysteresisKpa ? 'between' : 'calm'
  },
  limit: ({ returnFall }, { limits: { H01 } }) => returnFall && highestOf(returnFall) - H01.fallKpa,
  levelBefore: beforeReturnFall,
}

/** H02 */
export const returnLow: Condition = {
  name: 'level',
  signal: 'p_ret_kpa',
  timing: ({ H02 }) => H02,
  judge: (_, { band, limits }, values) =>
    below(numberIn(values, 'p_ret_kpa'), band?.low, limits.H02.hysteresisKpa),
  limit: (_, { band }) => band?.low,
  levelBefore: beforeReturnFall,
}

/** W01: a flow the building never draws at this hour. Unknown, and silent, until the hour is known. */
export const mainFlowBurst: Condition = {
  name: 'flow',
  signal: 'flow_lph',
  timing: ({ W01 }) => ({ onDelayMs: W01.flowOnDelayMs, offDelayMs: W01.offDelayMs }),
  judge(senses, place, values) {
    const lph = numberIn(values, 'flow_lph')
    const limitLph = burstFlowLph(senses, place)
    if (lph === undefined || limitLph === undefined) return 'nothing'
    if (lph > limitLph) return 'breach'
    return lph > limitLph * place.limits.W01.clearShare ? 'between' : 'calm'
  },
  limit: (senses, place) => burstFlowLph(senses, place),
}

/** W01: the main's pressure collapses; needs no history. */
export const mainFalling: Condition = {
  name: 'fall',
  signal: 'p_kpa',
  timing: ({ W01 }) => ({ onDelayMs: W01.fallOnDelayMs, offDelayMs: W01.offDelayMs }),
  judge({ mainFall }, { limits: { W01 } }, values, atMs) {
    if (numberIn(values, 'p_kpa') === undefined || !mainFall) return 'nothing'
    const fallKpa = fallWithin(mainFall, atMs, W01.fallWithinMs)
    if (fallKpa >= W01.fallKpa) return 'breach'
    return fallKpa > W01.fallKpa * W01.clearShare ? 'between' : 'calm'
  },
  limit: ({ mainFall }, { limits: { W01 } }) => mainFall && highestOf(mainFall) - W01.fallKpa,
  levelBefore: ({ mainFall }, atMs) => (mainFall ? highest(mainFall, atMs - fallMemoryMs) : 0),
}

/** C04: told to open, given time to, and still current flows. */
export const currentWhenOpen: Condition = {
  name: 'current',
  signal: 'i_ma',
  timing: ({ C04 }) => C04,
  judge({ relay }, { limits: { C04 } }, values, atMs) {
    if (!relay?.told) return 'nothing'
    if (relay.openSinceMs === null) return 'calm'
    const ma = numberIn(values, 'i_ma')
    const w10 = numberIn(values, 'p_w10')
    if (ma === undefined && w10 === undefined) return 'nothing'
    const flows = (ma ?? 0) > C04.currentMa || (w10 ?? 0) > C04.powerW10
    if (!flows) return 'calm'
    return atMs - relay.openSinceMs >= C04.settleMs ? 'breach' : 'between'
  },
  limit: (_, { limits }) => limits.C04.currentMa,
}

/** D01 is judged by silence (silence.ts), not by samples. */
export const silent: Condition = {
  name: 'silence',
  signal: 'conn',
  timing: () => ({ onDelayMs: 0, offDelayMs: 0 }),
  judge: () => 'nothing',
  limit: () => undefined,
}

function below(value: number | undefined, limit: number | undefined, hysteresis: number): Verdict {
  if (value === undefined || limit === undefined) return 'nothing'
  if (value < limit) return 'breach'
  return value < limit + hysteresis ? 'between' : 'calm'
}

function highestOf(window: { levels: readonly number[] }): number {
  return Math.max(...window.levels, 0)
}
