import type { PortError } from '../../../firmware-contracts/words.ts'
import { numberIn, type Values } from '../sample.ts'
import { steepestC10 } from './port-warmth.ts'
import { countWithin } from './port-sessions.ts'
import { above, below, reaching, isPort, type Condition, type Seen, type Verdict } from './rule.ts'

/** When is something wrong with a charging port? What its own protection has acted on is sure at once; the rest is
 *  read from its samples and sessions. */

/** C02: hot enough to melt a plug. */
export const portHot: Condition = {
  name: 'hot',
  signal: 't_port_c10',
  timing: ({ C02 }) => C02,
  judge({ place: { limits } }, values) {
    const { hotC10, hysteresisC10 } = limits.C02
    const verdict = reaching(numberIn(values, 't_port_c10'), hotC10, hysteresisC10)
    return verdict === 'breach' && !isOwnHeat(limits.C02, values) ? 'between' : verdict
  },
  limit: ({ place: { limits } }) => limits.C02.hotC10,
}

/** C02: warming up faster than any load warms a sound contact. */
export const portHeatingUp: Condition = {
  name: 'rise',
  signal: 't_port_c10',
  timing: ({ C02 }) => C02,
  judge({ senses: { warmth }, place: { limits }, t }, values) {
    const { C02 } = limits
    const warmC10 = numberIn(values, 't_port_c10')
    if (warmC10 === undefined || !warmth) return 'nothing'
    const limitC10 = steepestC10(warmth, t, C02)
    if (limitC10 !== undefined && warmC10 >= limitC10 && isOwnHeat(C02, values)) return 'breach'
    return warmC10 < C02.hotC10 - C02.hysteresisC10 ? 'calm' : 'between'
  },
  limit: ({ senses: { warmth }, place: { limits }, t }) => warmth && steepestC10(warmth, t, limits.C02),
}

/** C02: the port has opened its relay because of the heat. */
export const portTrippedByHeat: Condition = {
  name: 'trip',
  signal: 'error',
  timing: ({ C02 }) => C02,
  judge: (_, values) => says(values, 'high_temperature'),
  limit: () => undefined,
}

type HeatLimits = Seen['place']['limits']['C02']

/** A port may also be hot because the sun shines on it. */
function isOwnHeat({ loadW10, aboveAmbientC10 }: HeatLimits, values: Values): boolean {
  const warmC10 = numberIn(values, 't_port_c10')
  const airC10 = numberIn(values, 't_amb_c10')
  if ((numberIn(values, 'p_w10') ?? 0) > loadW10) return true
  return warmC10 !== undefined && airC10 !== undefined && warmC10 - airC10 > aboveAmbientC10
}

/** C03 */
export const portWarm: Condition = {
  name: 'hot',
  signal: 't_port_c10',
  timing: ({ C03 }) => C03,
  judge: ({ place: { limits } }, values) =>
    reaching(numberIn(values, 't_port_c10'), limits.C03.hotC10, limits.C03.hysteresisC10),
  limit: ({ place: { limits } }) => limits.C03.hotC10,
}

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

/** C04: the controller has found it so. */
export const foundWelded: Condition = {
  name: 'weld',
  signal: 'weld',
  timing: ({ C04 }) => C04,
  judge(_, { weld }) {
    if (weld === undefined) return 'nothing'
    return weld === 1 ? 'trip' : 'calm'
  },
  limit: () => undefined,
}

/** C05: more than a socket bears, for longer than a charger takes to start. */
export const overCurrent: Condition = {
  name: 'current',
  signal: 'i_ma',
  timing: ({ C05 }) => C05,
  judge: ({ place: { limits } }, values) => above(numberIn(values, 'i_ma'), limits.C05.currentMa, 0),
  limit: ({ place: { limits } }) => limits.C05.currentMa,
}

/** C05: the port has ended a session for it. */
export const overloadStop: Condition = {
  name: 'stop',
  signal: 'error',
  timing: ({ C05: { offDelayMs } }) => ({ onDelayMs: 0, offDelayMs }),
  judge: ({ senses: { sessions }, t }) => (sessions?.overloadsMs.at(-1) === t ? 'trip' : 'calm'),
  limit: () => undefined,
}

