import { z } from 'zod'
import type { Building, Estate, Fleet } from '../fleet.ts'
import { gatewayDevice, mainMeterDevice, portNode, portNumbers } from '../fleet.ts'
import { placeOf, type Place } from '../place.ts'
import type { Identity } from '../firmware/voice.ts'
import { tollSchema, type Toll } from '../mischief/toll.ts'
import { faultKindOf } from './faults.ts'
import type { FaultKind } from './fault-kind.ts'
import type { Fault, Scenario } from './scenario.ts'

const id = z.string().min(1).max(64)
const count = z.int().min(0)
const epochMs = z.int().positive()

const trueFaultSchema = z.strictObject({
  fault: z.string().describe('its row in the fault table'),
  rules: z
    .array(z.string().regex(/^[CHWD]\d\d$/))
    .describe('rules whose order names this cause, the usual one first; empty when nobody is called'),
  brings: z
    .array(z.string().regex(/^[CHWD]\d\d$/))
    .describe('rules of what may come of it later, a fault of its own'),
  cause: id.exactOptional().describe('faults of an estate with the same word here have one cause: one order'),
  site: id.describe('the estate'),
  target: id.describe('the place, as the scenario names it'),
  devices: z
    .array(id)
    .describe('those that measure there, or are ill: of a gateway also who is behind it, of a site all'),
  params: z.unknown().describe('as the scenario says, defaults filled in'),
  fromMs: epochMs.describe('when it broke: before anything can be seen of it, sometimes by days'),
  untilMs: epochMs.nullable().describe('when it was repaired; null when it lasts beyond the run'),
  affected: z
    .strictObject({ households: count, buildings: z.array(id), ports: z.array(id) })
    .describe('who feels it; nobody where only a device is ill'),
})

/** What a run really broke: where, from when to when, and who felt it; and what mischief cost each device.
 *  Written beside the messages for tests and for scoring; the system under test never reads it. */
export const groundTruthSchema = z.strictObject({
  format: z.literal('estate-ground-truth/1'),
  scenario: id.describe('the name of the scenario'),
  fleet: id.describe('the name of the fleet'),
  seed: count,
  fromMs: epochMs.describe('begin of the run'),
  untilMs: epochMs.describe('its end; nothing is claimed about what comes after it'),
  faults: z.array(trueFaultSchema).describe('in the order in which they began'),
  mischief: z
    .array(tollSchema.extend({ device: id }))
    .describe('what lines and boards did, by device; only those that anything happened to'),
})

export type GroundTruth = z.infer<typeof groundTruthSchema>
export type TrueFault = GroundTruth['faults'][number]

export interface Run {
  fleet: Fleet
  scenario: Scenario
  seed: number
  fromMs: number
  untilMs: number
  /** All that took part: without those whose place a real one took. */
  devices: readonly Identity[]
  /** What mischief did, by device (`Simulation.tolls`). */
  tolls: ReadonlyMap<string, Readonly<Toll>>
}

/** Of faults only those that begin within the run. */
export function groundTruth(run: Run): GroundTruth {
  const { fleet, scenario, seed, fromMs, untilMs, tolls } = run
  const faults = fleet.estates
    .flatMap((estate) => scenario.faults.flatMap((fault) => trueFault(estate, fault, run) ?? []))
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
    mischief: [...tolls].map(([device, toll]) => ({
      device,
      ...toll,
      outages: toll.outages.filter((outage) => outage.fromMs < untilMs),
    })),
  }
}

function trueFault(estate: Estate, fault: Fault, run: Run): TrueFault | undefined {
  const place = placeOf(estate, fault.target)
  const kind = faultKindOf(fault.fault)
  if (!place || !kind) return undefined
  return {
    fault: fault.fault,
    rules: [...kind.rules],
    brings: [...(kind.brings ?? [])],
    ...(fault.cause !== undefined && { cause: fault.cause }),
    site: estate.id,
    target: fault.target,
    devices: run.devices.filter((each) => isStruck(each, estate, place, fault)).map(({ device }) => device),
    params: fault.strike.given,
    fromMs: run.fromMs + fault.t * 1000,
    untilMs: fault.until === undefined || !fault.strike.end ? null : run.fromMs + fault.until * 1000,
    affected: affectedBy(estate, place, kind.reaches),
  }
}

/** Of a whole site some faults strike one kind only, which their params name. */
const oneKind = z.looseObject({ kind: z.string() })

function isStruck({ site, device, kind, gateway }: Identity, estate: Estate, place: Place, fault: Fault) {
  if (site !== estate.id) return false
  if (place.at === 'site') {
    const only = oneKind.safeParse(fault.strike.given)
    return !only.success || only.data.kind === kind
  }
  if (place.at === 'riser')
    return kind === 'room-sensor' && device.startsWith(`${estate.buildings[place.building]?.id}-`)
  if (place.at === 'building' && isOfWater(fault)) {
    const house = estate.buildings[place.building]
    if (!house) return false
    if (fault.fault !== 'shaft-open') return device === mainMeterDevice(house)
    return kind === 'water-meter' && gateway === gatewayDevice(house)
  }
  return device === place.device || (place.at === 'gateway' && gateway === place.device)
}

/** A building has an entrance for its heat and a meter for its water. */
function isOfWater({ fault }: Fault): boolean {
  return faultKindOf(fault)?.rules.some((rule) => rule.startsWith('W')) ?? false
}

function affectedBy(estate: Estate, place: Place, reaches: FaultKind['reaches']): TrueFault['affected'] {
  const buildings = reached(estate, place, reaches).map(({ id }) => id)
  return {
    households: householdsAt(estate, place, reaches),
    buildings,
    ports: portsAt(estate, place, reaches),
  }
}

function reached(estate: Estate, place: Place, reaches: FaultKind['reaches']): readonly Building[] {
  if (reaches === 'nobody') return []
  if (reaches === 'estate' || place.at === 'site' || place.at === 'station') return estate.buildings
  if (!('building' in place)) return []
  return estate.buildings.slice(place.building, place.building + 1)
}

function householdsAt(estate: Estate, place: Place, reaches: FaultKind['reaches']): number {
  if (reaches === 'nobody') return 0
  if ((place.at === 'flat' || place.at === 'room') && reaches === 'place') return 1
  if (place.at === 'riser') return estate.buildings[place.building]?.thermometerFlats.length ?? 0
  return reached(estate, place, reaches).reduce((sum, { households }) => sum + households, 0)
}

function portsAt(estate: Estate, place: Place, reaches: FaultKind['reaches']): string[] {
  if (reaches === 'nobody') return []
  if (place.at === 'site')
    return estate.sheds.flatMap((shed) => portNumbers(shed).map((port) => portNode(shed, port)))
  if (!('shed' in place)) return []
  const shed = estate.sheds[place.shed]
  if (!shed) return []
  const ports = portNumbers(shed).map((port) => portNode(shed, port))
  return place.at === 'port' ? ports.slice(place.port, place.port + 1) : ports
}
