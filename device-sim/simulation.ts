import { createHash } from 'node:crypto'
import { OperatorError } from '../platform/operator-error.ts'
import type { CommandPayload } from '../firmware-contracts/server-messages.ts'
import { Agenda } from './agenda.ts'
import { estateDevices } from './firmware/estate-devices.ts'
import type { Device } from './firmware/device.ts'
import type { Outgoing } from './firmware/message.ts'
import type { Identity } from './firmware/voice.ts'
import type { Fleet } from './fleet.ts'
import { Air } from './mischief/air.ts'
import { foredoom } from './mischief/ill-fate.ts'
import { Tolls, type Toll } from './mischief/toll.ts'
import { placeOf } from './place.ts'
import { visitNow } from './plant/visits.ts'
import { designEstate, startEstate, stepEstate, tickMs, type EstatePlant } from './plant/estate-plant.ts'
import type { RunningEstate } from './scenarios/fault-kind.ts'
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
  /** Devices left out, because a real one takes their place. Without a gateway its children are silent too. */
  without?: readonly string[]
  /** Whether the devices keep what they said, so that they can be asked. They do unless told. */
  keeps?: boolean
}

interface Speaker {
  device: Device
  estate: RunningEstate
}

interface Happening {
  atMs: number
  happen: () => void
}

const daySeconds = 86_400

export class Simulation {
  readonly #estates: RunningEstate[]
  /** Ranked by id, so that a fleet listed otherwise gives the same bytes. */
  readonly #speakers: readonly Speaker[]
  readonly #agenda = new Agenda()
  readonly #happenings: Happening[]
  readonly #tolls = new Tolls()
  /** Undefined as long as nothing happens on the way. */
  #air: Air | undefined
  readonly #seed: number
  /** Said, and not yet there. */
  #underWay: Outgoing[] = []
  #nowMs: number

  /** Throws an `OperatorError` when the scenario names what the fleet does not have. */
  constructor(options: SimulationOptions) {
    const { fleet, scenario, seed, startMs, boot = 1, uploadS = daySeconds, keeps = true } = options
    const without = new Set(options.without)
    const designs = fleet.estates.map((estate) => designEstate(estate, seed, { ...scenario, startMs }))
    checkScenario(scenario, fleet)
    this.#nowMs = Math.floor(startMs / tickMs) * tickMs
    this.#estates = designs.map((design) => ({
      design,
      plant: startEstate(design, startMs),
      devices: new Map(
        estateDevices(design, { startMs, boot, uploadS, keeps })
          .filter(({ identity }) => !without.has(identity.device) && !without.has(identity.gateway ?? ''))
          .toSorted((a, b) => (a.identity.device < b.identity.device ? -1 : 1))
          .map((device) => [device.identity.device, device]),
      ),
    }))
    this.#speakers = this.#estates
      .flatMap((estate) => [...estate.devices.values()].map((device) => ({ device, estate })))
      .sort((a, b) => (a.device.identity.device < b.device.identity.device ? -1 : 1))
    const { mischief } = scenario
    this.#seed = seed
    if (Object.keys(mischief).length > 0) this.#air = new Air(seed, mischief, this.#tolls)
    for (const [rank, { device, estate }] of this.#speakers.entries()) {
      foredoom(device, { seed, mischief, startMs, tolls: this.#tolls })
      this.#agenda.add(device.nextMs, rank)
      device.onReplanned = () => this.#agenda.add(device.nextMs, rank)
      estate.devices.get(device.identity.gateway ?? '')?.adopt(device)
    }
    this.#happenings = happeningsOf(scenario, startMs, this.#estates)
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
    this.#happen()
    const endMs = this.#nowMs + tickMs
    const said: Outgoing[] = []
    while (this.#agenda.nextMs < endMs) this.#speakNext(said)
    for (const running of this.#estates) running.plant = stepEstate(running.design, running.plant)
    this.#nowMs = endMs
    return this.#arrived(said, endMs)
  }

  /** What arrives before `endMs` of what is said now and of what was still under way. */
  #arrived(said: Outgoing[], endMs: number): Outgoing[] {
    if (!this.#air && this.#underWay.length === 0 && isInOrder(said, endMs)) return said
    for (const message of said) {
      if (this.#air) this.#air.carry(message, this.#underWay)
      else this.#underWay.push(message)
    }
    this.#underWay.sort((a, b) => a.t - b.t)
    const due = this.#underWay.findIndex(({ t }) => t >= endMs)
    return this.#underWay.splice(0, due < 0 ? this.#underWay.length : due)
  }

  /** An entry that is no longer true is dropped: who was told something meanwhile stands there twice. */
  #speakNext(said: Outgoing[]): void {
    const { next: rank, nextMs } = this.#agenda
    const speaker = this.#speakers[rank]
    if (speaker?.device.nextMs !== nextMs) return this.#agenda.drop()
    speaker.device.speak(speaker.estate.plant, said)
    const isStillFirst = this.#agenda.next === rank && this.#agenda.nextMs === nextMs
    if (isStillFirst) this.#agenda.postpone(speaker.device.nextMs)
    else this.#agenda.add(speaker.device.nextMs, rank)
  }

  #happen(): void {
    for (let next = this.#happenings[0]; next && next.atMs <= this.#nowMs; next = this.#happenings[0]) {
      next.happen()
      this.#happenings.shift()
    }
  }
}

/** All that the fleet says from the start up to, not including, `untilMs`; for ever without it. Nobody can ask
 *  its devices, so they keep nothing but what an outage keeps them from saying. */
export function simulate(options: SimulationOptions, untilMs = Infinity): Generator<Outgoing, void> {
  return saidUntil(untilMs, new Simulation({ keeps: false, ...options }))
}

/** The same of a simulation that somebody wants to ask afterwards. */
export function* saidUntil(untilMs: number, simulation: Simulation): Generator<Outgoing, void> {
  while (simulation.nowMs < untilMs)
    for (const message of simulation.tick()) if (message.t < untilMs) yield message
}

function isInOrder(said: readonly Outgoing[], endMs: number): boolean {
  let latestMs = 0
  for (const { t } of said) {
    if (t < latestMs || t >= endMs) return false
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

function happeningsOf(
  { faults, visits }: Scenario,
  startMs: number,
  estates: readonly RunningEstate[],
): Happening[] {
  const happenings: Happening[] = []
  const plan = (atS: number, happen: () => void) => happenings.push({ atMs: startMs + atS * 1000, happen })
  for (const estate of estates) {
    for (const { t, until, target, strike } of faults) {
      const place = placeOf(estate.design.estate, target)
      if (!place) continue
      plan(t, () => strike.begin(estate, place))
      if (until !== undefined) plan(until, () => strike.end?.(estate, place))
    }
    for (const visit of visits)
      plan(visit.t, () => {
        estate.plant = visitNow(estate.design, estate.plant, visit)
      })
  }
  return happenings.sort((a, b) => a.atMs - b.atMs)
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
