import { z } from 'zod'
import { plantStrike, strikes, type FaultKind, type Strike } from '../scenarios/fault-kind.ts'
import {
  callVisitor,
  mendPort,
  settle,
  stopOrder,
  touch,
  type PortFittings,
  type PortState,
} from './charging-port.ts'
import { mainsV, refitShed, withPort, type ShedFittings } from './charging-shed.ts'
import type { EstatePlant } from './estate-plant.ts'
import { heavyVisit, type Visit } from './residents.ts'

/** What can break in a charging shed (domain.md B and E3). What shows only while somebody charges brings somebody
 *  who does: within a minute, on a heavy bike. A port's repair makes the port sound again. */

const nothing = z.strictObject({}).prefault({})

type PortChange = (port: PortState, nowMs: number) => PortState

function portStrike(begin: PortChange): Strike {
  const by = (change: PortChange) =>
    plantStrike((plant, place) => ({
      ...plant,
      sheds: plant.sheds.map((shed, index) =>
        place.at === 'port' && index === place.shed
          ? withPort(shed, place.port, (port) => change(settle(port, plant.nowMs), plant.nowMs))
          : shed,
      ),
    })).begin
  return { begin: by(begin), end: by(mendPort) }
}

/** Fits something broken, and sees to it that somebody charges there. */
function brokenPort(fit: Partial<PortFittings>, visit: (nowMs: number) => Visit = heavyVisit): Strike {
  return portStrike((port, nowMs) => {
    const broken = { ...port, fittings: { ...port.fittings, ...fit } }
    return callVisitor(broken, visit(nowMs), nowMs)
  })
}

function shedStrike(begin: Partial<ShedFittings>, end: Partial<ShedFittings>): Strike {
  const by =
    (change: Partial<ShedFittings>) => (plant: EstatePlant, place: { at: string; shed?: number }) => ({
      ...plant,
      sheds: plant.sheds.map((shed, index) => (index === place.shed ? refitShed(shed, change) : shed)),
    })
  return plantStrike(by(begin), by(end))
}

/** Whoever is there burns. Afterwards the port is new, and the smoke detector is reset. */
function runawayStrike(kPerMin: number, smokeAfterMs: number): Strike {
  const port = portStrike((was, nowMs) => {
    const runaway = { kPerMin, smokesAtMs: nowMs + smokeAfterMs }
    const burning = { ...was, fittings: { ...was.fittings, runaway } }
    return was.guest ? touch(burning) : callVisitor(burning, heavyVisit(nowMs), nowMs)
  })
  const detector = shedStrike({}, { smoke: false })
  const end: Strike['begin'] = (estate, place) => {
    port.end?.(estate, place)
    detector.end?.(estate, place)
  }
  return { begin: port.begin, end }
}

/** A battery whose charger never finds it full. */
function endlessVisit(nowMs: number): Visit {
  const { pack, ...visit } = heavyVisit(nowMs)
  return { ...visit, pack: { ...pack, name: 'never full', wh: 12_000, chargerW: 120 } }
}

const portFaults: readonly FaultKind[] = [
  {
    fault: 'bad-contact',
    about:
      'A loose contact of `ohm` (0.3 to 1) heats the socket: with a heavy bike 0.5 adds 50 K within the hour, 0.8 ' +
      'adds 80. At 65 °C the port opens its relay and is out of order.',
    at: ['port'],
    rules: ['C02', 'C03'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ ohm: z.number().min(0.05).max(2).default(0.8) }).prefault({}),
      ({ ohm }) => brokenPort({ contactOhm: ohm }),
    ),
  },
  {
    fault: 'thermal-runaway',
    about:
      'A battery on charge heats itself by `kPerMin`, K/min, whatever the relay does. It smokes at 90 °C, or after ' +
      '`smokeAfterS` (180); then the shed cuts itself off.',
    at: ['port'],
    rules: ['C01', 'C02'],
    reaches: 'place',
    params: strikes(
      z
        .strictObject({
          kPerMin: z.number().min(1).max(60).default(6),
          smokeAfterS: z.number().min(10).max(3_600).default(180),
        })
        .prefault({}),
      ({ kPerMin, smokeAfterS }) => runawayStrike(kPerMin, smokeAfterS * 1000),
    ),
  },
  {
    fault: 'relay-welded',
    about:
      "A port's relay no longer opens. Whoever charges there stops, or somebody plugs in: the current stays, " +
      'the port is out of order.',
    at: ['port'],
    rules: ['C04'],
    reaches: 'place',
    params: strikes(nothing, () =>
      portStrike((port, nowMs) => {
        const welded = { ...port, fittings: { ...port.fittings, welded: true } }
        return stopOrder(callVisitor(welded, heavyVisit(nowMs), nowMs), nowMs)
      }),
    ),
  },
  {
    fault: 'overload',
    about:
      'Several chargers on one socket: `factor` times the power of a heavy bike for `seconds`. Above 5.5 A the port ' +
      'stops; three times within a day is worth a visit.',
    at: ['port'],
    rules: ['C05'],
    reaches: 'place',
    params: strikes(
      z
        .strictObject({
          factor: z.number().min(1.1).max(10).default(3),
          seconds: z.number().min(10).max(3_600).default(10),
        })
        .prefault({}),
      ({ factor, seconds }) => brokenPort({ overload: { factor, leftS: seconds } }),
    ),
  },
  {
    fault: 'earth-leakage',
    about:
      'A damaged charger: `ma` to earth as soon as it is on (trips above 30). The port opens and is out of order.',
    at: ['port'],
    rules: ['C06'],
    reaches: 'place',
    params: strikes(z.strictObject({ ma: z.number().min(1).max(300).default(35) }).prefault({}), ({ ma }) =>
      brokenPort({ residualMa: ma }),
    ),
  },
  {
    fault: 'port-dead',
    about:
      'A port gives no current, `because` its `fuse` has blown (the precheck finds it) or its `clip` is loose ' +
      '(sessions begin and end after a minute). Somebody tries three times.',
    at: ['port'],
    rules: ['C07'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ because: z.enum(['fuse', 'clip']).default('clip') }).prefault({}),
      ({ because }) =>
        brokenPort({ output: because === 'fuse' ? 'fuse-blown' : 'clip-loose' }, (nowMs) => ({
          ...heavyVisit(nowMs),
          retries: 2,
        })),
    ),
  },
  {
    fault: 'never-full',
    about: 'A charger that does not taper: the session ends at its limit of ten hours.',
    at: ['port'],
    rules: ['C08'],
    reaches: 'place',
    params: strikes(nothing, () => brokenPort({}, endlessVisit)),
  },
]