/** C05: and not for the first time today. */
export const overloadedOften: Condition = {
  name: 'often',
  signal: 'error',
  severity: 'P2',
  timing: ({ C05: { offDelayMs } }) => ({ onDelayMs: 0, offDelayMs }),
  judge({ senses: { sessions }, place: { limits }, t }) {
    if (sessions?.overloadsMs.at(-1) !== t) return 'calm'
    return countWithin(sessions.overloadsMs, t, limits.C05.withinMs) >= limits.C05.times ? 'trip' : 'calm'
  },
  limit: () => undefined,
}

/** C06: current to earth. */
export const residualCurrent: Condition = {
  name: 'residual',
  signal: 'i_res_ma',
  at: isPort,
  timing: ({ C06 }) => C06,
  judge({ place: { limits } }, values) {
    const residual = above(numberIn(values, 'i_res_ma'), limits.C06.residualMa, 0)
    return residual === 'breach' ? 'trip' : says(values, 'ground_failure')
  },
  limit: ({ place: { limits } }) => limits.C06.residualMa,
}

/** C07: session after session without a watt. */
export const emptySessions: Condition = {
  name: 'sessions',
  signal: 'p_w10',
  timing: () => ({ onDelayMs: 0, offDelayMs: 0 }),
  judge({ senses: { sessions }, place: { limits }, t }, values) {
    if (feeds(limits.C07, values)) return 'calm'
    return sessions?.emptyMs === t && sessions.empty >= limits.C07.sessions ? 'trip' : 'between'
  },
  limit: ({ place: { limits } }) => limits.C07.powerW10,
  lowest: true,
}

/** C07: the precheck has found the fuse blown, or no way for a current. */
export const fuseBlown: Condition = {
  name: 'fuse',
  signal: 'fuse',
  timing: () => ({ onDelayMs: 0, offDelayMs: 0 }),
  judge({ place: { limits } }, values) {
    if (feeds(limits.C07, values)) return 'calm'
    const failed = values['phase'] === 'faulted' && values['error'] === ('no_output' satisfies PortError)
    return values['fuse'] === 1 || failed ? 'trip' : 'between'
  },
  limit: () => undefined,
}

/** One good session ends it, and it is good as soon as power flows. */
function feeds({ powerW10 }: Seen['place']['limits']['C07'], values: Values): boolean {
  return (numberIn(values, 'p_w10') ?? 0) >= powerW10
}

/** C08 */
export const overtime: Condition = {
  name: 'session',
  signal: 'sdur_s',
  timing: ({ C08: { offDelayMs } }) => ({ onDelayMs: 0, offDelayMs }),
  judge({ senses: { sessions }, t }, values) {
    if (sessions?.overtimesMs.at(-1) === t) return 'trip'
    return sessions?.wasOvertime && values['relay_cmd'] === 1 ? 'breach' : 'calm'
  },
  limit: ({ place: { limits } }) => limits.C08.sessionMs / 1_000,
}

/** C08: three in a week are a pattern of the port, not of one battery. */
export const overtimeOften: Condition = {
  name: 'often',
  signal: 'sdur_s',
  timing: ({ C08: { offDelayMs } }) => ({ onDelayMs: 0, offDelayMs }),
  judge({ senses: { sessions }, place: { limits }, t }) {
    if (sessions?.overtimesMs.at(-1) !== t) return 'calm'
    return countWithin(sessions.overtimesMs, t, limits.C08.withinMs) >= limits.C08.times ? 'trip' : 'calm'
  },
  limit: ({ place: { limits } }) => limits.C08.sessionMs / 1_000,
}

/** C09: one port has no voltage. A controller that measures the supply of its shed knows better than its ports. */
export const portWithoutVoltage: Condition = {
  name: 'lost',
  signal: 'u_dv',
  at: isPort,
  timing: ({ C09: { lostOnDelayMs, offDelayMs } }) => ({ onDelayMs: lostOnDelayMs, offDelayMs }),
  judge({ upstream, place: { limits } }, values) {
    if ((upstream?.senses.shed?.supplyDv ?? null) !== null) return 'nothing'
    return below(numberIn(values, 'u_dv'), limits.C09.lostDv, limits.C09.hysteresisDv)
  },
  limit: ({ place: { limits } }) => limits.C09.lostDv,
  lowest: true,
}

/** What the port itself calls wrong. */
function says({ error }: Values, wanted: PortError): Verdict {
  if (error === undefined) return 'nothing'
  return error === wanted ? 'trip' : 'calm'
}
