import { createHash } from 'node:crypto'
import { OperatorError } from '../platform/operator-error.ts'
import type { CommandPayload } from '../firmware-contracts/server-messages.ts'
import { EstateRun, type Happening } from './estate-run.ts'
import { estateDevices } from './firmware/estate-devices.ts'
import type { Device } from './firmware/device.ts'
import type { Outgoing } from './firmware/message.ts'
import type { Identity } from './firmware/voice.ts'
import type { Estate, Fleet } from './fleet.ts'
import { Air } from './mischief/air.ts'
import { foredoom } from './mischief/ill-fate.ts'
import { Tolls, type Toll } from './mischief/toll.ts'
import { placeOf } from './place.ts'
import { visitNow } from './plant/visits.ts'
import { designEstate, startEstate, type EstatePlant } from './plant/estate-plant.ts'
import { tickMs } from './plant/day.ts'
import { faultKindOf } from './scenarios/faults.ts'
import type { Scenario } from './scenarios/scenario.ts'

/** A fleet on a virtual clock: every tick the plants move on, and each device that has something to say says
 *  it. No broker, no wall clock, no chance but the seed's: the same options give the same bytes, whoever
 *  carries them. */
export interface SimulationOptions {
  fleet: Fleet
  scenario: Scenario
  seed: number
  /** Simulated time at the start, epoch ms. */
  startMs: number
  /** Boot counter of every device: higher than in any earlier run that the server has seen. */
  boot?: number
  /** Time between two uploads of a flat's meter, s; a day unless said. */
  uploadS?: number
  /** Within this time after the start all devices are born, ms; two seconds unless said. */
  birthSpreadMs?: number
  /** Devices left out, because a real one takes their place. Without a gateway its children are silent too. */
  without?: readonly string[]
  /** Share of its ring that each device has, so that it can be asked: all of it unless told. */
  keptShare?: number
}

const daySeconds = 86_400
const usualBirthSpreadMs = 2_000

export class Simulation {
  /** By id, so that a fleet listed otherwise gives the same bytes. */
  readonly #estates: readonly EstateRun[]
  readonly #tolls = new Tolls()
  /** Undefined as long as nothing happens on the way. */
  #air: Air | undefined
  readonly #seed: number
  /** Said, and not yet there. */
  #underWay: Outgoing[] = []
  #nowMs: number

