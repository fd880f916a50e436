import type {
  ChargerPortEvent,
  ChargerPortState,
  ChargerPortTele,
  ChargerTele,
} from '../../firmware-contracts/kinds/charger.ts'
import { portName } from '../fleet.ts'
import { energyAt, warmthAt, type PortState } from '../plant/charging-port.ts'
import {
  contactorClosed,
  stopOrders,
  voltageOf,
  type ShedFittings,
  type ShedState,
} from '../plant/charging-shed.ts'
import { tickMs } from '../plant/day.ts'
import type { EstatePlant } from '../plant/estate-plant.ts'
import { availabilityOf, relayClosed, type Control } from '../plant/port-phases.ts'
import {
  deviceOf,
  every,
  once,
  partsOf,
  staggered,
  type Device,
  type Making,
  type Obey,
  type Parts,
} from './device.ts'
import type { Outgoing } from './message.ts'
import { measured, measuredAbove0 } from './sensor.ts'

/** The controller of a shed. It says the shed itself every 30 s; a port every 30 s while current flows, every 10 s
 *  while it is hot, every five minutes otherwise, and at once when its power changes by a tenth; and whatever
 *  changes its state within two seconds. domain.md A1. */
const shedPeriodMs = 30_000
const chargingMs = 30_000
const hotMs = 10_000
const idleMs = 300_000
const healthMs = 900_000
const hotC = 50
const changedShare = 0.1
/** Below that a tenth is noise. */
const changedW = 5
/** After the tick in which something happens; the rest of the two seconds is the network's. */
const noticesWithinMs = 1_500

/** `shed` is its index on the estate. */
export function charger(making: Making, shed: number, ports: number): Device {
  const parts = partsOf(making)
  const { voice, bornMs, noise } = parts
  const watch = new ShedWatch(parts, shed, ports)
  const firstLookMs = Math.ceil(bornMs / tickMs) * tickMs + Math.floor(parts.phase() * noticesWithinMs)
  const tasks = [
    once(bornMs, (nowMs, plant) => [
      ...voice.birth(nowMs, { periodS: { tele: 30, state: 300, 'tele/port': 300, 'state/port': 300 } }),
      ...watch.introduce(nowMs, plant),
    ]),
    every(shedPeriodMs, staggered(parts, shedPeriodMs), (nowMs, plant) => watch.report(nowMs, plant)),
    every(idleMs, staggered(parts, idleMs), (nowMs, plant) => watch.repeat(nowMs, plant)),
    every(healthMs, staggered(parts, healthMs), (nowMs) => [
      voice.say(nowMs, 'tele', { rsrp_dbm: measured(noise, -88, 3), vbat_mv: measured(noise, 3050, 5) }),
    ]),
    every(tickMs, firstLookMs, (nowMs, plant) => watch.look(nowMs, plant)),
  ]
  return deviceOf(parts, tasks, { stop: stopSession(shed, ports) })
}

/** `cmd/stop`: ends the session on `port` (1 to 12), or without it all sessions of the shed. */
function stopSession(shed: number, ports: number): Obey {
  return ({ port }, estate) => {
    const isPort = typeof port === 'number' && port >= 1 && port <= ports
    if (port !== undefined && !isPort) return 'invalid'
    const { plant } = estate
    const chosen = isPort ? port - 1 : undefined
    const sheds = plant.sheds.map((was, index) =>
      index === shed ? stopOrders(was, plant.nowMs, chosen) : was,
    )
    estate.plant = { ...plant, sheds }
    return undefined
  }
}

const nothing: readonly Outgoing[] = []

/** Watches a shed, and remembers what was last said about it. As long as the shed is the same object and no
 *  repeat is due, there is nothing to look at. */
class ShedWatch {
  readonly #parts: Parts
  readonly #shed: number
  readonly #ports: readonly PortWatch[]
  #seen: ShedState | undefined
  #told: ShedFittings | undefined
  #dueMs = 0

  constructor(parts: Parts, shed: number, ports: number) {
    this.#parts = parts
    this.#shed = shed
    this.#ports = Array.from({ length: ports }, (_, index) => new PortWatch(parts, index))
  }

