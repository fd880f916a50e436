import { createHash } from 'node:crypto'
import { OperatorError } from '../platform/operator-error.ts'
import type { ReplayPayload } from '../firmware-contracts/server-messages.ts'
import { Agenda } from './agenda.ts'
import { estateDevices } from './firmware/estate-devices.ts'
import type { Device } from './firmware/device.ts'
import type { Outgoing } from './firmware/message.ts'
import type { Identity } from './firmware/voice.ts'
import type { Fleet } from './fleet.ts'
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
  #nowMs: number

  /** Throws an `OperatorError` when the scenario names what the fleet does not have. */
  constructor(options: SimulationOptions) {
    const { fleet, scenario, seed, startMs, boot = 1, uploadS = daySeconds } = options
    const without = new Set(options.without)
    const designs = fleet.estates.map((estate) => designEstate(estate, seed, { ...scenario, startMs }))
    checkScenario(scenario, fleet)
    this.#nowMs = Math.floor(startMs / tickMs) * tickMs
    this.#estates = designs.map((design) => ({
      design,
      plant: startEstate(design, startMs),
      devices: new Map(
        estateDevices(design, { startMs, boot, uploadS })
          .filter(({ identity }) => !without.has(identity.device) && !without.has(identity.gateway ?? ''))
          .toSorted((a, b) => (a.identity.device < b.identity.device ? -1 : 1))
          .map((device) => [device.identity.device, device]),
      ),
    }))
    this.#speakers = this.#estates
      .flatMap((estate) => [...estate.devices.values()].map((device) => ({ device, estate })))
      .sort((a, b) => (a.device.identity.device < b.device.identity.device ? -1 : 1))
    for (const [rank, { device }] of this.#speakers.entries()) this.#agenda.add(device.nextMs, rank)
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

  /** Tells a device to say again what it has; it answers from the next tick on. */
  hear(device: string, command: ReplayPayload): void {
    const rank = this.#speakers.findIndex((speaker) => speaker.device.identity.device === device)
    const heard = this.#speakers[rank]?.device
    heard?.hear(command, this.#nowMs)
    if (heard) this.#agenda.add(heard.nextMs, rank)
  }

  /** One tick: what is said in it, in time order; a device's messages in the order of their numbers. */
  tick(): Outgoing[] {
    this.#happen()
    const endMs = this.#nowMs + tickMs
    const said: Outgoing[] = []
    while (this.#agenda.nextMs < endMs) this.#speakNext(said)
    for (const running of this.#estates) running.plant = stepEstate(running.design, running.plant)
    this.#nowMs = endMs
    return said
  }

  /** An entry that is no longer true is dropped: who was told something meanwhile stands there twice. */
  #speakNext(said: Outgoing[]): void {
    const speaker = this.#speakers[this.#agenda.next]
    if (speaker?.device.nextMs !== this.#agenda.nextMs) return this.#agenda.drop()
    speaker.device.speak(speaker.estate.plant, said)
    this.#agenda.postpone(speaker.device.nextMs)
  }

  #happen(): void {
    for (let next = this.#happenings[0]; next && next.atMs <= this.#nowMs; next = this.#happenings[0]) {
      next.happen()
      this.#happenings.shift()
    }
  }
}

/** All that the fleet says from the start up to, not including, `untilMs`; for ever without it. */
export function* simulate(options: SimulationOptions, untilMs = Infinity): Generator<Outgoing, void> {
  const simulation = new Simulation(options)
  while (simulation.nowMs < untilMs)
    for (const message of simulation.tick()) if (message.t < untilMs) yield message
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

function checkScenario({ name, faults, visits }: Scenario, { estates }: Fleet): void {
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
