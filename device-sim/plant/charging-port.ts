import type { StopReason } from '../../firmware-contracts/words.ts'
import { chargeFor, chargerPowerW, timeToTaperS, type Charge } from './battery-pack.ts'
import { minuteMs, tickMs } from './day.ts'
import {
  controlPort,
  hotC,
  idle,
  relayClosed,
  residualLimitMa,
  sessionLimitMs,
  type Control,
} from './port-phases.ts'
import type { Visit } from './residents.ts'

/** One port: a relay, a socket, and whoever has plugged in. Between two steps its power is constant, so that its
 *  register and its warmth are known at every instant without a step; it is stepped only when something may
 *  change, which is every minute in the taper, every tick where something is wrong, and never while it is idle. */
export interface Guest {
  visit: Visit
  charge: Charge
  /** When the order ended. */
  stoppedMs: number | undefined
  /** Who ended it, if not the resident. */
  stopBy?: StopReason | undefined
}

/** What may be broken about a port. */
export interface PortFittings {
  /** Relay contacts stuck together: they no longer open. */
  welded: boolean
  /** Of the socket's contact: 5 mΩ, or 0.3 to 1 Ω when it is bad. */
  contactOhm: number
  output: 'sound' | 'fuse-blown' | 'clip-loose'
  /** To earth, while it is on. */
  residualMa: number
  /** Several chargers on one socket, for so long as it is on. */
  overload: { factor: number; leftS: number } | undefined
  /** The battery burns: it heats itself, whatever the relay does. */
  runaway: { kPerMin: number; smokesAtMs: number } | undefined
}

const soundPort: PortFittings = {
  welded: false,
  contactOhm: 0.005,
  output: 'sound',
  residualMa: 0,
  overload: undefined,
  runaway: undefined,
}

export interface PortState {
  /** Of the last step. */
  atMs: number
  /** Nothing will change before, unless it is touched. */
  nextMs: number
  control: Control
  guest: Guest | undefined
  /** Who will come to this port and no other. */
  awaits: Visit | undefined
  fittings: PortFittings
  /** Since `atMs`. */
  powerW: number
  amps: number
  /** At `atMs`; never resets. */
  energyWh: number
  /** Its value when the session began. */
  sessionFromWh: number
  /** Above the air around it, at `atMs`. */
  warmthK: number
}

/** What a port shares with its neighbours. */
export interface Supply {
  volts: number
  outdoorC: number
  lock: StopReason | undefined
  /** The shed's contactor is closed. */
  live: boolean
  refusing: boolean
}

/** As `nextMs`: look at it in the next tick. */
export const touched = 0
const taperStepMs = minuteMs
/** Somebody who waits in vain goes away. */
const patienceMs = 20 * minuteMs
/** To take the plug out and try again. */
const retryMs = minuteMs / 2
const thermalKPerW = 15
const thermalTimeS = 600
/** Where the sensor ends. */
const hottestK = 150
/** Below the limit by so much it is watched every tick. */
const watchedC = hotC - 15

export function startPort(atMs: number, energyWh: number): PortState {
  return {
    atMs,
    nextMs: Infinity,
    control: idle,
    guest: undefined,
    awaits: undefined,
    fittings: soundPort,
    powerW: 0,
    amps: 0,
    energyWh,
    sessionFromWh: energyWh,
    warmthK: 0,
  }
}

/** The register, Wh. */
export function energyAt(port: PortState, nowMs: number): number {
  return port.energyWh + (port.powerW * (nowMs - port.atMs)) / 3_600_000
}

/** `T = Ta + R_th·I²·R_c`, with a time constant of ten minutes; above the air, K. */
export function warmthAt({ atMs, warmthK, amps, fittings }: PortState, nowMs: number): number {
  const dtS = (nowMs - atMs) / 1000
  if (dtS <= 0 || (warmthK === 0 && amps === 0 && !fittings.runaway)) return warmthK
  if (fittings.runaway) return Math.min(hottestK, warmthK + (fittings.runaway.kPerMin * dtS) / 60)
  const target = thermalKPerW * amps * amps * fittings.contactOhm
  return target + (warmthK - target) * Math.exp(-dtS / thermalTimeS)
}

export function isFree({ guest, awaits, control }: PortState): boolean {
  return guest === undefined && awaits === undefined && control.phase === 'idle'
}

export function seat(port: PortState, visit: Visit): PortState {
  return { ...touch(port), guest: arrive(visit), awaits: undefined }
}