const shedFaults: readonly FaultKind[] = [
  {
    fault: 'shed-smoke',
    about: 'The smoke detector of a shed: everything in it is cut off, also when no battery burns.',
    at: ['shed'],
    rules: ['C01'],
    reaches: 'place',
    params: strikes(nothing, () => shedStrike({ smoke: true }, { smoke: false })),
  },
  {
    fault: 'shed-outage',
    about: 'A shed has no mains voltage; its controller lives on for a while, and says so.',
    at: ['shed'],
    rules: ['C09'],
    reaches: 'place',
    params: strikes(nothing, () => shedStrike({ feederV: 0 }, { feederV: mainsV })),
  },
  {
    fault: 'supply-voltage',
    about:
      'The feeder gives `volts`: abnormal below 198 and above 235; below 176 and above 264 nothing charges.',
    at: ['shed'],
    rules: ['C09'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ volts: z.number().min(1).max(300).default(188) }).prefault({}),
      ({ volts }) => shedStrike({ feederV: volts }, { feederV: mainsV }),
    ),
  },
  {
    fault: 'shed-overload',
    about:
      'Something else of `w` watts hangs on the feeder of a shed. Above 7.8 kW nobody new may charge, above ' +
      '8.7 kW the last who came has to stop.',
    at: ['shed'],
    rules: ['C10'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ w: z.number().min(100).max(15_000).default(8_800) }).prefault({}),
      ({ w }) => shedStrike({ foreignW: w }, { foreignW: 0 }),
    ),
  },
  {
    fault: 'shed-leakage',
    about: 'The earth leakage breaker of a whole shed has tripped: no voltage at any port.',
    at: ['shed'],
    rules: ['C06', 'C09'],
    reaches: 'place',
    params: strikes(nothing, () => shedStrike({ rcdTripped: true }, { rcdTripped: false })),
  },
  {
    fault: 'shed-door-open',
    about: 'The door of a shed, or of its cabinet, stands open.',
    at: ['shed'],
    rules: ['C11'],
    reaches: 'place',
    params: strikes(nothing, () => shedStrike({ door: true }, { door: false })),
  },
  {
    fault: 'shed-water',
    about: 'Water on the floor of a shed: nothing charges until it is dry.',
    at: ['shed'],
    rules: [],
    reaches: 'place',
    params: strikes(nothing, () => shedStrike({ water: true }, { water: false })),
  },
  {
    fault: 'emergency-stop',
    about: 'Somebody has pressed the emergency stop of a shed.',
    at: ['shed'],
    rules: [],
    reaches: 'place',
    params: strikes(nothing, () => shedStrike({ estop: true }, { estop: false })),
  },
  {
    fault: 'extinguisher-released',
    about: 'The extinguisher of a shed has been released: everything in it is cut off.',
    at: ['shed'],
    rules: [],
    reaches: 'place',
    params: strikes(nothing, () => shedStrike({ extinguisher: true }, { extinguisher: false })),
  },
]

export const chargingFaults: readonly FaultKind[] = [...portFaults, ...shedFaults]
