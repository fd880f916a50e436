import { z } from 'zod'
import { season } from './season.ts'

/** Every number a rule decides by, with its default (domain.md B), overridable per site by its engineers.
 *  `siteParameters.parse({ H01: { fallKpa: 60 } })` changes one number and keeps the rest. */
const second = 1_000
const minute = 60 * second
const hour = 60 * minute

const positive = (fallback: number) => z.number().positive().default(fallback)
const duration = (fallbackMs: number) => z.int().min(0).default(fallbackMs)
const share = (fallback: number) => z.number().gt(0).max(1).default(fallback)

export const siteParameters = z.object({
  /** Which rules are watched when (season.ts). */
  season: season.prefault({}),
  /** Secondary main burst: the top floor empties, or the pressure falls fast. */
  H01: z
    .object({
      fallKpa: positive(50),
      fallWithinMs: duration(5 * minute),
      hysteresisKpa: positive(20),
      onDelayMs: duration(20 * second),
      offDelayMs: duration(10 * minute),
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
  /** Building main burst: a flow the building never had at this hour, or a sudden fall of pressure. */
  W01: z
    .object({
      timesUsual: positive(3),
      shareOfQ3: share(0.3),
      clearShare: share(0.5),
      flowOnDelayMs: duration(10 * minute),
      fallKpa: positive(100),
      fallWithinMs: duration(5 * minute),
      /** One wild sample is no burst: the fall has to show twice. */
      fallOnDelayMs: duration(20 * second),
      offDelayMs: duration(30 * minute),
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
  /** Device offline: periods of silence, and how many messages prove that it is back. */
  D01: z
    .object({
      missedPeriods: positive(3),
      atLeastMs: duration(3 * minute),
      /** From this period on a device counts as one that uploads and sleeps. */
      sleeperPeriodMs: duration(6 * hour),
      sleeperMissedUploads: positive(2),
      sleeperGraceMs: duration(2 * hour),
      backAfterMessages: z.int().min(1).default(2),
    })
    .prefault({}),
  /** How long a sample waits for one that was numbered before it and is missing; 0 = not at all. */
  arrival: z.object({ gapWaitMs: duration(30 * second) }).prefault({}),
  /** How alarms become one incident (domain.md B2). */
  correlation: z
    .object({
      /** Long enough for the slowest mains-powered child to speak. */
      holdOffMs: duration(90 * second),
      childrenAtLeast: z.int().min(2).default(3),
      childrenShare: share(0.3),
      /** Devices that fall silent within this time of each other may share a cause. */
      togetherMs: duration(3 * minute),
      /** After recovery, late children still belong to the incident for so long; then leftovers split off. */
      lateMs: duration(30 * minute),
      /** The same fault again within this time is the same order. */
      relapseMs: duration(24 * hour),
      clearShare: share(0.95),
    })
    .prefault({}),
})

export type SiteParameters = z.infer<typeof siteParameters>

/** Site -> what differs there from the defaults. */
export const parameters = z.record(z.string(), siteParameters)
export type Parameters = Readonly<Record<string, SiteParameters>>

export const defaultParameters: SiteParameters = siteParameters.parse({})

/** Site -> overrides, checked, with every default filled in; throws a ZodError that lists every mistake. */
export function parametersFrom(overrides: Readonly<Record<string, unknown>>): Parameters {
  return z.record(z.string(), siteParameters).parse(overrides)
}