/** The same port as it has become until `nowMs`: counted, warmed, its battery fuller. */
export function settle(was: PortState, nowMs: number): PortState {
  if (was.atMs === nowMs) return was
  return {
    ...was,
    atMs: nowMs,
    energyWh: energyAt(was, nowMs),
    warmthK: warmthAt(was, nowMs),
    guest: charged(was, nowMs),
    fittings: wear(was, nowMs),
  }
}

function charged({ guest, powerW, atMs }: PortState, nowMs: number): Guest | undefined {
  if (!guest || powerW === 0) return guest
  const { pack } = guest.visit
  const charge = chargeFor(pack, guest.charge, Math.min(powerW, pack.chargerW), (nowMs - atMs) / 1000)
  return { ...guest, charge }
}

/** The overload lasts its time, and is over. */
function wear({ atMs, fittings, powerW }: PortState, nowMs: number): PortFittings {
  const { overload } = fittings
  if (!overload || powerW === 0) return fittings
  const leftS = overload.leftS - (nowMs - atMs) / 1000
  return { ...fittings, overload: leftS > 0 ? { ...overload, leftS } : undefined }
}

/** Something was done to it from outside: it is stepped at the next tick. */
export function touch(port: PortState): PortState {
  return { ...port, nextMs: touched }
}

function arrive(visit: Visit): Guest {
  return { visit, charge: { soc: visit.soc, taperS: 0 }, stoppedMs: undefined }
}

/** Somebody ends the order: the resident, the server, the shed's own limit. */
export function stopOrder(port: PortState, nowMs: number, stopBy?: StopReason): PortState {
  if (!port.guest || port.guest.stoppedMs !== undefined) return port
  return { ...touch(port), guest: { ...port.guest, stoppedMs: nowMs, stopBy } }
}

/** `visit` charges here: whoever is here and charges as much stays, anybody else gives way within seconds. */
export function callVisitor(port: PortState, visit: Visit, nowMs: number): PortState {
  const { guest } = port
  if (!guest) return seat(port, visit)
  if (suits(port, guest, visit)) {
    const { leavesMs: _, ...stays } = guest.visit
    const lingersMs = Math.max(stays.lingersMs, visit.lingersMs)
    return { ...touch(port), guest: { ...guest, visit: { ...stays, lingersMs } } }
  }
  const leaving = { ...guest, visit: { ...guest.visit, lingersMs: 2 * tickMs } }
  const awaits = { ...visit, arrivesMs: nowMs + 6 * tickMs }
  return { ...stopOrder({ ...port, guest: leaving }, nowMs), nextMs: touched, awaits }
}

function suits({ control }: PortState, { visit: { pack }, charge }: Guest, wanted: Visit): boolean {
  if (!relayClosed(control.phase) || wanted.retries !== undefined) return false
  return pack.chargerW >= wanted.pack.chargerW && pack.wh >= wanted.pack.wh && charge.soc < 0.6
}

/** Repaired and reset: whoever is still plugged in has to begin anew. */
export function mendPort(port: PortState): PortState {
  const mended = { ...touch(port), fittings: soundPort }
  if (port.control.phase !== 'faulted') return mended
  const phase = port.guest ? 'finishing' : 'idle'
  return { ...mended, control: { ...port.control, phase, error: 'none' } }
}

/** The port at `nowMs`. */
export function stepPort(before: PortState, supply: Supply, nowMs: number): PortState {
  const was = settle(before, nowMs)
  const { energyWh, warmthK, fittings } = was
  const { guest: here, awaits } = visitorsAt(was, nowMs)
  /** A relay that was replaced since the last step is open. */
  const measures = here !== undefined && (relayClosed(was.control.phase) || fittings.welded)
  const seen = {
    plug: here !== undefined,
    order: hasOrder(here, nowMs),
    stopBy: here?.stopBy,
    powerW: measures ? was.powerW : 0,
    amps: measures ? was.amps : 0,
    sessionWh: energyWh - was.sessionFromWh,
    portC: supply.outdoorC + warmthK,
    residualMa: fittings.residualMa,
    fuseBlown: fittings.output === 'fuse-blown',
    lock: supply.lock,
    refusing: supply.refusing,
  }
  const control = controlPort(was.control, seen, nowMs)
  const began = control.sessionMs !== was.control.sessionMs
  const ended = relayClosed(was.control.phase) && !relayClosed(control.phase)
  const guest = here && ended ? { ...here, stoppedMs: here.stoppedMs ?? nowMs } : here
  const next: PortState = {
    ...was,
    ...loadOf(fittings, control, { guest, supply }),
    control,
    guest,
    awaits,
    sessionFromWh: began ? energyWh : was.sessionFromWh,
  }
  const soonMs = nowMs + tickMs
  next.nextMs = control === was.control ? Math.max(soonMs, nextStepMs(next, supply)) : soonMs
  return next
}

