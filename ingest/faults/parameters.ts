import { z } from 'zod'
import { serviceLevels } from '../../estate/service-levels.ts'
import { duration, hour, minute, second, share } from './numbers.ts'
import { chargingParameters } from './rules/charging-parameters.ts'
import { deviceParameters } from './rules/device-parameters.ts'
import { heatingParameters } from './rules/heating-parameters.ts'
import { waterParameters } from './rules/water-parameters.ts'
import { season } from './season.ts'

/** Every number a rule decides by, with its default (domain.md B), overridable per site by its engineers.
 *  `siteParameters.parse({ H01: { fallKpa: 60 } })` changes one number and keeps the rest. */
export const siteParameters = z.object({
  /** Which rules are watched when (season.ts). */
  season: season.prefault({}),
  /** How soon somebody answers, is there, has repaired it. */
  service: serviceLevels.prefault({}),
  ...heatingParameters,
  ...waterParameters,
  ...chargingParameters,
  ...deviceParameters,
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
      /** Devices of an estate with one firmware that make a reboot loop, or a violation, the firmware's. */
      loopsOfFirmware: z.int().min(2).default(5),
      violationsOfFirmware: z.int().min(2).default(2),
      /** What so many households feel is a step graver. */
      manyHouseholds: z.int().min(1).default(50),
    })
    .prefault({}),
})

export type SiteParameters = z.infer<typeof siteParameters>

/** Site -> the parameters in force there; under `wholeDistrict` those of every other site, if not the defaults. */
export const parameters = z.record(z.string(), siteParameters)
export type Parameters = Readonly<Record<string, SiteParameters>>

/** Stands for the whole district; no site may be called so. */
export const wholeDistrict = '*'

export const defaultParameters: SiteParameters = siteParameters.parse({})

/** Site -> overrides, checked, with every default filled in; throws a ZodError that lists every mistake. */
export function parametersFrom(overrides: Readonly<Record<string, unknown>>): Parameters {
  return z.record(z.string(), siteParameters).parse(overrides)
}
