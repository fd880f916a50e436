import { z } from 'zod'
import { duration, hour, minute, positive, second, share } from '../numbers.ts'

const day = 24 * hour

/** The numbers of the water rules (domain.md B): a part of every site's parameters. */
export const waterParameters = {
  /** Building main burst: a flow the building never had at this hour, or a pressure that has fallen. */
  W01: z
    .object({
      timesUsual: positive(3),
      shareOfQ3: share(0.3),
      /** What a household usually draws in the busiest hour: for a house whose own hours are not known yet. */
      householdPeakLph: positive(31),
      clearShare: share(0.5),
      flowOnDelayMs: duration(10 * minute),
      fallKpa: positive(100),
      fallWithinMs: duration(5 * minute),
      /** With much water flowing. One wild sample is no burst: the fall has to show twice. */
      fallOnDelayMs: duration(20 * second),
      /** Without: somebody shuts a valve for a moment, or the street has a dip. */
      lostOnDelayMs: duration(10 * minute),
      offDelayMs: duration(30 * minute),
    })
    .prefault({}),
  /** Household burst: a hose has come off. */
  W02: z
    .object({
      shareOfQ3: share(0.4),
      holdMs: duration(28 * minute),
      /** Less, but for hours: in 35 years of real meters it was there twice, and meant both times (docs/real-meters.md). */
      runningShareOfQ3: share(0.16),
      runningMs: duration(3 * hour - 10 * minute),
      clearShare: share(0.1),
      offDelayMs: duration(0),
    })
    .prefault({}),
  /** Something runs in a flat, day and night. */
  W03: z
    .object({
      dryLph: positive(2.5),
      wetMs: duration(day),
      /** Of that day: four of 96 quarters of an hour. */
      unseenMs: duration(hour),
      smallLph: positive(20),
      cleanNights: z.int().min(1).default(2),
      /** The meter's own word has to stand so long. */
      bitOnDelayMs: duration(6 * hour),
    })
    .prefault({}),
  /** Night flow of a house too high: a hidden leak. */
  W04: z
    .object({
      share: share(0.3),
      /** Of draws of some six litres each a night of 60 homes is made: 50 L/h would call twice a month. */
      lph: positive(60),
      nights: z.int().min(1).default(3),
      clearShare: share(0.15),
      clearNights: z.int().min(1).default(2),
      knownNights: z.int().min(1).default(7),
      /** What a household may use by night as long as they are not known: a sound house uses 1.6 L/h. */
      householdLph: positive(4),
    })
    .prefault({}),
  /** Reverse flow, litres a day. */
  W05: z
    .object({
      householdL: positive(5),
      buildingL: positive(50),
      clearShare: share(0.5),
      offDelayMs: duration(day),
    })
    .prefault({}),
  /** Meter tampered with. */
  W06: z
    .object({
      reports: z.int().min(1).default(2),
      /** What is said sooner after a report belongs to it. */
      reportsApartMs: duration(10 * minute),
    })
    .prefault({}),
  /** Meter freezing, °C / 10. */
  W07: z
    .object({
      airC10: z.int().default(30),
      waterC10: z.int().default(20),
      hysteresisK10: positive(20),
      airOnDelayMs: duration(hour),
      waterOnDelayMs: duration(10 * minute),
      offDelayMs: duration(6 * hour),
    })
    .prefault({}),
  /** Register or valve that no longer moves. */
  W08: z
    .object({
      stillMs: duration(7 * day),
      /** Used before, litres a day, as the last month or two tell; of a younger meter, all that is known of it. */
      dailyL: positive(50),
      /** But at least so much. */
      knownMs: duration(3 * day),
      /** While the house uses less of what it usually does, its people are away. */
      homeShare: share(0.75),
      /** In how many wakings a valve does not follow. */
      wakings: z.int().min(1).default(2),
      wakingsApartMs: duration(hour),
    })
    .prefault({}),
}
