import { replaySchema, type CommandPayload } from '../../firmware-contracts/server-messages.ts'
import { minuteMs } from '../plant/day.ts'
import type { EstatePlant } from '../plant/estate-plant.ts'
import { randomFor, uniform, type Random } from '../random.ts'
import type { RunningEstate } from '../scenarios/fault-kind.ts'
import { Answers } from './answers.ts'
import { clockOf } from './device-clock.ts'
import type { Outgoing } from './message.ts'
import type { Ailment } from './sensor.ts'
import { Voice, will, type Identity } from './voice.ts'

/** A device: tasks that come due, on a board that has power or not, behind a line that carries or not.
 *
 *      heard     what it says reaches the broker
 *      unheard   it samples and keeps; 45 s after the line went dead the broker publishes its will
 *
 *  It is unheard while its line is cut, while its gateway is, and while it has no power (then it does not even
 *  sample). When all that is over it waits up to two minutes, lest a whole district dial at once, is born again
 *  (conn, meta, state, live values), and then tells what it missed. Who speaks through a gateway has no
 *  connection, so no will and no wait: it goes on, and is born again only after a boot. */

/** One thing a firmware does again and again. */
export interface Task {
  nextMs: number
  /** Says what there is to say at `nowMs`, and answers when to be called again. */
  run: (nowMs: number, plant: EstatePlant) => { said: readonly Outgoing[]; nextMs: number }
  /** How far apart, where that is always the same. */
  periodMs?: number
  /** Done when the device is born, and whenever it is born again. */
  birth?: true
}

/** What becomes of a message in a firmware that is ill, or copied: other messages, none, or the same twice. */
export type Habit = (message: Outgoing) => readonly Outgoing[]

/** What a device does when told to by `cmd/{name}`; answers undefined, or the code of what is in the way. */
export type Obey = (args: CommandPayload['args'], estate: RunningEstate) => string | undefined

/** One and a half keepalives: then a broker takes a silent line for dead [MQTT-3.1.2-24]. */
const willAfterMs = 45_000
/** Longest wait before dialling again after an outage (domain.md D2). */
const longestWaitMs = 2 * minuteMs
/** From power to the first sample. */
const startUpMs = { least: 2_000, most: 8_000 }
/** So that the acknowledgement of `reboot` gets out. */
const rebootAfterMs = 2_000

/** What happens to a device from outside. */
interface Fate extends Task {
  name: string
}

const none: readonly never[] = []

export class Device {
  readonly identity: Identity
  readonly voice: Voice
  /** Called when it is due at another time than it said; set by who keeps the agenda. */
  onReplanned: () => void = () => {}
  readonly #seed: number
  readonly #tasks: readonly Task[]
  readonly #commands: Readonly<Record<string, Obey>> | undefined
  #answers: Answers | undefined
  #children: readonly Device[] = none
  #gateway: Device | undefined
  #fates: readonly Fate[] = none
  #habits: readonly { name: string; habit: Habit }[] = none
  #random: Random | undefined
  #heard = true
  #unborn = false
  /** Boot and time in the will that the broker holds. */
  #dialled: { boot: number; t: number }
  /** When the broker publishes it. */
  #willMs = Infinity
  /** When it dials again. */
  #returnMs = Infinity
  #cuts = 0
  #outOfPower = 0
  /** What it does next, besides being missed and coming back, and when it said it would. */
  #next: Task | undefined
  #nextMs = Infinity

  constructor({ voice, seed, bornMs }: Parts, tasks: readonly Task[], commands?: Record<string, Obey>) {
    this.identity = voice.identity
    this.voice = voice
    this.#seed = seed
    this.#tasks = tasks
    this.#commands = commands
    this.#dialled = { boot: voice.boot, t: bornMs }
    this.#plan()
  }

  /** When it has something to do next, epoch ms. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** Whether what it says now reaches the broker. */
  get isHeard(): boolean {
    return this.#heard
  }

