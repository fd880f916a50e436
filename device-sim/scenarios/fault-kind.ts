import type { z } from 'zod'
import type { Device } from '../firmware/device.ts'
import type { Place, PlaceKind } from '../place.ts'
import type { EstateDesign, EstatePlant } from '../plant/estate-plant.ts'
import type { RuleId } from './catalogue.ts'

/** One thing that can break: a row of the simulator's fault table (faults.ts). It says where the fault can
 *  strike, what a scenario may say about it, which rules of the catalogue (domain.md B) tell of it, and what
 *  it does to the estate. */
export interface FaultKind {
  /** Its name in a scenario file. */
  fault: string
  /** One line for the table of faults in the scenarios' page. */
  about: string
  /** Where it can strike. */
  at: readonly PlaceKind[]
  /** Rules whose order names this cause, the usual one first. Empty: nothing an engineer is called for. */
  rules: readonly RuleId[]
  /** Rules of what may come of it later, and is a fault of its own: a frozen pipe that bursts when it thaws. */
  brings?: readonly RuleId[]
  /** Who feels it: the place itself, the whole estate, or nobody but who reads the device. */
  reaches: 'place' | 'estate' | 'nobody'
  /** A scenario's `params`, and what they make happen. */
  params: z.ZodType<Strike & { given: unknown }>
}

/** What a fault does when it begins, and what its repair does. Without `end` only a new part ends it. */
export interface Strike {
  begin: (estate: RunningEstate, place: Place) => void
  end?: (estate: RunningEstate, place: Place) => void
}

/** What a scenario may say about a fault, and what it then does. */
export function strikes<Params>(
  given: z.ZodType<Params>,
  strike: (params: Params) => Strike,
): FaultKind['params'] {
  return given.transform((params) => ({ given: params, ...strike(params) }))
}

/** An estate in motion, as a fault finds it: it may exchange the plant, or tell a device what becomes of it. */
export interface RunningEstate {
  readonly design: EstateDesign
  plant: EstatePlant
  /** By id, in the order of their ids, so that a fleet listed otherwise gives the same bytes. */
  readonly devices: ReadonlyMap<string, Device>
}

type Change = (plant: EstatePlant, place: Place, design: EstateDesign) => EstatePlant

/** A strike that changes nothing but the plant. */
export function plantStrike(begin: Change, end?: Change): Strike {
  const by =
    (change: Change): Strike['begin'] =>
    (estate, place) => {
      estate.plant = change(estate.plant, place, estate.design)
    }
  return { begin: by(begin), ...(end && { end: by(end) }) }
}

/** Two strikes as one: both begin, both are mended. */
export function both(one: Strike, other: Strike): Strike {
  return {
    begin: (estate, place) => {
      one.begin(estate, place)
      other.begin(estate, place)
    },
    end: (estate, place) => {
      one.end?.(estate, place)
      other.end?.(estate, place)
    },
  }
}
