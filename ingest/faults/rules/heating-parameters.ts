import { z } from 'zod'
import { duration, hour, minute, positive, second, share } from '../numbers.ts'

/** The numbers of the heating rules (domain.md B): a part of every site's parameters. */
export const heatingParameters = {
  /** Secondary main burst: the top floor empties, or the pressure falls fast. */
  H01: z
    .object({
      fallKpa: positive(50),
      fallWithinMs: duration(5 * minute),
      /** At the station, which samples often: a fall that the make-up of a leak would have caught. */
      plungeKpa: positive(15),
      plungeWithinMs: duration(90 * second),
      plungeOnDelayMs: duration(10 * second),
      /** Around the set pressure nothing has fallen. */
      usualSwingKpa: positive(15),
      hysteresisKpa: positive(20),
      onDelayMs: duration(20 * second),
      offDelayMs: duration(10 * minute),
      /** After a time without power the loop is filled up first; so long a low level says nothing (nor do H02, H04
       *  and H05). */
      refillMs: duration(20 * minute),
    })
    .prefault({}),
  /** Return pressure below the low limit of its band. */
  H02: z
    .object({
      hysteresisKpa: positive(10),
      onDelayMs: duration(2 * minute),
      offDelayMs: duration(10 * minute),
    })
    .prefault({}),
  /** Over-pressure: the relief valve should open, and then the weakest radiator is in danger. */
  H03: z
    .object({
      /** Supply above what pump and constant pressure give, at least. */
      supplyAboveSetKpa: positive(200),
      onDelayMs: duration(minute),
      /** Above the design pressure of the houses. */
      severeOnDelayMs: duration(10 * second),
      hysteresisKpa: positive(20),
      offDelayMs: duration(10 * minute),
    })
    .prefault({}),
  /** Make-up, as a share of the circulation G. */
  H04: z
    .object({
      /** Mean of an hour. */
      muchOfFlow: share(0.005),
      veryMuchOfFlow: share(0.01),
      onDelayMs: duration(2 * hour),
      /** At the moment: as much as the pump can give, or nearly. */
      rushOfFlow: share(0.02),
      rushOnDelayMs: duration(10 * minute),
      /** Above what is usual here, mean of an hour: a leak too small for the other limits. */
      timesUsual: positive(2),
      aboveUsualOfFlow: share(0.0025),
      unusualOnDelayMs: duration(4 * hour),
      clearShare: share(0.8),
      offDelayMs: duration(2 * hour),
    })
    .prefault({}),
  /** Circulation lost: the pump runs without lifting, or stands. */
  H05: z
    .object({
      shareOfUsual: share(0.3),
      clearShare: share(0.5),
      /** Pressure difference of a station of which nothing is known yet. */
      unknownHeadKpa: positive(100),
      onDelayMs: duration(minute),
      stoppedOnDelayMs: duration(30 * second),
      /** A house's part in it: of its usual flow. */
      houseFlowShare: share(0.2),
      offDelayMs: duration(5 * minute),
    })
    .prefault({}),
  /** Make-up unavailable: an empty tank, or the pump's fault bit. */
  H06: z
    .object({
      lowPct: positive(20),
      lowOnDelayMs: duration(5 * minute),
      emptyPct: positive(10),
      emptyOnDelayMs: duration(minute),
      faultOnDelayMs: duration(10 * second),
      hysteresisPct: positive(10),
      offDelayMs: duration(5 * minute),
    })
    .prefault({}),
  /** Supply temperature off its curve. */
  H07: z
    .object({
      offK: positive(5),
      farOffK: positive(10),
      onDelayMs: duration(30 * minute),
      tooHotC: positive(85),
      tooHotOnDelayMs: duration(minute),
      hysteresisK: positive(2),
      offDelayMs: duration(30 * minute),
      afterPumpStartMs: duration(hour),
      /** Between these shares of the curve's lift a station may have its own habit. */
      liftShareMin: share(0.7),
      liftShareMax: positive(1.1),
      curve: z
        .object({
          roomC: z.number().default(18),
          outdoorDesignC: z.number().default(-8),
          supplyDesignC: positive(75),
          returnDesignC: positive(50),
          radiatorExponent: positive(0.3),
        })
        .prefault({}),
    })
    .prefault({}),
  /** A house that gets too little water, and what it gets comes back cold. */
  H08: z
    .object({
      belowStationK: positive(8),
      hysteresisK: positive(3),
      flowShare: share(0.5),
      clearShare: share(0.7),
      /** Without a flow meter: the return is hardly warmer than a room. */
      aboveRoomK: positive(5),
      onDelayMs: duration(2 * hour),
      offDelayMs: duration(2 * hour),
    })
    .prefault({}),
  /** Entrance valve shut: hardly any flow, though the pump pushes. */
  H09: z
    .object({
      flowShare: share(0.1),
      clearShare: share(0.2),
      /** Without a flow meter: the supply pipe is colder than the station's by so much. */
      supplyBelowK: positive(20),
      supplyHysteresisK: positive(5),
      onDelayMs: duration(15 * minute),
      offDelayMs: duration(15 * minute),
    })
    .prefault({}),
  /** Room too cold. */
  H10: z
    .object({
      belowC: positive(18),
      /** In frost beyond what the heating was designed for (H07.curve), so much less is expected for each kelvin. */
      perFrostK: z.number().min(0).max(1).default(0.25),
      hysteresisK: positive(0.5),
      onDelayMs: duration(2 * hour),
      offDelayMs: duration(2 * hour),
    })
    .prefault({}),
  /** A pipe or a room about to freeze. */
  H11: z
    .object({
      belowC: positive(5),
      hysteresisK: positive(2),
      onDelayMs: duration(10 * minute),
      offDelayMs: duration(30 * minute),
    })
    .prefault({}),
  /** Strainer clogged. */
  H12: z
    .object({
      lossKpa: positive(50),
      /** So much that it endangers the pump's suction. */
      severeLossKpa: positive(80),
      hysteresisKpa: positive(15),
      onDelayMs: duration(10 * minute),
      offDelayMs: duration(10 * minute),
    })
    .prefault({}),
}