  /** Does what is due, and says what there is to say. Tasks come in the order they fall due, so that its numbers
   *  rise with its time. */
  speak(plant: EstatePlant, said: Outgoing[]): void {
    const nowMs = this.#nextMs
    if (this.#willMs === nowMs) this.#utter([this.#lastWill(nowMs)], said)
    else if (this.#returnMs === nowMs) this.#utter(this.#returned(nowMs, plant), said)
    else if (this.#next) {
      const task = this.#next
      const turn = task.run(nowMs, plant)
      task.nextMs = turn.nextMs
      if (this.#heard) this.#utter(turn.said, said)
    }
    this.#plan()
  }

  /** Says now what it says again and again, as if all of that fell due; when it really does stays as it was. */
  report(nowMs: number, plant: EstatePlant): readonly Outgoing[] {
    return this.#tasks.flatMap((task) => (task.periodMs === undefined ? [] : task.run(nowMs, plant).said))
  }

  /** A command from the server; who is unheard does not hear either. */
  hear(name: string, command: CommandPayload, estate: RunningEstate): void {
    if (!this.#heard) return
    const { nowMs } = estate.plant
    const replay = name === 'replay' ? replaySchema.safeParse(command) : undefined
    this.#answers ??= new Answers(this.voice)
    if (replay?.success) this.#answers.replay(replay.data, nowMs)
    else {
      const code = this.#obey(name, command.args, estate)
      this.#answers.acknowledge({ command: name, id: command.id, ...(code && { code }) }, nowMs)
    }
    this.#replan()
  }

  /** It speaks for this one. */
  adopt(child: Device): void {
    this.#children = [...this.#children, child]
    child.#gateway = this
  }

  /** Its line goes dead. Cut twice, it must be mended twice. */
  cutLine(nowMs: number): void {
    this.#cuts++
    this.#fallSilent(nowMs)
  }

  /** Its line is dead, and the broker knows. */
  loseLine(nowMs: number): void {
    const willMs = this.#willMs
    this.cutLine(nowMs)
    this.#willMs = willMs
    this.#replan()
  }

  mendLine(nowMs: number): void {
    this.#cuts--
    this.#dialAgain(nowMs, this.#wait())
  }

  switchOff(nowMs: number): void {
    this.#outOfPower++
    this.#fallSilent(nowMs)
  }

  /** Power is back: a boot, whose clock did not survive if `clockLost`. */
  switchOn(nowMs: number, clockLost = false): void {
    if (--this.#outOfPower > 0) return
    const upMs = this.#boot(nowMs, 'power_on', clockLost)
    this.#dialAgain(upMs, this.#wait())
  }

  /** It starts again, on its own account: back within seconds, for nobody else did at the same time. */
  reboot(nowMs: number, reason: string, clockLost = false): void {
    if (this.#outOfPower > 0) return
    this.#fallSilent(nowMs)
    this.#dialAgain(this.#boot(nowMs, reason, clockLost), 0)
  }

  /** From now on this happens to it, until it is spared. */
  befall(name: string, task: Task): void {
    this.#fates = [...this.#fates.filter((fate) => fate.name !== name), { ...task, name }]
    this.#replan()
  }

  spare(name: string): void {
    this.#fates = this.#fates.filter((fate) => fate.name !== name)
    this.#replan()
  }

  /** From now on what it says goes through this. */
  pickUp(name: string, habit: Habit): void {
    this.#habits = [...this.#habits.filter((known) => known.name !== name), { name, habit }]
  }

  drop(name: string): void {
    this.#habits = this.#habits.filter((known) => known.name !== name)
  }

  ail(signal: string, ailment: Ailment | undefined): void {
    this.voice.ail(signal, ailment)
  }

  #obey(name: string, args: CommandPayload['args'], estate: RunningEstate): string | undefined {
    const { nowMs } = estate.plant
    switch (name) {
      case 'replay':
        return 'invalid'
      case 'resync':
        this.voice.clock.sync(nowMs)
        return undefined
      case 'reboot':
        this.befall('command', this.#rebootAt(nowMs + rebootAfterMs))
        return undefined
      default: {
        const obey = this.#commands?.[name]
        return obey ? obey(args, estate) : 'unknown'
      }
    }
  }

  #rebootAt(atMs: number): Task {
    return {
      nextMs: atMs,
      run: (nowMs) => {
        this.reboot(nowMs, 'command')
        this.spare('command')
        return { said: [], nextMs: Infinity }
      },
    }
  }

  #utter(messages: readonly Outgoing[], said: Outgoing[]): void {
    let spoken = messages
    for (const { habit } of this.#habits) spoken = spoken.flatMap(habit)
    for (const message of spoken) said.push(message)
  }

  #fallSilent(nowMs: number): void {
    this.#returnMs = Infinity
    if (this.#heard) {
      this.#heard = false
      this.voice.hold()
      if (this.identity.gateway === undefined) this.#willMs = nowMs + willAfterMs
      for (const child of this.#children) child.#fallSilent(nowMs)
    }
    this.#replan()
  }

  /** When nothing is in the way any more. */
  #dialAgain(nowMs: number, waitMs: number): void {
    if (this.#heard || this.#cuts > 0 || this.#outOfPower > 0 || this.#gateway?.isHeard === false) return
    this.#returnMs = nowMs + waitMs
    this.#replan()
  }

  #returned(nowMs: number, plant: EstatePlant): Outgoing[] {
    const said: Outgoing[] = []
    if (this.#willMs !== Infinity) said.push(this.#lastWill(nowMs))
    this.#returnMs = Infinity
    this.#heard = true
    this.#dialled = { boot: this.voice.boot, t: this.voice.clock.at(nowMs) }
    const missed = this.voice.release()
    if (!this.voice.clock.isLost) this.voice.clock.sync(nowMs)
    if (this.#unborn || this.identity.gateway === undefined) said.push(...this.#birth(nowMs, plant))
    this.#unborn = false
    if (missed.length > 0) this.#answers ??= new Answers(this.voice)
    this.#answers?.backfill(missed, nowMs)
    this.#answers?.resume(nowMs)
    for (const child of this.#children) child.#dialAgain(nowMs, 0)
    return said
  }

  #birth(nowMs: number, plant: EstatePlant): Outgoing[] {
    return this.#tasks
      .filter(({ birth }) => birth)
      .flatMap((task) => {
        task.nextMs = Infinity
        return task.run(nowMs, plant).said
      })
  }

  /** The broker takes the line for dead, or the device that comes back on a new one takes its place. */
  #lastWill(nowMs: number): Outgoing {
    this.#willMs = Infinity
    const { boot, t } = this.#dialled
    return { ...will(this.identity, boot, t), t: nowMs, will: true }
  }

  /** Answers when it is up again. */
  #boot(nowMs: number, reason: string, clockLost: boolean): number {
    const upMs = nowMs + Math.round(uniform(this.#chance(), startUpMs.least, startUpMs.most))
    this.voice.reboot(reason, upMs)
    if (clockLost) this.voice.clock.lose(nowMs)
    else this.voice.clock.boot()
    this.#unborn = true
    for (const task of this.#tasks) if (task.nextMs < upMs) task.nextMs = later(task, upMs)
    return upMs
  }

  #wait(): number {
    return this.identity.gateway === undefined ? Math.round(uniform(this.#chance(), 0, longestWaitMs)) : 0
  }

  /** Chance of everything about its line and its power. */
  #chance(): Random {
    return (this.#random ??= randomFor(this.#seed, this.identity.device, 'line'))
  }

  /** It may be due at another time now. */
  #replan(): void {
    const wasMs = this.#nextMs
    this.#plan()
    if (this.#nextMs !== wasMs) this.onReplanned()
  }

  /** What comes next; of those that are due at the same time the first. */
  #plan(): void {
    let next: Task | undefined
    let nextMs = Math.min(this.#willMs, this.#returnMs)
    const tasks = this.#outOfPower === 0 ? this.#tasks : none
    const answer = this.#heard ? this.#answers?.task : undefined
    for (const fate of this.#fates) if (fate.nextMs < nextMs) nextMs = (next = fate).nextMs
    for (const task of tasks) if (task.nextMs < nextMs) nextMs = (next = task).nextMs
    if (answer && answer.nextMs < nextMs) nextMs = (next = answer).nextMs
    this.#next = next
    this.#nextMs = nextMs
  }
}

/** When a task that fell due while there was no power comes next. */
function later({ nextMs, periodMs, birth }: Task, upMs: number): number {
  if (birth) return nextMs
  return periodMs === undefined ? upMs : nextMs + Math.ceil((upMs - nextMs) / periodMs) * periodMs
}

export interface Making {
  identity: Identity
  seed: number
  boot: number
  startMs: number
  /** Within this time after the start it is born. */
  birthSpreadMs: number
  /** Share of its ring that it has, for a server that may ask. */
  keptShare: number
}

export interface Parts {
  seed: number
  voice: Voice
  /** Noise of its sensors. */
  noise: Random
  /** When it is born. */
  bornMs: number
  phase: Random
}

/** Devices that were switched on together do not speak together. */
export function partsOf({ identity, seed, boot, startMs, birthSpreadMs, keptShare }: Making): Parts {
  const phase = randomFor(seed, identity.device, 'phase')
  const bornMs = startMs + Math.floor(phase() * birthSpreadMs)
  const clock = clockOf(seed, identity.device, bornMs)
  return {
    seed,
    voice: new Voice(identity, boot, { clock, upSinceMs: bornMs, keptShare }),
    noise: randomFor(seed, identity.device, 'sensor'),
    bornMs,
    phase,
  }
}

/** The device that does these tasks, answers what it is asked, and obeys these commands besides those that every
 *  device knows: `replay`, `resync` and `reboot`. */
export function deviceOf(parts: Parts, tasks: readonly Task[], commands?: Record<string, Obey>): Device {
  return new Device(parts, tasks, commands)
}

/** A task done at birth. */
export function once(atMs: number, say: (nowMs: number, plant: EstatePlant) => readonly Outgoing[]): Task {
  return { birth: true, nextMs: atMs, run: (nowMs, plant) => ({ said: say(nowMs, plant), nextMs: Infinity }) }
}

/** A task with a period, first at `firstMs`. */
export function every(
  periodMs: number,
  firstMs: number,
  say: (nowMs: number, plant: EstatePlant) => readonly Outgoing[],
): Task {
  return {
    periodMs,
    nextMs: firstMs,
    run: (nowMs, plant) => ({ said: say(nowMs, plant), nextMs: nowMs + periodMs }),
  }
}

/** Somewhere in the first period after birth: the stagger that keeps a fleet from speaking in chorus. */
export function staggered({ bornMs, phase }: Parts, periodMs: number): number {
  return bornMs + Math.ceil(phase() * periodMs)
}
