import type { StopReason } from '../../firmware-contracts/words.ts'
import {
  energyAt,
  isFree,
  seat,
  startPort,
  stepPort,
  stopOrder,
  touch,
  touched,
  warmthAt,
  type PortState,
  type Supply,
} from './charging-port.ts'
import { dayOf, hourMs, inServiceMs, midnightOf, tickMs } from './day.ts'
import { relayClosed } from './port-phases.ts'
import { visitsOfDay, type ShedPlace, type Visit } from './residents.ts'

/** A shed of charging ports through the day. What it draws is the sum of its ports, of its own lamp and
 *  controller, and of what else hangs on its feeder, so its energy is conserved. It moves from one thing that
 *  happens to the next: a shed where nothing happens costs nothing. Figures: domain.md A1 and E3. */
export interface ShedFittings {
  /** What the feeder gives; 0 in an outage. */
  feederV: number
  /** A heater, a car: on the feeder, but on no port. */
  foreignW: number
  smoke: boolean
  water: boolean
  door: boolean
  estop: boolean
  extinguisher: boolean
  /** The shed's earth leakage breaker has tripped. */
  rcdTripped: boolean
}

export interface ShedState {
  /** Of the last step. */
  atMs: number
  /** Nothing happens before. */
  nextMs: number
  ports: readonly PortState[]
  fittings: ShedFittings
  /** Of the local day, in order of arrival; `nextVisit` is the first still to come. */
  visits: readonly Visit[]
  visitsDay: number
  nextVisit: number
  /** Who found every port taken. */
  turnedAway: number
  /** Too much is drawn for another session. */
  refusing: boolean
  /** Since when it is more than the feeder bears. */
  overSinceMs: number | undefined
  /** Since `atMs`. */
  powerW: number
  /** At `atMs`. */
  energyWh: number
}

export const mainsV = 225
export const standbyW = 15
const refuseAboveW = 7_800
const shedAboveW = 8_700
const acceptBelowW = 0.9 * refuseAboveW
const shedAfterMs = 10_000
/** A charger's electronics live between these. */
const lowestV = 176
const highestV = 264
const smokesAtC = 90
const registerWhPerHour = 200

const inOrder: ShedFittings = {
  feederV: mainsV,
  foreignW: 0,
  smoke: false,
  water: false,
  door: false,
  estop: false,
  extinguisher: false,
  rcdTripped: false,
}

/** An empty shed at `atMs`. Its registers have counted since `inServiceMs`, faster than any real day does, so
 *  that no restart of the simulation turns one back. */
export function startShed(place: ShedPlace, atMs: number): ShedState {
  const energyWh = Math.floor((atMs - inServiceMs) / hourMs) * registerWhPerHour
  const visits = visitsOfDay(place, dayOf(atMs))
  return {
    atMs,
    nextMs: atMs + tickMs,
    ports: Array.from({ length: place.ports }, () => startPort(atMs, energyWh)),
    fittings: inOrder,
    visits,
    visitsDay: dayOf(atMs),
    nextVisit: visits.filter((visit) => visit.arrivesMs < atMs).length,
    turnedAway: 0,
    refusing: false,
    overSinceMs: undefined,
    powerW: standbyW,
    energyWh: 0,
  }
}

/** The shed at `nowMs`, a whole tick; `was` itself when nothing has happened since. */
export function stepShed(place: ShedPlace, was: ShedState, nowMs: number, outdoorC: number): ShedState {
  let shed = was
  while (shed.nextMs <= nowMs) shed = turn(place, shed, turnAtMs(shed, nowMs), outdoorC)
  return shed
}

/** Something about the shed changes from outside: everything in it is looked at in the next tick. */
export function refitShed(was: ShedState, change: Partial<ShedFittings>): ShedState {
  return touchShed({ ...was, fittings: { ...was.fittings, ...change }, ports: was.ports.map(touch) })
}

export function withPort(was: ShedState, index: number, change: (port: PortState) => PortState): ShedState {
  return touchShed({ ...was, ports: was.ports.map((port, at) => (at === index ? change(port) : port)) })
}

/** The server ends the session on the port with this index, or all of them. */
export function stopOrders(was: ShedState, nowMs: number, index?: number): ShedState {
  const stop = (port: PortState, at: number) =>
    index === undefined || at === index ? stopOrder(port, nowMs, 'server') : port
  return touchShed({ ...was, ports: was.ports.map(stop) })
}

/** The visitor takes one of the free ports, or leaves when there is none. */
export function admit(was: ShedState, visit: Visit): ShedState {
  const free = was.ports.flatMap((port, index) => (isFree(port) ? [index] : []))
  const chosen = free[visit.arrivesMs % Math.max(1, free.length)]
  if (chosen === undefined) return { ...was, turnedAway: was.turnedAway + 1 }
  return withPort(was, chosen, (port) => seat(port, visit))
}

/** At the meters, V. */
export function voltageOf({ feederV, rcdTripped }: ShedFittings): number {
  return rcdTripped ? 0 : feederV
}

/** Why nothing may charge here now. */
function lockOf(fittings: ShedFittings): StopReason | undefined {
  if (fittings.smoke || fittings.extinguisher) return 'smoke'
  if (fittings.rcdTripped) return 'ground_failure'
  if (fittings.estop) return 'no_power'
  if (fittings.water) return 'water'
  const volts = voltageOf(fittings)
  if (volts === 0) return 'no_power'
  if (volts < lowestV) return 'under_voltage'
  return volts > highestV ? 'over_voltage' : undefined
}

