import type { EstatePlant } from '../plant/estate-plant.ts'
import { randomFor, type Random } from '../random.ts'
import type { ReplayPayload } from '../../firmware-contracts/server-messages.ts'
import type { Outgoing } from './message.ts'
import { ReplayAnswers } from './replay.ts'
import { Voice, type Identity } from './voice.ts'

/** One thing a firmware does again and again. */
export interface Task {
  nextMs: number
  /** Says what there is to say at `nowMs`, and answers when to be called again. */
  run: (nowMs: number, plant: EstatePlant) => { said: readonly Outgoing[]; nextMs: number }
}

/** A device as the simulation sees it: tasks that come due, and a birth before all of them. */
export class Device {
  readonly identity: Identity
  readonly #tasks: readonly Task[]
  readonly #answers: ReplayAnswers
  #next: Task | undefined

  constructor({ voice }: Parts, tasks: readonly Task[]) {
    this.identity = voice.identity
    this.#answers = new ReplayAnswers(voice)
    this.#tasks = [...tasks, this.#answers.task]
    this.#next = earliestOf(this.#tasks)
  }

  /** When it has something to do next, epoch ms. */
  get nextMs(): number {
    return this.#next?.nextMs ?? Infinity
  }

  /** Does the task that is due, and says what there is to say. Tasks come in the order they fall due, so that
   *  its numbers rise with its time. */
  speak(plant: EstatePlant, said: Outgoing[]): void {
    const task = this.#next
    if (!task) return
    const turn = task.run(task.nextMs, plant)
    task.nextMs = turn.nextMs
    for (const message of turn.said) said.push(message)
    this.#next = earliestOf(this.#tasks)
  }

  /** The server asks for samples again; answered from `nowMs` on. */
  hear(command: ReplayPayload, nowMs: number): void {
    this.#answers.hear(command, nowMs)
    this.#next = earliestOf(this.#tasks)
  }
}

/** Of those that are due at the same time the first. */
function earliestOf(tasks: readonly Task[]): Task | undefined {
  let earliest = tasks[0]
  for (const task of tasks) if (earliest && task.nextMs < earliest.nextMs) earliest = task
  return earliest
}

export interface Making {
  identity: Identity
  seed: number
  boot: number
  startMs: number
}

export interface Parts {
  voice: Voice
  /** Noise of its sensors. */
  noise: Random
  /** When it is born: within two seconds of the start. */
  bornMs: number
  phase: Random
}

/** Devices that were switched on together do not speak together. */
const birthSpreadMs = 2_000

export function partsOf({ identity, seed, boot, startMs }: Making): Parts {
  const phase = randomFor(seed, identity.device, 'phase')
  return {
    voice: new Voice(identity, boot),
    noise: randomFor(seed, identity.device, 'sensor'),
    bornMs: startMs + Math.floor(phase() * birthSpreadMs),
    phase,
  }
}

/** The device that does these tasks, and answers what it is asked. */
export function deviceOf(parts: Parts, tasks: readonly Task[]): Device {
  return new Device(parts, tasks)
}

/** A task done once, at birth. */
export function once(atMs: number, say: (nowMs: number, plant: EstatePlant) => readonly Outgoing[]): Task {
  return { nextMs: atMs, run: (nowMs, plant) => ({ said: say(nowMs, plant), nextMs: Infinity }) }
}

/** A task with a period, first at `firstMs`. */
export function every(
  periodMs: number,
  firstMs: number,
  say: (nowMs: number, plant: EstatePlant) => readonly Outgoing[],
): Task {
  return {
    nextMs: firstMs,
    run: (nowMs, plant) => ({ said: say(nowMs, plant), nextMs: nowMs + periodMs }),
  }
}

/** Somewhere in the first period after birth: the stagger that keeps a fleet from speaking in chorus. */
export function staggered({ bornMs, phase }: Parts, periodMs: number): number {
  return bornMs + Math.ceil(phase() * periodMs)
}
