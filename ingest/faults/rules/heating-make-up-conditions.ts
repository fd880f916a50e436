import type { SiteParameters } from '../parameters.ts'
import { hourMean } from '../recent-mean.ts'
import { numberIn } from '../sample.ts'
import { circulationLph, isRefilling } from './heating-flow.ts'
import { above, below, type Condition, type Seen } from './rule.ts'

/** The make-up replaces what the loop loses, so that no pressure tells of a leak smaller than what it can give: only
 *  the make-up itself does, hour after hour (H04). And it has to be there (H06). */

/** H04: the mean of an hour against a limit that is a share of the circulation. */
function hourAbove(
  name: string,
  limitLph: (seen: Seen) => number | undefined,
  onDelayMs: (h04: SiteParameters['H04']) => number,
): Condition {
  return {
    name,
    signal: 'mu_lph',
    timing: ({ H04 }) => ({ onDelayMs: onDelayMs(H04), offDelayMs: H04.offDelayMs }),
    judge(seen, values) {
      const { station } = seen.senses
      const limit = limitLph(seen)
      if (!station || limit === undefined || numberIn(values, 'mu_lph') === undefined) return 'nothing'
      return above(hourMean(station.makeUp), limit, limit * (1 - seen.place.limits.H04.clearShare))
    },
    limit: limitLph,
  }
}

const ofCirculation = (share: (h04: SiteParameters['H04']) => number) => (seen: Seen) => {
  const lph = circulationLph(seen)
  return lph === undefined ? undefined : lph * share(seen.place.limits.H04)
}

export const makeUpMuch = hourAbove(
  'hour',
  ofCirculation(({ muchOfFlow }) => muchOfFlow),
  ({ onDelayMs }) => onDelayMs,
)

export const makeUpVeryMuch: Condition = {
  ...hourAbove(
    'double',
    ofCirculation(({ veryMuchOfFlow }) => veryMuchOfFlow),
    ({ onDelayMs }) => onDelayMs,
  ),
  severity: 'P2',
}

/** What this station has never needed, though it would be ordinary elsewhere. */
export const makeUpUnusual = hourAbove(
  'unusual',
  (seen) => {
    const { timesUsual, aboveUsualOfFlow } = seen.place.limits.H04
    const usualLph = seen.senses.station?.usualMakeUp.level
    const lph = circulationLph(seen)
    if (typeof usualLph !== 'number' || lph === undefined) return undefined
    return Math.max(timesUsual * usualLph, usualLph + aboveUsualOfFlow * lph)
  },
  ({ unusualOnDelayMs }) => unusualOnDelayMs,
)

const rushLph = ofCirculation(({ rushOfFlow }) => rushOfFlow)

/** The pump gives nearly all it can: soon the pressure will sink. */
export const makeUpRush: Condition = {
  name: 'rush',
  signal: 'mu_lph',
  timing: ({ H04 }) => ({ onDelayMs: H04.rushOnDelayMs, offDelayMs: H04.offDelayMs }),
  judge(seen, values) {
    const limit = rushLph(seen)
    const lph = numberIn(values, 'mu_lph')
    if (limit === undefined || isRefilling(seen)) return 'nothing'
    return above(lph, limit, limit * (1 - seen.place.limits.H04.clearShare))
  },
  limit: rushLph,
  severity: 'P2',
}

/** H06 */
export const tankLow: Condition = {
  name: 'low',
  signal: 'tank_pct',
  timing: ({ H06 }) => ({ onDelayMs: H06.lowOnDelayMs, offDelayMs: H06.offDelayMs }),
  judge: ({ place: { limits } }, values) =>
    below(numberIn(values, 'tank_pct'), limits.H06.lowPct, limits.H06.hysteresisPct),
  limit: ({ place }) => place.limits.H06.lowPct,
  lowest: true,
}

export const tankEmpty: Condition = {
  name: 'empty',
  signal: 'tank_pct',
  timing: ({ H06 }) => ({ onDelayMs: H06.emptyOnDelayMs, offDelayMs: H06.offDelayMs }),
  judge: ({ place: { limits } }, values) =>
    below(numberIn(values, 'tank_pct'), limits.H06.emptyPct, limits.H06.hysteresisPct),
  limit: ({ place }) => place.limits.H06.emptyPct,
  severity: 'P1',
  lowest: true,
}

export const makeUpPumpFault: Condition = {
  name: 'pump',
  signal: 'mu_fault',
  timing: ({ H06 }) => ({ onDelayMs: H06.faultOnDelayMs, offDelayMs: H06.offDelayMs }),
  judge(_, values) {
    const fault = numberIn(values, 'mu_fault')
    if (fault === undefined) return 'nothing'
    return fault === 0 ? 'calm' : 'breach'
  },
  limit: () => undefined,
}
