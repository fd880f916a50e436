import { numberIn, type Values } from '../sample.ts'
import { fairFlowLph, isRefilling, shareOfFlow, stationNow } from './heating-flow.ts'
import { below, type Condition, type Seen, type Verdict } from './rule.ts'

/** Does the water move? In the station (H05), and through each house (H08, H09). */

/** Pressure difference that a pump at work gives here, kPa. */
function usualHeadKpa({ senses: { station }, place: { limits }, upstream }: Seen): number {
  return station?.head.level ?? upstream?.senses.station?.head.level ?? limits.H05.unknownHeadKpa
}

/** H05: the pump says that it runs, and lifts nothing. */
export const headLost: Condition = {
  name: 'head',
  signal: 'dp_kpa',
  timing: ({ H05 }) => H05,
  at: ({ kind }) => kind === 'heat-station',
  judge(seen, values) {
    if (seen.senses.station?.pumpSinceMs === null || isRefilling(seen)) return 'nothing'
    return headVerdict(seen, values)
  },
  limit: (seen) => usualHeadKpa(seen) * seen.place.limits.H05.shareOfUsual,
  lowest: true,
}

function headVerdict(seen: Seen, values: Values): Verdict {
  const usualKpa = usualHeadKpa(seen)
  const { shareOfUsual, clearShare } = seen.place.limits.H05
  return below(numberIn(values, 'dp_kpa'), usualKpa * shareOfUsual, usualKpa * (clearShare - shareOfUsual))
}

/** H05: it stands in a season in which it has to run. */
export const pumpStopped: Condition = {
  name: 'stopped',
  signal: 'pump_run',
  timing: ({ H05: { stoppedOnDelayMs: onDelayMs, offDelayMs } }) => ({ onDelayMs, offDelayMs }),
  at: ({ kind }) => kind === 'heat-station',
  judge(seen, values) {
    const run = numberIn(values, 'pump_run')
    if (run === undefined) return 'nothing'
    if (run !== 0) return 'calm'
    return isRefilling(seen) ? 'between' : 'breach'
  },
  limit: () => 1,
  lowest: true,
}

/** H05, seen from a house: neither pressure difference nor flow. A shut valve of its own takes only the flow. */
export const houseStands: Condition = {
  name: 'house',
  signal: 'dp_kpa',
  timing: ({ H05 }) => H05,
  at: ({ kind }) => kind === 'heat-entrance',
  judge(seen, values) {
    const verdict = headVerdict(seen, values)
    if (verdict !== 'breach') return verdict
    if (isRefilling(seen)) return 'between'
    const lph = numberIn(values, 'flow_lph')
    const usualLph = seen.senses.house?.flow.level
    if (lph === undefined || typeof usualLph !== 'number') return verdict
    return lph < usualLph * seen.place.limits.H05.houseFlowShare ? 'breach' : 'between'
  },
  limit: (seen) => usualHeadKpa(seen) * seen.place.limits.H05.shareOfUsual,
  lowest: true,
}

/** The pump pushes, as far as this house can tell. */
function isPushed(seen: Seen, values: Values): boolean {
  const headKpa = numberIn(values, 'dp_kpa') ?? seen.upstream?.senses.station?.head.level ?? 0
  return headKpa >= usualHeadKpa(seen) * seen.place.limits.H05.clearShare
}

/** H09: the pump pushes, and nothing goes through. Without a flow meter the supply pipe tells, for it cools. */
export const houseShut: Condition = {
  name: 'flow',
  signal: 'flow_lph',
  timing: ({ H09 }) => H09,
  judge(seen, values) {
    const { H09 } = seen.place.limits
    const lph = numberIn(values, 'flow_lph')
    if (lph === undefined) return suppliedCold(seen, values)
    const share = shareOfFlow(seen, lph)
    if (share === undefined) return 'nothing'
    const verdict = below(share, H09.flowShare, H09.clearShare - H09.flowShare)
    return verdict === 'breach' && !isPushed(seen, values) ? 'between' : verdict
  },
  limit: (seen) => ordinaryFlowLph(seen, seen.place.limits.H09.flowShare),
  lowest: true,
}

function suppliedCold(seen: Seen, values: Values): Verdict {
  const { H07, H09 } = seen.place.limits
  const station = stationNow(seen, seen.t)
  const supplyC10 = numberIn(values, 't_sup_c10')
  if (!station || station.supplyC10 === null || supplyC10 === undefined) return 'nothing'
  if (station.pumpSinceMs === null || seen.t - station.pumpSinceMs < H07.afterPumpStartMs) return 'nothing'
  const coldC10 = station.supplyC10 - 10 * H09.supplyBelowK
  const verdict = below(supplyC10, coldC10, 10 * H09.supplyHysteresisK)
  return verdict === 'breach' && !isPushed(seen, values) ? 'between' : verdict
}

/** H08: less than half of its flow, and that comes back cold: air in the pipes, dirt, or a wrong balance. */
export const houseStarved: Condition = {
  name: 'return',
  signal: 't_ret_c10',
  timing: ({ H08 }) => H08,
  judge(seen, values) {
    const { H08 } = seen.place.limits
    const station = stationNow(seen, seen.t)
    const returnC10 = numberIn(values, 't_ret_c10')
    if (!station || station.returnC10 === null || returnC10 === undefined) return 'nothing'
    if (station.pumpSinceMs === null) return 'nothing'
    const cold = below(returnC10, station.returnC10 - 10 * H08.belowStationK, 10 * H08.hysteresisK)
    const verdict = both(cold, starvation(seen, values))
    return verdict === 'breach' && !isPushed(seen, values) ? 'between' : verdict
  },
  limit(seen) {
    const returnC10 = stationNow(seen, seen.t)?.returnC10
    return typeof returnC10 === 'number' ? returnC10 - 10 * seen.place.limits.H08.belowStationK : undefined
  },
  lowest: true,
}

/** By its flow; without a flow meter water that comes back as cold as the rooms has hardly moved. */
function starvation(seen: Seen, values: Values): Verdict {
  const { H07, H08 } = seen.place.limits
  const lph = numberIn(values, 'flow_lph')
  if (lph === undefined)
    return below(numberIn(values, 't_ret_c10'), 10 * (H07.curve.roomC + H08.aboveRoomK), 10 * H08.hysteresisK)
  const share = shareOfFlow(seen, lph)
  return below(share, H08.flowShare, H08.clearShare - H08.flowShare)
}

/** As evidence: this share of what the house usually gets, L/h. */
function ordinaryFlowLph(seen: Seen, share: number): number | undefined {
  const lph = seen.senses.house?.flow.level ?? fairFlowLph(seen, seen.t)
  return typeof lph === 'number' ? lph * share : undefined
}

const fromCalm: readonly Verdict[] = ['nothing', 'calm', 'between', 'breach']

/** Breached only where both are. */
function both(one: Verdict, other: Verdict): Verdict {
  return fromCalm.find((verdict) => one === verdict || other === verdict) ?? 'nothing'
}