/** Who is plugged in now, and who is still expected. */
function visitorsAt(was: PortState, nowMs: number): Pick<PortState, 'guest' | 'awaits'> {
  const { guest, awaits, control, fittings } = was
  if (!guest) {
    const there = awaits !== undefined && nowMs >= awaits.arrivesMs && takesPlug(control)
    return there ? { guest: arrive(awaits), awaits: undefined } : { guest, awaits }
  }
  if (fittings.runaway || nowMs < leavesAtMs(guest, control)) return { guest, awaits }
  return { guest: undefined, awaits: awaits ?? comesBack(guest.visit, control, nowMs) }
}

/** Somebody who was sent here also plugs in where it says that it is out of order. */
function takesPlug({ phase }: Control): boolean {
  return phase === 'idle' || phase === 'faulted'
}

/** Whose bike got nothing takes the plug out, looks at it, and tries again. */
function comesBack(visit: Visit, { stopReason }: Control, nowMs: number): Visit | undefined {
  const { retries = 0 } = visit
  if (stopReason !== 'no_power' || retries === 0) return undefined
  return { ...visit, retries: retries - 1, arrivesMs: nowMs + retryMs }
}

function hasOrder(guest: Guest | undefined, nowMs: number): boolean {
  if (!guest || guest.stoppedMs !== undefined) return false
  return nowMs >= guest.visit.arrivesMs + guest.visit.scansAfterMs
}

function leavesAtMs({ visit, stoppedMs }: Guest, { phase, error }: Control): number {
  if (visit.leavesMs !== undefined) return visit.leavesMs
  if (stoppedMs !== undefined) return stoppedMs + (error === 'no_output' ? retryMs : visit.lingersMs)
  return relayClosed(phase) || phase === 'precheck' ? Infinity : visit.arrivesMs + patienceMs
}

function loadOf(
  fittings: PortFittings,
  { phase }: Control,
  { guest, supply }: { guest: Guest | undefined; supply: Supply },
): { powerW: number; amps: number } {
  const conducts = supply.live && supply.volts > 0 && (relayClosed(phase) || fittings.welded)
  if (!guest || !conducts || fittings.output !== 'sound') return { powerW: 0, amps: 0 }
  const { pack } = guest.visit
  const powerW = chargerPowerW(pack, guest.charge) * (fittings.overload?.factor ?? 1)
  return { powerW, amps: powerW / supply.volts / pack.powerFactor }
}

/** When something may change by itself. */
function nextStepMs(port: PortState, supply: Supply): number {
  const { atMs, control, guest, awaits, fittings, powerW } = port
  const { phase } = control
  if (fittings.runaway) return touched
  if (!guest && takesPlug(control)) return awaits?.arrivesMs ?? Infinity
  if (!guest) return phase === 'disabled' ? Infinity : touched
  if (phase === 'plugged' || phase === 'precheck' || phase === 'unplug_check') return touched
  const leavesMs = leavesAtMs(guest, control)
  if (powerW === 0) return leavesMs
  if (needsWatching(port, supply)) return touched
  const { pack } = guest.visit
  const taperInS = timeToTaperS(pack, guest.charge, Math.min(powerW, pack.chargerW))
  const chargedMs = atMs + (taperInS > 0 ? taperInS * 1000 : taperStepMs)
  const limitMs = relayClosed(phase) ? control.sessionMs + sessionLimitMs : Infinity
  return Math.min(leavesMs, chargedMs, limitMs)
}

/** Too hot soon, too much current, or current to earth: the interlocks look every tick. */
function needsWatching({ amps, fittings, warmthK }: PortState, { outdoorC }: Supply): boolean {
  if (fittings.residualMa > residualLimitMa || fittings.overload) return true
  const endsAtK = thermalKPerW * amps * amps * fittings.contactOhm
  return outdoorC + Math.max(warmthK, endsAtK) > watchedC
}
