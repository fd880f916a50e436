import type { Building, Estate, Fleet } from '../fleet.ts'
import { portNode, portNumbers } from '../fleet.ts'
import { placeOf, type Place } from '../place.ts'
import { faultKindOf } from './faults.ts'
import type { FaultKind } from './fault-kind.ts'
import type { Fault, Scenario } from './scenario.ts'

/** What a run really broke: where, from when to when, and who felt it. Written beside the messages for tests
 *  and for scoring; the system under test never reads it. */
export interface GroundTruth {
  format: 'estate-ground-truth/1'
  scenario: string
  fleet: string
  seed: number
  /** Epoch ms; nothing is claimed about what comes after `untilMs`. */
  fromMs: number
  untilMs: number
  faults: readonly TrueFault[]
}

export interface TrueFault {
  fault: string
  /** Rules of the catalogue whose order names this cause, the usual one first; empty when nobody is called. */
  rules: readonly string[]
  site: string
  /** Node id of the registry file. */
  target: string
  /** The device that measures at the place, where one does. */
  device: string | null
  params: unknown
  fromMs: number
  /** When it was repaired; null when it lasts beyond the run. */
  untilMs: number | null
  affected: { households: number; buildings: readonly string[]; ports: readonly string[] }
}

export interface Run {
  fleet: Fleet
  scenario: Scenario
  seed: number
  fromMs: number
  untilMs: number
}

/** Faults that begin within the run, in the order in which they do. */
export function groundTruth({ fleet, scenario, seed, fromMs, untilMs }: Run): GroundTruth {
  const faults = fleet.estates
    .flatMap((estate) => scenario.faults.flatMap((fault) => trueFault(estate, fault, fromMs) ?? []))
    .filter((fault) => fault.fromMs < untilMs)
    .map((fault) => ({
      ...fault,
      untilMs: fault.untilMs === null || fault.untilMs >= untilMs ? null : fault.untilMs,
    }))
    .sort((a, b) => a.fromMs - b.fromMs)
  return {
    format: 'estate-ground-truth/1',
    scenario: scenario.name,
    fleet: fleet.name,
    seed,
    fromMs,
    untilMs,
    faults,
  }
}

function trueFault(estate: Estate, fault: Fault, startMs: number): TrueFault | undefined {
  const place = placeOf(estate, fault.target)
  const kind = faultKindOf(fault.fault)
  if (!place || !kind) return undefined
  return {
    fault: fault.fault,
    rules: kind.rules,
    site: estate.id,
    target: fault.target,
    device: 'device' in place ? place.device : null,
    params: fault.strike.given,
    fromMs: startMs + fault.t * 1000,
    untilMs: fault.until === undefined || !fault.strike.end ? null : startMs + fault.until * 1000,
    affected: affectedBy(estate, place, kind.reaches),
  }
}

function affectedBy(estate: Estate, place: Place, reaches: FaultKind['reaches']): TrueFault['affected'] {
  const buildings = reached(estate, place, reaches).map(({ id }) => id)
  return { households: householdsAt(estate, place, reaches), buildings, ports: portsAt(estate, place) }
}

function reached(estate: Estate, place: Place, reaches: FaultKind['reaches']): readonly Building[] {
  if (reaches === 'estate' || place.at === 'site' || place.at === 'station') return estate.buildings
  if (!('building' in place)) return []
  const branch = Math.floor(place.building / estate.buildingsPerBranch)
  return estate.buildings.filter((_, index) =>
    reaches === 'branch'
      ? Math.floor(index / estate.buildingsPerBranch) === branch
      : index === place.building,
  )
}

function householdsAt(estate: Estate, place: Place, reaches: FaultKind['reaches']): number {
  if ((place.at === 'flat' || place.at === 'room') && reaches === 'place') return 1
  if (place.at === 'riser') return estate.buildings[place.building]?.thermometerFlats.length ?? 0
  return reached(estate, place, reaches).reduce((sum, { households }) => sum + households, 0)
}

function portsAt(estate: Estate, place: Place): readonly string[] {
  if (place.at === 'site')
    return estate.sheds.flatMap((shed) => portNumbers(shed).map((port) => portNode(shed, port)))
  if (!('shed' in place)) return []
  const shed = estate.sheds[place.shed]
  if (!shed) return []
  const ports = portNumbers(shed).map((port) => portNode(shed, port))
  return place.at === 'port' ? ports.slice(place.port, place.port + 1) : ports
}
