import type { Fleet } from '../fleet.ts'
import { demoFleet } from './demo.ts'
import { districtFleet, renovatedFleet } from './district.ts'

/** The fleets by name, each built when asked for. */
export const fleets = {
  demo: { about: 'one estate: 20 buildings, 60 water meters, 36 charging ports', build: demoFleet },
  renovated: {
    about: 'the 24 renovated estates with all of the 1,024 charging ports',
    build: renovatedFleet,
  },
  district: { about: 'all 148 estates: 88,015 water meters, 148 heat stations', build: districtFleet },
} as const satisfies Readonly<Record<string, { about: string; build: () => Fleet }>>

export const fleetNames = [
  'demo',
  'renovated',
  'district',
] as const satisfies readonly (keyof typeof fleets)[]