/** Smoke, water and the emergency button open the contactor before all ports. */
export function contactorClosed(fittings: ShedFittings): boolean {
  const { smoke, extinguisher, rcdTripped, estop, water } = fittings
  return !(smoke || extinguisher || rcdTripped || estop || water)
}

/** The shed's own register, Wh. */
export function shedEnergyAt({ atMs, energyWh, powerW }: ShedState, nowMs: number): number {
  return energyWh + (powerW * (nowMs - atMs)) / 3_600_000
}

/** What was touched from outside turns now, everything else when it is due. */
function turnAtMs(shed: ShedState, nowMs: number): number {
  return shed.nextMs === touched ? nowMs : Math.max(wholeTick(shed.nextMs), shed.atMs + tickMs)
}

function touchShed(shed: ShedState): ShedState {
  return { ...shed, nextMs: touched }
}

function wholeTick(ms: number): number {
  return Math.ceil(ms / tickMs) * tickMs
}

function turn(place: ShedPlace, was: ShedState, nowMs: number, outdoorC: number): ShedState {
  const energyWh = shedEnergyAt(was, nowMs)
  const shed = limitPower(detectSmoke(openDay(place, was, nowMs), nowMs, outdoorC), nowMs)
  const { fittings, refusing } = shed
  const volts = voltageOf(fittings)
  const live = contactorClosed(fittings)
  const supply: Supply = { volts, outdoorC, lock: lockOf(fittings), live, refusing }
  const ports = shed.ports.map((port) => (port.nextMs <= nowMs ? stepPort(port, supply, nowMs) : port))
  const powerW = drawnW(ports, fittings)
  const turned = { ...shed, atMs: nowMs, ports, energyWh, powerW }
  return { ...turned, nextMs: nextTurnMs(turned, nowMs) }
}

/** What the ports, the shed itself and whatever else is on the feeder draw, W. */
function drawnW(ports: readonly PortState[], fittings: ShedFittings): number {
  const own = voltageOf(fittings) === 0 ? 0 : standbyW + fittings.foreignW
  return ports.reduce((sum, port) => sum + port.powerW, own)
}

function nextTurnMs(shed: ShedState, nowMs: number): number {
  if (shed.overSinceMs !== undefined || shed.powerW > acceptBelowW) return nowMs + tickMs
  const visitMs = shed.visits[shed.nextVisit]?.arrivesMs ?? Infinity
  const soonest = shed.ports.reduce((soon, port) => Math.min(soon, port.nextMs), visitMs)
  return Math.min(soonest, midnightOf(shed.visitsDay + 1))
}

/** Lets in who has come. At midnight the next day's visitors are known; who has not come by then comes first. */
function openDay(place: ShedPlace, was: ShedState, nowMs: number): ShedState {
  let shed = was
  const today = dayOf(nowMs)
  if (shed.visitsDay !== today) {
    const late = shed.visits.slice(shed.nextVisit)
    shed = { ...shed, visits: [...late, ...visitsOfDay(place, today)], visitsDay: today, nextVisit: 0 }
  }
  for (let visit = shed.visits[shed.nextVisit]; visit && visit.arrivesMs <= nowMs;) {
    shed = { ...admit(shed, visit), nextVisit: shed.nextVisit + 1 }
    visit = shed.visits[shed.nextVisit]
  }
  return shed
}

/** C01: a battery that burns smokes at 90 °C, or when its time has come. */
function detectSmoke(was: ShedState, nowMs: number, outdoorC: number): ShedState {
  if (was.fittings.smoke) return was
  const smokes = was.ports.some((port) => {
    const { runaway } = port.fittings
    return runaway && (nowMs >= runaway.smokesAtMs || outdoorC + warmthAt(port, nowMs) >= smokesAtC)
  })
  return smokes ? refitShed(was, { smoke: true }) : was
}

/** C10: above 7.8 kW nobody new may charge; above 8.7 kW for ten seconds the last who came has to stop. */
function limitPower(was: ShedState, nowMs: number): ShedState {
  const refusing = was.powerW > (was.refusing ? acceptBelowW : refuseAboveW)
  const overSinceMs = was.powerW > shedAboveW ? (was.overSinceMs ?? nowMs) : undefined
  if (refusing === was.refusing && overSinceMs === undefined && was.overSinceMs === undefined) return was
  const shed = { ...was, refusing, overSinceMs }
  if (overSinceMs === undefined || nowMs - overSinceMs < shedAfterMs) return shed
  const running = shed.ports.flatMap(({ control }, index) =>
    relayClosed(control.phase) ? [{ index, sessionMs: control.sessionMs }] : [],
  )
  const last = running.toSorted((a, b) => b.sessionMs - a.sessionMs)[0]
  return last ? withPort(shed, last.index, (port) => stopOrder(port, nowMs, 'overload')) : shed
}

/** All the ports' registers together, Wh. */
export function portsEnergyAt({ ports }: ShedState, nowMs: number): number {
  return ports.reduce((sum, port) => sum + energyAt(port, nowMs), 0)
}