  /** Throws an `OperatorError` when the scenario or `without` names what the fleet does not have. */
  constructor(options: SimulationOptions) {
    const { fleet, scenario, seed, startMs, without = [] } = options
    checkScenario(scenario, fleet)
    checkDevices(without, fleet)
    this.#seed = seed
    this.#nowMs = Math.floor(startMs / tickMs) * tickMs
    if (Object.keys(scenario.mischief).length > 0) this.#air = new Air(seed, scenario.mischief, this.#tolls)
    this.#estates = fleet.estates
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((estate) => this.#started(estate, options))
  }

  #started(estate: Estate, options: SimulationOptions): EstateRun {
    const { scenario, seed, startMs, boot = 1, uploadS = daySeconds, keptShare = 1 } = options
    const { birthSpreadMs = usualBirthSpreadMs } = options
    const without = new Set(options.without)
    const design = designEstate(estate, seed, { ...scenario, startMs })
    const devices = estateDevices(design, { startMs, boot, uploadS, birthSpreadMs, keptShare }).filter(
      ({ identity }) => !without.has(identity.device) && !without.has(identity.gateway ?? ''),
    )
    const fate = { seed, mischief: scenario.mischief, startMs, tolls: this.#tolls }
    for (const device of devices) {
      foredoom(device, fate)
      device.voice.clock.onLost = (nowMs) => this.#tolls.clockLost(device.identity.device, nowMs)
    }
    const happenings = happeningsOf(scenario, startMs, estate)
    return new EstateRun({ design, plant: startEstate(design, startMs), devices, happenings })
  }

  /** Begin of the next tick; every message so far is older. */
  get nowMs(): number {
    return this.#nowMs
  }

  get devices(): readonly Identity[] {
    return this.#estates.flatMap(({ devices }) => [...devices.values()].map(({ identity }) => identity))
  }

  /** The plants as they stand, for tests that look behind the sensors. */
  get plants(): readonly EstatePlant[] {
    return this.#estates.map(({ plant }) => plant)
  }

  /** What mischief has done so far, by device. */
  tolls(): ReadonlyMap<string, Readonly<Toll>> {
    return this.#tolls.all()
  }

  /** One of its devices. */
  deviceOf(id: string): Device | undefined {
    for (const { devices } of this.#estates) {
      const found = devices.get(id)
      if (found) return found
    }
    return undefined
  }

  /** What a device says when it is asked out of its turn, at `nowMs`; nothing moves but its numbers. */
  report(device: string, nowMs: number): readonly Outgoing[] {
    const estate = this.#estates.find(({ devices }) => devices.has(device))
    return estate?.devices.get(device)?.report(nowMs, estate.plant) ?? []
  }

  /** From now on this share of the readings is lost, in good times and bad. */
  lose(share: number): void {
    this.#air ??= new Air(this.#seed, {}, this.#tolls)
    this.#air.lose(share)
  }

  /** Gives a device a command (`replay`, `reboot`, …); it answers from the next tick on. */
  hear(device: string, name: string, command: CommandPayload): void {
    for (const estate of this.#estates) estate.devices.get(device)?.hear(name, command, estate)
  }

  /** One tick: what arrives in it, in time order; a device's messages in the order of their numbers, unless
   *  mischief says otherwise. */
  tick(): Outgoing[] {
    return this.run(this.#nowMs + tickMs)
  }

  /** As many ticks as there are until `endMs`. */
  run(endMs: number): Outgoing[] {
    const said: Outgoing[] = []
    for (const estate of this.#estates) estate.run(endMs, said)
    this.#nowMs = endMs
    return this.#arrived(said, endMs)
  }

  /** What arrives before `endMs` of what is said now and of what was still under way. */
  #arrived(said: Outgoing[], endMs: number): Outgoing[] {
    if (!isInOrder(said)) said.sort((a, b) => a.t - b.t)
    const areThere = (said.at(-1)?.t ?? 0) < endMs
    if (!this.#air && this.#underWay.length === 0 && areThere) return said
    for (const message of said) {
      if (this.#air) this.#air.carry(message, this.#underWay)
      else this.#underWay.push(message)
    }
    this.#underWay.sort((a, b) => a.t - b.t)
    const due = this.#underWay.findIndex(({ t }) => t >= endMs)
    return this.#underWay.splice(0, due < 0 ? this.#underWay.length : due)
  }
}

/** All that the fleet says from the start up to, not including, `untilMs`; for ever without it. Nobody can ask
 *  its devices, so they keep nothing but what an outage keeps them from saying. */
export function simulate(options: SimulationOptions, untilMs = Infinity): Generator<Outgoing, void> {
  return saidUntil(untilMs, new Simulation({ keptShare: 0, ...options }))
}

/** The same of a simulation that somebody wants to ask afterwards. */
export function* saidUntil(untilMs: number, simulation: Simulation): Generator<Outgoing, void> {
  while (simulation.nowMs < untilMs) {
    const endMs = Math.min(simulation.nowMs + strideMs, Math.ceil(untilMs / tickMs) * tickMs)
    for (const message of simulation.run(endMs)) if (message.t < untilMs) yield message
  }
}

/** How far one estate runs ahead of the next: long enough to be worth fetching its thousand devices from memory,
 *  short enough not to fill it with messages. */
const strideMs = 48 * tickMs

function isInOrder(said: readonly Outgoing[]): boolean {
  let latestMs = 0
  for (const { t } of said) {
    if (t < latestMs) return false
    latestMs = t
  }
  return true
}

/** Bytes that are hashed at once: a call a message would cost more than the hash. */
const digestBytes = 65_536

/** How many messages, and their SHA-256. */
export function digest(messages: Iterable<Outgoing>): { messages: number; sha256: string } {
  const hash = createHash('sha256')
  const block = Buffer.alloc(digestBytes)
  let filled = 0
  let count = 0
  for (const { t, device, topic, retain, payload } of messages) {
    const head = `${t} ${device} ${topic} ${retain ? 1 : 0} `
    if (filled + head.length + payload.length + 1 > digestBytes) {
      hash.update(block.subarray(0, filled))
      filled = 0
    }
    filled += block.write(head, filled, 'latin1')
    block.set(payload, filled)
    filled += payload.length
    block[filled++] = 0x0a
    count++
  }
  return { messages: count, sha256: hash.update(block.subarray(0, filled)).digest('hex') }
}

function happeningsOf({ faults, visits }: Scenario, startMs: number, estate: Estate): Happening[] {
  const atMs = (afterS: number) => startMs + afterS * 1000
  const broken = faults.flatMap(({ t, until, target, strike }): Happening[] => {
    const place = placeOf(estate, target)
    if (!place) return []
    const begin: Happening = { atMs: atMs(t), happen: (running) => strike.begin(running, place) }
    if (until === undefined) return [begin]
    return [begin, { atMs: atMs(until), happen: (running) => strike.end?.(running, place) }]
  })
  const visited = visits.map((visit): Happening => ({
    atMs: atMs(visit.t),
    happen: (running) => {
      running.plant = visitNow(running.design, running.plant, visit)
    },
  }))
  return [...broken, ...visited]
}

/** Throws an `OperatorError` that lists every place the fleet does not have. */
export function checkScenario({ name, faults, visits }: Scenario, { estates }: Fleet): void {
  const sheds = new Set(estates.flatMap((estate) => estate.sheds.map(({ id }) => id)))
  const placesOf = (target: string) => estates.flatMap((estate) => placeOf(estate, target) ?? [])
  const mistakes = [
    ...faults
      .filter(({ fault, target }) => !placesOf(target).some(({ at }) => faultKindOf(fault)?.at.includes(at)))
      .map(({ fault, target }) => `${fault}: this fleet has no such target ${target}`),
    ...visits
      .filter(({ target }) => !sheds.has(target))
      .map(({ target }) => `visit: this fleet has no shed ${target}`),
  ]
  if (mistakes.length > 0) throw new OperatorError(`The scenario ${name} does not fit the fleet:`, mistakes)
}

function checkDevices(named: readonly string[], { name, estates }: Fleet): void {
  const isDevice = (id: string) =>
    estates.some((estate) => {
      const place = placeOf(estate, id)
      return place && 'device' in place && place.device === id
    })
  const strangers = named.filter((id) => !isDevice(id))
  if (strangers.length > 0) throw new OperatorError(`The fleet ${name} has no such devices:`, strangers)
}
