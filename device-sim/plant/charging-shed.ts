import { logNormal, poisson, randomFor, uniform, type Random } from '../random.ts'
import {
  arrivingSoc,
  chargeFor,
  chargerPowerW,
  packs,
  somePack,
  type Charge,
  type Pack,
} from './battery-pack.ts'
import { dayOf, hourMs, inServiceMs, midnightOf, minuteMs, timeOfDay, type HourWeights } from './day.ts'
import { controlPort, idle, relayClosed, type Control } from './port-phases.ts'

/** A shed of charging ports through the day: people come home, plug in, scan the code, and fetch the bike
 *  when it suits them. What the shed draws is the sum of its ports and of its own lamp and controller, so
 *  its energy is conserved. Stepped every few seconds. Figures: domain.md E3. */
export interface Visit {
  arrivesMs: number
  pack: Pack
  soc: number
  /** From plugging in to the accepted order. */
  scansAfterMs: number
  /** How long the bike stays after its charging ended. */
  lingersMs: number
  /** Taken away at this time, full or not. */
  leavesMs?: number
}

interface Guest {
  visit: Visit
  charge: Charge
  stoppedMs: number | undefined
}

export interface PortState {
  control: Control
  guest: Guest | undefined
  /** Relay contacts stuck together: they no longer open. */
  welded: boolean
  powerW: number
  /** Never resets. */
  energyWh: number
  /** Its value when the session began. */
  sessionFromWh: number
  /** Above the air around it. */
  warmthK: number
}

export interface ShedState {
  ports: readonly PortState[]
  /** Of the local day, in order of arrival; `nextVisit` is the first still to come. */
  visits: readonly Visit[]
  visitsDay: number
  nextVisit: number
  /** Who found every port taken. */
  turnedAway: number
  energyWh: number
}

export interface ShedPlace {
  seed: number
  id: string
  ports: number
}

const busyHours: HourWeights = [
  0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.5, 0.8, 0.9, 0.8, 0.7, 0.9, 1.6, 1.2, 0.8, 0.8, 1, 1.5, 2.4, 2.8, 2.8, 2.4,
  1.2, 0.5,
]
const sessionsPerPortDay = 1
/** One in five is off again long before the battery is full. */
const hurried = 0.2
const longestLingerMs = 6 * hourMs
export const standbyW = 15
export const mainsV = 225
const thermalKPerW = 15
const thermalTimeS = 600
const contactOhm = 0.005
const registerWhPerHour = 200

/** Everybody who comes to the shed on the local `day`. */
export function visitsOfDay(place: ShedPlace, day: number): readonly Visit[] {
  const random = randomFor(place.seed, place.id, `visits/${day}`)
  const visits = Array.from({ length: poisson(random, sessionsPerPortDay * place.ports) }, () =>
    someVisit(random, midnightOf(day) + timeOfDay(random, busyHours)),
  )
  return visits.sort((a, b) => a.arrivesMs - b.arrivesMs)
}

function someVisit(random: Random, arrivesMs: number): Visit {
  const inAHurry = random() < hurried
  const leavesMs = arrivesMs + uniform(random, 10, 90) * minuteMs
  return {
    arrivesMs,
    pack: somePack(random),
    soc: arrivingSoc(random),
    scansAfterMs: uniform(random, 15, 60) * 1000,
    lingersMs: Math.min(longestLingerMs, logNormal(random, 1.5 * hourMs, 0.8)),
    ...(inAHurry && { leavesMs }),
  }
}

/** An empty shed at `atMs`. Its registers have counted since `inServiceMs`, faster than any real day does, so
 *  that no restart of the simulation turns one back. */
export function startShed(place: ShedPlace, atMs: number): ShedState {
  const ports = Array.from({ length: place.ports }, (): PortState => {
    const energyWh = Math.floor((atMs - inServiceMs) / hourMs) * registerWhPerHour
    return {
      control: idle,
      guest: undefined,
      welded: false,
      powerW: 0,
      energyWh,
      sessionFromWh: energyWh,
      warmthK: 0,
    }
  })
  const visits = visitsOfDay(place, dayOf(atMs))
  const nextVisit = visits.filter((visit) => visit.arrivesMs < atMs).length
  return { ports, visits, visitsDay: dayOf(atMs), nextVisit, turnedAway: 0, energyWh: 0 }
}

/** The shed at `nowMs`, `dtS` seconds after `was`. */
export function stepShed(place: ShedPlace, was: ShedState, nowMs: number, dtS: number): ShedState {
  let shed = openDay(place, was, nowMs)
  for (let visit = shed.visits[shed.nextVisit]; visit && visit.arrivesMs <= nowMs;) {
    shed = { ...admit(shed, visit), nextVisit: shed.nextVisit + 1 }
    visit = shed.visits[shed.nextVisit]
  }
  const ports = shed.ports.map((port) => stepPort(port, nowMs, dtS))
  return { ...shed, ports, energyWh: shed.energyWh + (shedPowerW(ports) * dtS) / 3600 }
}

