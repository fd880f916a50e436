import type {
  ChargerPortEvent,
  ChargerPortState,
  ChargerPortTele,
  ChargerTele,
} from '../../firmware-contracts/kinds/charger.ts'
import { portName } from '../fleet.ts'
import { currentMa, mainsV, shedPowerW, type PortState } from '../plant/charging-shed.ts'
import { tickMs, type EstatePlant } from '../plant/estate-plant.ts'
import { availabilityOf, relayClosed } from '../plant/port-phases.ts'
import {
  deviceOf,
  every,
  once,
  partsOf,
  staggered,
  type Device,
  type Making,
  type Parts,
  type Task,
} from './device.ts'
import type { Outgoing } from './message.ts'
import { measured, measuredAbove0 } from './sensor.ts'

/** The controller of a shed: the shed itself every 30 s, a port every 30 s while it charges and every five
 *  minutes otherwise, and at once when its state changes. */
const shedPeriodMs = 30_000
const chargingMs = 30_000
const idleMs = 300_000

/** `shed` is its index on the estate. */
export function charger(making: Making, shed: number, ports: number): Device {
  const parts = partsOf(making)
  const { voice, bornMs } = parts
  const report = (nowMs: number, plant: EstatePlant) => [
    voice.say(nowMs, 'tele', shedSample(parts, plant, plant.sheds[shed]?.ports ?? [])),
  ]
  const contacts = (nowMs: number) => [
    voice.say(nowMs, 'state', { smoke: 0, water: 0, door: 0, estop: 0, extinguisher: 0, breaker: 1 }),
  ]
  const watchers = Array.from({ length: ports }, (_, index) => new PortWatch(parts, { shed, index }))
  const tasks: Task[] = [
    once(bornMs, (nowMs, plant) => [
      ...voice.birth(nowMs, { periodS: { tele: 30, state: 300, 'tele/port': 300, 'state/port': 300 } }),
      ...contacts(nowMs),
      ...report(nowMs, plant),
      ...watchers.flatMap((watch) => watch.introduce(nowMs, plant)),
    ]),
    every(shedPeriodMs, staggered(parts, shedPeriodMs), report),
    every(idleMs, staggered(parts, idleMs), contacts),
    every(tickMs, bornMs + tickMs, (nowMs, plant) => watchers.flatMap((watch) => watch.look(nowMs, plant))),
  ]
  return deviceOf(parts, tasks)
}

function shedSample({ noise }: Parts, plant: EstatePlant, ports: readonly PortState[]): ChargerTele {
  return {
    p_total_w: Math.round(shedPowerW(ports)),
    u_dv: measured(noise, mainsV * 10, 8),
    t_amb_c10: Math.round(plant.outdoorC * 2) * 5,
    smoke: 0,
    water: 0,
    door: 0,
  }
}

/** Watches one port, and remembers what was last said about it. */
class PortWatch {
  readonly #parts: Parts
  readonly #place: { shed: number; index: number }
  readonly #name: string
  #told: PortState['control'] | undefined
  #teleMs = 0
  #stateMs = 0

  constructor(parts: Parts, place: { shed: number; index: number }) {
    this.#parts = parts
    this.#place = place
    this.#name = portName(place.index + 1)
  }

  /** At birth: state and measurements; the repeats are spread over the period. */
  introduce(nowMs: number, plant: EstatePlant): Outgoing[] {
    const port = this.#port(plant)
    if (!port) return []
    const said = [this.#sayState(nowMs, port), this.#sayTele(nowMs, port, plant)]
    this.#stateMs = nowMs - Math.floor(this.#parts.phase() * idleMs)
    this.#teleMs = this.#stateMs
    return said
  }

  look(nowMs: number, plant: EstatePlant): Outgoing[] {
    const port = this.#port(plant)
    if (!port) return []
    const said: Outgoing[] = []
    if (port.control.phase !== this.#told?.phase) {
      said.push(
        ...this.#sayEvent(nowMs, port),
        this.#sayState(nowMs, port),
        this.#sayTele(nowMs, port, plant),
      )
    } else {
      const period = relayClosed(port.control.phase) ? chargingMs : idleMs
      if (nowMs - this.#stateMs >= idleMs) said.push(this.#sayState(nowMs, port))
      if (nowMs - this.#teleMs >= period) said.push(this.#sayTele(nowMs, port, plant))
    }
    return said
  }

  #port(plant: EstatePlant): PortState | undefined {
    return plant.sheds[this.#place.shed]?.ports[this.#place.index]
  }

  #sayState(nowMs: number, port: PortState): Outgoing {
    this.#stateMs = nowMs
    this.#told = port.control
    return this.#parts.voice.say(nowMs, 'state', portState(port), this.#name)
  }

  #sayTele(nowMs: number, port: PortState, plant: EstatePlant): Outgoing {
    this.#teleMs = nowMs
    return this.#parts.voice.say(nowMs, 'tele', portSample(this.#parts, port, { nowMs, plant }), this.#name)
  }

  #sayEvent(nowMs: number, port: PortState): Outgoing[] {
    const event = eventOf(this.#told, port)
    return event ? [this.#parts.voice.say(nowMs, 'event', event, this.#name)] : []
  }
}

/** What a change of phase is worth telling as an event. */
function eventOf(was: PortState['control'] | undefined, port: PortState): ChargerPortEvent | undefined {
  const { phase, stopReason } = port.control
  const session = { sid: sessionNumber(port), se_wh: sessionWh(port) }
  if (phase === 'faulted') return { ev: 'alarm', error: 'power_switch_failure', weld: 1, ...session }
  if (phase === 'plugged') return { ev: 'plugged' }
  if (phase === 'charging' && was?.phase === 'precheck') return { ev: 'session_start', ...session }
  if (phase === 'finishing') return { ev: 'session_stop', stop_reason: stopReason ?? 'user', ...session }
  if (phase === 'idle' && was) return { ev: 'unplugged' }
  return undefined
}

function portState(port: PortState): ChargerPortState {
  const { phase } = port.control
  const welded = phase === 'faulted'
  return {
    phase,
    avail: availabilityOf(phase),
    ...relayOf(port),
    ...(inSession(port) && { sid: sessionNumber(port) }),
    weld: welded ? 1 : 0,
    error: welded ? 'power_switch_failure' : 'none',
  }
}

function portSample(
  { noise }: Parts,
  port: PortState,
  { nowMs, plant }: { nowMs: number; plant: EstatePlant },
): ChargerPortTele {
  const session = inSession(port) && {
    se_wh: sessionWh(port),
    sdur_s: sessionSeconds(port, nowMs),
    sid: sessionNumber(port),
  }
  const milliamps = currentMa(port)
  return {
    u_dv: measured(noise, mainsV * 10, 8),
    i_ma: measuredAbove0(noise, milliamps / 10, milliamps / 1000) * 10,
    p_w10: measuredAbove0(noise, port.powerW * 10, port.powerW / 10),
    e_wh: Math.floor(port.energyWh),
    ...session,
    t_port_c10: Math.round((plant.outdoorC + port.warmthK) * 2) * 5,
    t_amb_c10: Math.round(plant.outdoorC * 2) * 5,
    ...relayOf(port),
  }
}

function relayOf(port: PortState): { relay_cmd: 0 | 1; relay_fb: 0 | 1 } {
  const commanded = relayClosed(port.control.phase)
  return { relay_cmd: commanded ? 1 : 0, relay_fb: commanded || port.welded ? 1 : 0 }
}

function inSession(port: PortState): boolean {
  return relayClosed(port.control.phase) || port.control.phase === 'finishing'
}

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