  introduce(nowMs: number, plant: EstatePlant): Outgoing[] {
    const shed = plant.sheds[this.#shed]
    if (!shed) return []
    this.#told = shed.fittings
    const look = { nowMs, plant, shed }
    return [
      this.#contacts(nowMs, shed),
      this.#sample(nowMs, plant, shed),
      ...this.#ports.flatMap((watch, index) => watch.introduce(shed.ports[index], look)),
    ]
  }

  report(nowMs: number, plant: EstatePlant): Outgoing[] {
    const shed = plant.sheds[this.#shed]
    return shed ? [this.#sample(nowMs, plant, shed)] : []
  }

  repeat(nowMs: number, plant: EstatePlant): Outgoing[] {
    const shed = plant.sheds[this.#shed]
    return shed ? [this.#contacts(nowMs, shed)] : []
  }

  look(nowMs: number, plant: EstatePlant): readonly Outgoing[] {
    const shed = plant.sheds[this.#shed]
    if (!shed || (shed === this.#seen && nowMs < this.#dueMs)) return nothing
    const said: Outgoing[] = []
    this.#lookAtContacts(nowMs, plant, shed, said)
    let dueMs = Infinity
    for (const [index, watch] of this.#ports.entries()) {
      const port = shed.ports[index]
      if (port && watch.hasNews(port, nowMs)) watch.look(port, { nowMs, plant, shed }, said)
      dueMs = Math.min(dueMs, watch.dueMs)
    }
    this.#seen = shed
    this.#dueMs = dueMs
    return said
  }

  #lookAtContacts(nowMs: number, plant: EstatePlant, shed: ShedState, said: Outgoing[]): void {
    const was = this.#told
    const { fittings } = shed
    if (!was || was === fittings) return
    this.#told = fittings
    const before = contactsOf(was)
    const now = contactsOf(fittings)
    const raised = contactNames.some((name) => isAlarm(name, now[name]) && !isAlarm(name, before[name]))
    const changed = contactNames.some((name) => now[name] !== before[name])
    if (changed)
      said.push(
        this.#parts.voice.say(nowMs, 'event', { ev: raised ? 'alarm' : 'cleared', ...now }),
        this.#contacts(nowMs, shed),
      )
    said.push(this.#sample(nowMs, plant, shed))
  }

  #contacts(nowMs: number, { fittings }: ShedState): Outgoing {
    return this.#parts.voice.say(nowMs, 'state', contactsOf(fittings))
  }

  #sample(nowMs: number, { outdoorC }: EstatePlant, { fittings, powerW }: ShedState): Outgoing {
    const values: ChargerTele = {
      p_total_w: Math.round(powerW),
      u_dv: voltage(this.#parts, fittings),
      t_amb_c10: halfDegrees(outdoorC),
      smoke: bit(fittings.smoke),
      water: bit(fittings.water),
      door: bit(fittings.door),
    }
    return this.#parts.voice.say(nowMs, 'tele', values)
  }
}

const contactNames = ['smoke', 'water', 'door', 'estop', 'extinguisher', 'breaker'] as const
type Contacts = Record<(typeof contactNames)[number], 0 | 1>

function contactsOf(fittings: ShedFittings): Contacts {
  return {
    smoke: bit(fittings.smoke),
    water: bit(fittings.water),
    door: bit(fittings.door),
    estop: bit(fittings.estop),
    extinguisher: bit(fittings.extinguisher),
    breaker: bit(contactorClosed(fittings)),
  }
}

function isAlarm(name: keyof Contacts, value: 0 | 1): boolean {
  return (value === 1) !== (name === 'breaker')
}

/** A look at one port: when, and in what shed of what estate. */
interface Look {
  nowMs: number
  plant: EstatePlant
  shed: ShedState
}

/** Watches one port, and remembers what was last said about it. */
class PortWatch {
  readonly #parts: Parts
  readonly #name: string
  #seen: PortState | undefined
  #told: Control | undefined
  #toldW = 0
  #teleMs = 0
  #stateMs = 0
  /** When something has to be said again. */
  dueMs = 0

  constructor(parts: Parts, index: number) {
    this.#parts = parts
    this.#name = portName(index + 1)
  }

  /** At birth: state and measurements; the repeats are spread over the period. */
  introduce(port: PortState | undefined, look: Look): Outgoing[] {
    if (!port) return []
    const said = [this.#sayState(port, look.nowMs), this.#sayTele(port, look)]
    this.#stateMs = look.nowMs - Math.floor(this.#parts.phase() * idleMs)
    this.#teleMs = this.#stateMs
    return said
  }

  hasNews(port: PortState, nowMs: number): boolean {
    return port !== this.#seen || nowMs >= this.dueMs
  }

  look(port: PortState, look: Look, said: Outgoing[]): void {
    const { nowMs, plant } = look
    const { phase, error } = port.control
    this.#seen = port
    const portC = plant.outdoorC + warmthAt(port, nowMs)
    const isLive = relayClosed(phase) || port.powerW > 0
    const periodMs = portC >= hotC ? hotMs : isLive ? chargingMs : idleMs
    if (phase !== this.#told?.phase || error !== this.#told.error) {
      for (const event of eventsOf(this.#told, port))
        said.push(this.#parts.voice.say(nowMs, 'event', event, this.#name))
      said.push(this.#sayState(port, nowMs), this.#sayTele(port, look))
    } else {
      if (nowMs - this.#stateMs >= idleMs) said.push(this.#sayState(port, nowMs))
      if (nowMs - this.#teleMs >= periodMs || this.#powerChanged(port)) said.push(this.#sayTele(port, look))
    }
    this.dueMs = Math.min(this.#stateMs + idleMs, this.#teleMs + periodMs)
  }

  #powerChanged({ powerW }: PortState): boolean {
    const changeW = Math.abs(powerW - this.#toldW)
    return changeW >= changedW && changeW >= changedShare * this.#toldW
  }

  #sayState(port: PortState, nowMs: number): Outgoing {
    this.#stateMs = nowMs
    this.#told = port.control
    return this.#parts.voice.say(nowMs, 'state', portState(port), this.#name)
  }

  #sayTele(port: PortState, look: Look): Outgoing {
    this.#teleMs = look.nowMs
    this.#toldW = port.powerW
    return this.#parts.voice.say(look.nowMs, 'tele', portSample(this.#parts, port, look), this.#name)
  }
}

/** What a change of phase or error is worth telling as events. */
function eventsOf(was: Control | undefined, port: PortState): ChargerPortEvent[] {
  const { phase, stopReason, error } = port.control
  const session = { sid: sessionNumber(port), se_wh: sessionWh(port) }
  const events: ChargerPortEvent[] = []
  if (phase === 'plugged' && was?.phase === 'idle') events.push({ ev: 'plugged' })
  if (phase === 'charging' && was?.phase === 'precheck') events.push({ ev: 'session_start', ...session })
  const ended = was && relayClosed(was.phase) && !relayClosed(phase)
  if (ended) events.push({ ev: 'session_stop', stop_reason: stopReason ?? 'user', ...session })
  if (error !== 'none' && error !== was?.error) events.push(alarmOf(port))
  if (error === 'none' && was && was.error !== 'none') events.push({ ev: 'cleared', error })
  const left = was && was.phase !== 'faulted' && was.phase !== 'disabled'
  if (phase === 'idle' && left) events.push({ ev: 'unplugged' })
  return events
}

function alarmOf(port: PortState): ChargerPortEvent {
  const { error, stopReason } = port.control
  return {
    ev: 'alarm',
    error,
    ...(stopReason && { stop_reason: stopReason }),
    ...(error === 'ground_failure' && { i_res_ma: Math.round(port.fittings.residualMa) }),
    ...foundOn(port),
    sid: sessionNumber(port),
    se_wh: sessionWh(port),
  }
}

function portState(port: PortState): ChargerPortState {
  const { phase, error } = port.control
  return {
    ...(inSession(port) && { sid: sessionNumber(port) }),
    ...relayOf(port),
    phase,
    avail: availabilityOf(phase),
    ...foundOn(port),
    error,
  }
}

/** What the controller has found broken. */
function foundOn({ control, fittings }: PortState): { weld: 0 | 1; fuse: 0 | 1 } {
  return {
    weld: bit(control.error === 'power_switch_failure'),
    fuse: bit(control.error === 'no_output' && fittings.output === 'fuse-blown'),
  }
}

/** What the metering chip of a port can show: beyond it, it shows this. */
const meterLimit = { ma: 10_000, w10: 15_000 }

function portSample(parts: Parts, port: PortState, { nowMs, plant, shed }: Look): ChargerPortTele {
  const { noise } = parts
  const milliamps = port.amps * 1000
  const session = inSession(port) && {
    se_wh: Math.floor(energyAt(port, nowMs) - port.sessionFromWh),
    sdur_s: sessionSeconds(port, nowMs),
    sid: sessionNumber(port),
  }
  return {
    u_dv: voltage(parts, shed.fittings),
    t_amb_c10: halfDegrees(plant.outdoorC),
    i_ma: Math.min(meterLimit.ma, measuredAbove0(noise, milliamps / 10, milliamps / 1000) * 10),
    p_w10: Math.min(meterLimit.w10, measuredAbove0(noise, port.powerW * 10, port.powerW / 10)),
    e_wh: Math.floor(energyAt(port, nowMs)),
    ...session,
    t_port_c10: halfDegrees(plant.outdoorC + warmthAt(port, nowMs)),
    ...relayOf(port),
  }
}

function relayOf({ control, fittings }: PortState): { relay_cmd: 0 | 1; relay_fb: 0 | 1 } {
  const commanded = relayClosed(control.phase)
  return { relay_cmd: bit(commanded), relay_fb: bit(commanded || fittings.welded) }
}

function inSession(port: PortState): boolean {
  return relayClosed(port.control.phase) || port.control.phase === 'finishing'
}

/** Until its last step: a session ends at one. */
function sessionWh(port: PortState): number {
  return Math.floor(port.energyWh - port.sessionFromWh)
}

/** Until now, or until the charging ended. */
function sessionSeconds({ control }: PortState, nowMs: number): number {
  const untilMs = relayClosed(control.phase) ? nowMs : control.sincePhaseMs
  return Math.max(0, Math.floor((untilMs - control.sessionMs) / 1000))
}

/** A session is numbered by the second it began: unique on its port, and never used again. */
function sessionNumber(port: PortState): number {
  return Math.floor(port.control.sessionMs / 1000)
}

/** In tenths of a volt; a dead line is exactly 0. */
function voltage({ noise }: Parts, fittings: ShedFittings): number {
  const volts = voltageOf(fittings)
  return volts === 0 ? 0 : measured(noise, volts * 10, 8)
}

/** In tenths of a degree, as fine as the sensor: half a degree. */
function halfDegrees(celsius: number): number {
  return Math.round(celsius * 2) * 5
}

function bit(on: boolean): 0 | 1 {
  return on ? 1 : 0
}
