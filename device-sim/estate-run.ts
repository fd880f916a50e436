import { Agenda } from './agenda.ts'
import type { Device } from './firmware/device.ts'
import type { Outgoing } from './firmware/message.ts'
import { tickMs } from './plant/day.ts'
import { stepEstate, type EstateDesign, type EstatePlant } from './plant/estate-plant.ts'
import type { RunningEstate } from './scenarios/fault-kind.ts'

/** Something that happens to an estate, once. */
export interface Happening {
  atMs: number
  happen: (estate: RunningEstate) => void
}

/** One estate in motion: its plant moves on by ticks, and within a tick each device that has something to say
 *  says it. Estates know nothing of each other, so each may run ahead of the others for a while. */
export class EstateRun implements RunningEstate {
  readonly design: EstateDesign
  plant: EstatePlant
  readonly devices: ReadonlyMap<string, Device>
  /** Ranked by id. */
  readonly #speakers: readonly Device[]
  readonly #agenda = new Agenda()
  readonly #happenings: Happening[]

  constructor(start: {
    design: EstateDesign
    plant: EstatePlant
    devices: readonly Device[]
    happenings: readonly Happening[]
  }) {
    this.design = start.design
    this.plant = start.plant
    this.#happenings = start.happenings.toSorted((a, b) => a.atMs - b.atMs)
    this.#speakers = start.devices.toSorted((a, b) => (a.identity.device < b.identity.device ? -1 : 1))
    this.devices = new Map(this.#speakers.map((device) => [device.identity.device, device]))
    for (const [rank, device] of this.#speakers.entries()) {
      this.#agenda.add(device.nextMs, rank)
      device.onReplanned = () => this.#agenda.add(device.nextMs, rank)
      this.devices.get(device.identity.gateway ?? '')?.adopt(device)
    }
  }

  /** Runs until `endMs`, a whole tick, and adds what was said: in time order, a device's messages in the order of
   *  their numbers. */
  run(endMs: number, said: Outgoing[]): void {
    while (this.plant.nowMs < endMs) {
      this.#happen(this.plant.nowMs)
      const tickEndMs = this.plant.nowMs + tickMs
      while (this.#agenda.nextMs < tickEndMs) this.#speakNext(said)
      this.plant = stepEstate(this.design, this.plant)
    }
  }

  /** An entry that is no longer true is dropped: who was told something meanwhile stands there twice. */
  #speakNext(said: Outgoing[]): void {
    const { next: rank, nextMs } = this.#agenda
    const device = this.#speakers[rank]
    if (device?.nextMs !== nextMs) return this.#agenda.drop()
    device.speak(this.plant, said)
    const isStillFirst = this.#agenda.next === rank && this.#agenda.nextMs === nextMs
    if (isStillFirst) this.#agenda.postpone(device.nextMs)
    else this.#agenda.add(device.nextMs, rank)
  }

  #happen(nowMs: number): void {
    for (let next = this.#happenings[0]; next && next.atMs <= nowMs; next = this.#happenings[0]) {
      this.#happenings.shift()
      next.happen(this)
    }
  }
}
