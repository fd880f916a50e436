import { meterStatusOf, type MeterStatusBit } from '../../../firmware-contracts/words.ts'
import type { SiteParameters } from '../parameters.ts'
import type { Place } from '../places.ts'
import { numberIn, type Values } from '../sample.ts'
import { backwardsL, dailyL } from './meter-memory.ts'
import { atHome } from './night-flow.ts'
import { below, type Condition, type Seen, type Verdict } from './rule.ts'
import { pouringLph, runningLph } from './water-senses.ts'

/** When is something wrong behind a water meter, or with the meter itself? */

const isFlat = ({ buildingMeter }: Place) => !buildingMeter
const isMain = ({ buildingMeter }: Place) => buildingMeter

function bitVerdict(bit: MeterStatusBit): (seen: Seen, values: Values) => Verdict {
  const mask = meterStatusOf([bit])
  return (_, values) => {
    const status = numberIn(values, 'status')
    if (status === undefined) return 'nothing'
    return (status & mask) !== 0 ? 'breach' : 'calm'
  }
}

const noLimit = () => undefined

/** Does the sample say what went through since the one before? */
function tellsFlow(values: Values): boolean {
  return values['vol_l'] !== undefined && values['ev'] === undefined
}

function flowsOn(
  name: string,
  of: {
    since: 'pouringSinceMs' | 'runningSinceMs'
    lph: typeof pouringLph
    holdMs: (limits: SiteParameters['W02']) => number
  },
): Condition {
  return {
    name,
    signal: 'flow_lph',
    at: isFlat,
    timing: ({ W02 }) => ({ onDelayMs: 0, offDelayMs: W02.offDelayMs }),
    judge({ senses: { meter }, place, t }, values) {
      const draw = meter?.draw
      if (!draw || draw.meanLph === null || !tellsFlow(values)) return 'nothing'
      const { W02 } = place.limits
      const sinceMs = draw[of.since]
      if (sinceMs !== null && t - sinceMs >= of.holdMs(W02)) return 'breach'
      return draw.meanLph < of.lph(place) * W02.clearShare ? 'calm' : 'between'
    },
    limit: ({ place }) => of.lph(place),
    value: ({ senses: { meter } }) => meter?.draw?.meanLph ?? undefined,
  }
}

/** W02: it pours, reading after reading. */
export const householdPours = flowsOn('flow', {
  since: 'pouringSinceMs',
  lph: pouringLph,
  holdMs: ({ holdMs }) => holdMs,
})

/** W02: it runs for hours, as nobody showers. */
export const householdRuns = flowsOn('hours', {
  since: 'runningSinceMs',
  lph: runningLph,
  holdMs: ({ runningMs }) => runningMs,
})

/** W02: the meter itself has seen it pour. */
export const burstBit: Condition = {
  name: 'bit',
  signal: 'status',
  at: isFlat,
  timing: ({ W02 }) => ({ onDelayMs: 0, offDelayMs: W02.offDelayMs }),
  judge: bitVerdict('burst'),
  limit: noLimit,
}

/** W03: no dry hour in a whole day. */
export const neverDry: Condition = {
  name: 'hours',
  signal: 'flow_lph',
  at: isFlat,
  timing: () => ({ onDelayMs: 0, offDelayMs: 0 }),
  judge({ senses: { meter } }, values) {
    if (!meter?.draw || !tellsFlow(values)) return 'nothing'
    return meter.draw.leakLph === null ? 'calm' : 'breach'
  },
  limit: ({ place }) => place.limits.W03.dryLph,
  value: ({ senses: { meter } }) => meter?.draw?.leakLph ?? undefined,
}

/** W03: the meter itself says so, and again some hours later. */
export const leakBit: Condition = {
  name: 'bit',
  signal: 'status',
  at: isFlat,
  timing: ({ W03 }) => ({ onDelayMs: W03.bitOnDelayMs, offDelayMs: 0 }),
  judge: bitVerdict('leak'),
  limit: noLimit,
}

