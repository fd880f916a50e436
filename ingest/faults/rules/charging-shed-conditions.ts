import { numberIn } from '../sample.ts'
import { above, below, isShed, type Condition } from './rule.ts'

/** When is something wrong with a whole charging shed? Judged by what its controller says of it. */

/** C01: the detector's own alarm, or two samples that agree. */
export const smoke: Condition = {
  name: 'smoke',
  signal: 'smoke',
  timing: ({ C01 }) => C01,
  judge(_, values) {
    const detected = numberIn(values, 'smoke')
    if (detected === undefined) return 'nothing'
    if (detected === 0) return 'calm'
    return values['ev'] === 'alarm' ? 'trip' : 'breach'
  },
  limit: () => undefined,
}

/** C06: the breaker of the shed is open, nobody opened it, and there is no voltage behind it. Smoke, the extinguisher
 *  and the emergency stop open it too; so does water on the floor, but then the voltage stays. */
export const shedBreakerTripped: Condition = {
  name: 'breaker',
  signal: 'breaker',
  severity: 'P1',
  at: isShed,
  timing: ({ C06 }) => C06,
  judge({ senses: { shed }, place: { limits } }) {
    if (!shed || shed.supplyDv === null) return 'nothing'
    if (!shed.breakerOpen) return 'calm'
    return shed.supplyDv < limits.C09.lostDv && !shed.cutOff ? 'breach' : 'between'
  },
  limit: () => undefined,
}

/** C09: too low; a supply that is gone is another matter. */
export const voltageLow: Condition = {
  name: 'low',
  signal: 'u_dv',
  at: isShed,
  timing: ({ C09 }) => C09,
  judge({ place: { limits } }, values) {
    const { lowDv, lostDv, hysteresisDv } = limits.C09
    const dv = numberIn(values, 'u_dv')
    if (dv !== undefined && dv < lostDv) return 'nothing'
    return below(dv, lowDv, hysteresisDv)
  },
  limit: ({ place: { limits } }) => limits.C09.lowDv,
  lowest: true,
}

/** C09: too high. */
export const voltageHigh: Condition = {
  name: 'high',
  signal: 'u_dv',
  at: isShed,
  timing: ({ C09 }) => C09,
  judge: ({ place: { limits } }, values) =>
    above(numberIn(values, 'u_dv'), limits.C09.highDv, limits.C09.hysteresisDv),
  limit: ({ place: { limits } }) => limits.C09.highDv,
}

/** C09: the shed has no power, and its controller lives on its battery. */
export const supplyLost: Condition = {
  name: 'lost',
  signal: 'u_dv',
  severity: 'P2',
  at: isShed,
  timing: ({ C09: { lostOnDelayMs, offDelayMs } }) => ({ onDelayMs: lostOnDelayMs, offDelayMs }),
  judge: ({ place: { limits } }, values) =>
    below(numberIn(values, 'u_dv'), limits.C09.lostDv, limits.C09.hysteresisDv),
  limit: ({ place: { limits } }) => limits.C09.lostDv,
  lowest: true,
}

/** C10: nobody new may charge. */
export const shedRefuses: Condition = {
  name: 'refuses',
  signal: 'p_total_w',
  timing: ({ C10: { refuseOnDelayMs, offDelayMs } }) => ({ onDelayMs: refuseOnDelayMs, offDelayMs }),
  judge: ({ place: { limits } }, values) => overloaded(values, limits.C10.refuseW, limits.C10.clearShare),
  limit: ({ place: { limits } }) => limits.C10.refuseW,
}

/** C10: more than the feeder bears; whoever came last has to stop. */
export const shedOverloaded: Condition = {
  name: 'sheds',
  signal: 'p_total_w',
  timing: ({ C10: { shedOnDelayMs, offDelayMs } }) => ({ onDelayMs: shedOnDelayMs, offDelayMs }),
  judge: ({ place: { limits } }, values) => overloaded(values, limits.C10.shedW, limits.C10.clearShare),
  limit: ({ place: { limits } }) => limits.C10.shedW,
}

function overloaded(values: Parameters<Condition['judge']>[1], limitW: number, clearShare: number) {
  return above(numberIn(values, 'p_total_w'), limitW, limitW * (1 - clearShare))
}

/** C11: forgotten, or broken open. */
export const doorOpen: Condition = {
  name: 'door',
  signal: 'door',
  timing: ({ C11 }) => C11,
  judge: (_, values) => above(numberIn(values, 'door'), 0, 0),
  limit: () => undefined,
}

/** C11: batteries charge behind an open door of their cabinet. */
export const cabinetOpen: Condition = {
  name: 'cabinet',
  signal: 'door',
  severity: 'P2',
  timing: ({ C11: { cabinetOnDelayMs, offDelayMs } }) => ({ onDelayMs: cabinetOnDelayMs, offDelayMs }),
  judge({ senses: { shed }, place: { limits } }, values) {
    const door = above(numberIn(values, 'door'), 0, 0)
    const charges = (shed?.powerW ?? 0) > limits.C11.chargingW
    if (door === 'breach' && !charges) return 'between'
    return limits.C11.cabinets ? door : 'nothing'
  },
  limit: () => undefined,
}