/** At midnight the next day's visitors are known; whoever has not come by then comes first. */
function openDay(place: ShedPlace, was: ShedState, nowMs: number): ShedState {
  const today = dayOf(nowMs)
  if (was.visitsDay === today) return was
  const late = was.visits.slice(was.nextVisit)
  return { ...was, visits: [...late, ...visitsOfDay(place, today)], visitsDay: today, nextVisit: 0 }
}

/** The visitor takes one of the free ports, or leaves when there is none. */
export function admit(was: ShedState, visit: Visit): ShedState {
  const free = was.ports.flatMap((port, index) =>
    port.guest === undefined && port.control.phase === 'idle' ? [index] : [],
  )
  const chosen = free[visit.arrivesMs % Math.max(1, free.length)]
  if (chosen === undefined) return { ...was, turnedAway: was.turnedAway + 1 }
  return withPort(was, chosen, (port) => ({ ...port, guest: arrive(visit) }))
}

function arrive(visit: Visit): Guest {
  return { visit, charge: { soc: visit.soc, taperS: 0 }, stoppedMs: undefined }
}

/** Fault: the contacts of port `index` weld. The resident who charges there stops, or one comes and does, so
 *  that the current that no longer ends can be seen. */
export function weldRelay(was: ShedState, index: number, nowMs: number): ShedState {
  return withPort(was, index, (port) => {
    const visit: Visit = {
      arrivesMs: nowMs,
      pack: packs[2],
      soc: 0.2,
      scansAfterMs: 0,
      lingersMs: longestLingerMs,
    }
    const guest = port.guest ?? arrive(visit)
    return { ...port, welded: true, guest: { ...guest, stoppedMs: nowMs } }
  })
}

function withPort(was: ShedState, index: number, change: (port: PortState) => PortState): ShedState {
  return { ...was, ports: was.ports.map((port, at) => (at === index ? change(port) : port)) }
}

/** What all ports and the shed itself draw, W. */
export function shedPowerW(ports: readonly PortState[]): number {
  return ports.reduce((sum, port) => sum + port.powerW, standbyW)
}

export function currentMa(port: PortState): number {
  const factor = port.guest?.visit.pack.powerFactor ?? 1
  return (port.powerW / mainsV / factor) * 1000
}

function stepPort(was: PortState, nowMs: number, dtS: number): PortState {
  if (!was.guest && was.control.phase === 'idle' && was.warmthK < 0.01) return was
  const guest = was.guest && !hasLeft(was.guest, was.control, nowMs) ? was.guest : undefined
  const seen = { plug: guest !== undefined, order: hasOrder(guest, nowMs), powerW: guest ? was.powerW : 0 }
  const control = controlPort(was.control, seen, nowMs)
  const conducts = relayClosed(control.phase) || was.welded
  const powerW = guest && conducts ? chargerPowerW(guest.visit.pack, guest.charge) : 0
  const amps = guest ? powerW / mainsV / guest.visit.pack.powerFactor : 0
  const warm = thermalKPerW * amps * amps * contactOhm
  return {
    ...was,
    control,
    guest: guest && charged(guest, control, { powerW, nowMs, dtS }),
    powerW,
    energyWh: was.energyWh + (powerW * dtS) / 3600,
    sessionFromWh: control.sessionMs === was.control.sessionMs ? was.sessionFromWh : was.energyWh,
    warmthK: was.warmthK + (warm - was.warmthK) * (1 - Math.exp(-dtS / thermalTimeS)),
  }
}

function hasOrder(guest: Guest | undefined, nowMs: number): boolean {
  if (!guest || guest.stoppedMs !== undefined) return false
  return nowMs >= guest.visit.arrivesMs + guest.visit.scansAfterMs
}

function hasLeft(guest: Guest, control: Control, nowMs: number): boolean {
  if (guest.visit.leavesMs !== undefined) return nowMs >= guest.visit.leavesMs
  return control.phase === 'finishing' && nowMs >= control.sincePhaseMs + guest.visit.lingersMs
}

function charged(
  guest: Guest,
  control: Control,
  step: { powerW: number; nowMs: number; dtS: number },
): Guest {
  const charge = chargeFor(guest.visit.pack, guest.charge, step.powerW, step.dtS)
  const ended = control.phase === 'finishing' && guest.stoppedMs === undefined
  return { ...guest, charge, stoppedMs: ended ? step.nowMs : guest.stoppedMs }
}