function runsBack(at: Condition['at'] & {}, least: (place: Place) => number): Condition {
  return {
    name: 'day',
    signal: 'rev_l',
    at,
    timing: ({ W05 }) => ({ onDelayMs: 0, offDelayMs: W05.offDelayMs }),
    judge({ senses: { meter }, place }, values) {
      if (!meter?.backflow || values['rev_l'] === undefined) return 'nothing'
      const litres = backwardsL(meter.backflow)
      if (litres >= least(place)) return 'breach'
      return litres < least(place) * place.limits.W05.clearShare ? 'calm' : 'between'
    },
    limit: ({ place }) => least(place),
    value: ({ senses: { meter } }) => meter?.backflow && backwardsL(meter.backflow),
  }
}

/** W05: water of a flat runs back into the house. */
export const flatRunsBack = runsBack(isFlat, ({ limits }) => limits.W05.householdL)

/** W05: water of a house runs back into the street. */
export const houseRunsBack: Condition = {
  ...runsBack(isMain, ({ limits }) => limits.W05.buildingL),
  severity: 'P2',
}

/** W06: the seal is broken, and still is. */
export const sealBroken: Condition = {
  name: 'seal',
  signal: 'status',
  timing: () => ({ onDelayMs: 0, offDelayMs: 0 }),
  judge({ senses: { meter }, place }, values) {
    if (values['status'] === undefined) return 'nothing'
    const times = meter?.tampered?.times ?? 0
    if (times === 0) return 'calm'
    return times >= place.limits.W06.reports ? 'breach' : 'between'
  },
  limit: noLimit,
}

/** W07: the air in its shaft. */
export const shaftCold: Condition = {
  name: 'air',
  signal: 't_amb_c10',
  timing: ({ W07 }) => ({ onDelayMs: W07.airOnDelayMs, offDelayMs: W07.offDelayMs }),
  judge: (seen, values) => {
    const { airC10, hysteresisK10 } = seen.place.limits.W07
    return below(numberIn(values, 't_amb_c10'), airC10, hysteresisK10)
  },
  limit: ({ place }) => place.limits.W07.airC10,
  lowest: true,
}

/** W07: the water in it. */
export const waterCold: Condition = {
  name: 'water',
  signal: 't_wat_c10',
  timing: ({ W07 }) => ({ onDelayMs: W07.waterOnDelayMs, offDelayMs: W07.offDelayMs }),
  judge: (seen, values) => {
    const { waterC10, hysteresisK10 } = seen.place.limits.W07
    return below(numberIn(values, 't_wat_c10'), waterC10, hysteresisK10)
  },
  limit: ({ place }) => place.limits.W07.waterC10,
  lowest: true,
}

/** W07: the meter itself says so. */
export const freezeBit: Condition = {
  name: 'bit',
  signal: 'status',
  timing: ({ W07 }) => ({ onDelayMs: 0, offDelayMs: W07.offDelayMs }),
  judge: bitVerdict('freeze'),
  limit: noLimit,
}

/** W08: a register that used to move every day stands still, while the house is at home: at a festival half of the
 *  meters stand, and none has jammed. */
export const registerStands: Condition = {
  name: 'still',
  signal: 'vol_l',
  timing: () => ({ onDelayMs: 0, offDelayMs: 0 }),
  judge({ senses: { meter }, place, t, upstream }, values) {
    if (!meter?.usage || !tellsFlow(values)) return 'nothing'
    const { stillMs, dailyL: leastL, knownMs, homeShare } = place.limits.W08
    if (t - meter.usage.movedMs < stillMs) return 'calm'
    if ((dailyL(meter.usage, knownMs) ?? 0) <= leastL) return 'calm'
    const house = upstream?.senses.meter?.night
    return house && atHome(house) < homeShare ? 'between' : 'breach'
  },
  limit: noLimit,
}

/** W08: a valve that does not follow, and did not the day before. */
export const valveStuck: Condition = {
  name: 'valve',
  signal: 'valve',
  at: isFlat,
  severity: 'P3',
  timing: () => ({ onDelayMs: 0, offDelayMs: 0 }),
  judge({ senses: { meter }, place }, values) {
    if (values['valve'] === undefined) return 'nothing'
    const times = meter?.stuckValve?.times ?? 0
    if (times === 0) return 'calm'
    return times >= place.limits.W08.wakings ? 'breach' : 'between'
  },
  limit: noLimit,
}
