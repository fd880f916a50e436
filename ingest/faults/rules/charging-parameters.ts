import { z } from 'zod'
import { duration, hour, minute, positive, second, share } from '../numbers.ts'

/** How often before it is a pattern. */
const times = (fallback: number) => z.int().min(2).max(20).default(fallback)

/** The numbers of the charging rules (domain.md B): a part of every site's parameters. */
export const chargingParameters = {
  /** Smoke in a shed. */
  C01: z.object({ onDelayMs: duration(2 * second), offDelayMs: duration(10 * minute) }).prefault({}),
  /** Port critically hot, or heating up faster than a load alone heats it. */
  C02: z
    .object({
      hotC10: positive(650),
      hysteresisC10: positive(150),
      riseC10PerMin: positive(50),
      riseWithinMs: duration(2 * minute),
      /** Only with a load, or so much warmer than the air: the sun alone is no fault. */
      loadW10: positive(200),
      aboveAmbientC10: positive(250),
      onDelayMs: duration(10 * second),
      offDelayMs: duration(10 * minute),
    })
    .prefault({}),
  /** Port hot: before it is dangerous. */
  C03: z
    .object({
      hotC10: positive(550),
      hysteresisC10: positive(50),
      onDelayMs: duration(minute),
      offDelayMs: duration(5 * minute),
    })
    .prefault({}),
  /** Relay welded: current although the relay was told to open. */
  C04: z
    .object({
      settleMs: duration(5 * second),
      currentMa: positive(100),
      powerW10: positive(50),
      onDelayMs: duration(10 * second),
      offDelayMs: duration(minute),
    })
    .prefault({}),
  /** Port overloaded: once is a notice to the resident, the third time in a day is worth a visit. */
  C05: z
    .object({
      currentMa: positive(5_500),
      onDelayMs: duration(5 * second),
      offDelayMs: duration(hour),
      times: times(3),
      withinMs: duration(24 * hour),
    })
    .prefault({}),
  /** Earth leakage: of a port, or the breaker of the whole shed. */
  C06: z
    .object({ residualMa: positive(30), onDelayMs: duration(0), offDelayMs: duration(minute) })
    .prefault({}),
  /** Port dead: so many sessions in a row without power, each long enough to be sure of it. */
  C07: z.object({ sessions: times(3), powerW10: positive(10), sessionMs: duration(minute) }).prefault({}),
  /** Session over time: once, and as a pattern of the port. */
  C08: z
    .object({
      sessionMs: duration(10 * hour),
      offDelayMs: duration(hour),
      times: times(3),
      withinMs: duration(7 * 24 * hour),
    })
    .prefault({}),
  /** Supply out of its band (−10 / +7 % of 220 V), or gone. */
  C09: z
    .object({
      lowDv: positive(1_980),
      highDv: positive(2_350),
      hysteresisDv: positive(40),
      onDelayMs: duration(minute),
      /** Less than this is no voltage at all. */
      lostDv: positive(100),
      lostOnDelayMs: duration(30 * second),
      offDelayMs: duration(5 * minute),
    })
    .prefault({}),
  /** Shed overloaded: the controller refuses new sessions, and then ends the latest. */
  C10: z
    .object({
      refuseW: positive(7_800),
      /** A crowded evening may refuse somebody; a feeder that is too small goes on refusing. */
      refuseOnDelayMs: duration(5 * minute),
      shedW: positive(8_700),
      shedOnDelayMs: duration(10 * second),
      clearShare: share(0.9),
      offDelayMs: duration(5 * minute),
    })
    .prefault({}),
  /** Door open. In a cabinet the batteries stand behind it, so that it must be shut while they charge. */
  C11: z
    .object({
      onDelayMs: duration(10 * minute),
      offDelayMs: duration(minute),
      /** Whether the site's batteries are charged in cabinets. */
      cabinets: z.boolean().default(false),
      cabinetOnDelayMs: duration(30 * second),
      /** A shed that draws more is charging. */
      chargingW: positive(50),
    })
    .prefault({}),
}
