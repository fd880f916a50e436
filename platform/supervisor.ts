import { join } from 'node:path'
import { keepAlive, type Cancel, type Clock } from './clock.ts'
import type { Log } from './log.ts'
import { RoleProcess } from './role-process.ts'
import type { FromRole, RoleAnswer } from './role-link.ts'

/** Runs every role in a process of its own choosing, so that neither a slow query nor a bad flow delays a
 *  PUBACK; restarts what died; stops all of them in reverse order. It is also the switchboard: a question
 *  (`health`, `metrics`) that one role asks goes to all of them, and a role used for the first time
 *  (Node-RED) is started when somebody asks for it. */
const answerLimitMs = 2_000

export interface SupervisorOptions {
  entry: string
  dataDir: string
  /** Roles by process, in starting order. */
  processes: readonly (readonly string[])[]
  /** Roles started when first needed, each in its own process. */
  onDemand: readonly string[]
  environment: NodeJS.ProcessEnv
  print: (line: string) => void
  clock: Clock
  log: Log
}

interface Round {
  answers: RoleAnswer[]
  open: Set<RoleProcess>
  finish: () => void
}

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #running: RoleProcess[] = []
  readonly #starting = new Map<string, Promise<void>>()
  readonly #addresses = new Map<string, string>()
  readonly #rounds = new Map<number, Round>()
  #nextRound = 1
  #stopping = false
  #release: Cancel = () => {}

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  /** Resolves when every role is ready; rejects with the first that could not start. */
  async start(): Promise<void> {
    this.#release = keepAlive()
    for (const roles of this.#options.processes) {
      if (this.#stopping) return
      await this.#launch(roles)
    }
    if (!this.#stopping) this.#options.print('ready')
  }

  async stop(): Promise<void> {
    this.#stopping = true
    for (const child of this.#running.toReversed()) await child.stop()
    this.#release()
  }

  async #launch(roles: readonly string[]): Promise<void> {
    const { entry, dataDir, clock, log } = this.#options
    const child = new RoleProcess({
      entry,
      roles,
      environment: () => this.#environment(),
      runDir: join(dataDir, 'run'),
      onMessage: (message, from) => this.#receive(message, from),
      clock,
      log,
    })
    this.#running.push(child)
    try {
      await child.start()
    } catch (cause) {
      this.#running.splice(this.#running.indexOf(child), 1)
      throw cause
    }
  }

  /** A port that was 0 is known once its role listens: the others, and the role's next life, are told. */
  #environment(): NodeJS.ProcessEnv {
    const known = { ...this.#options.environment }
    for (const [name, url] of this.#addresses) known[`${name.toUpperCase()}_PORT`] = new URL(url).port
    return known
  }

  #receive(message: FromRole, from: RoleProcess): void {
    switch (message.type) {
      case 'announce':
        return this.#options.print(message.line)
      case 'listening':
        if (!this.#addresses.has(message.name))
          this.#options.print(`listening ${message.name} ${message.url}`)
        this.#addresses.set(message.name, message.url)
        return
      case 'ready':
        return
      case 'answer':
        return this.#collect(message.id, from, message.body)
      case 'gather':
        return this.#ask(message.topic, (answers) => from.send({ type: 'gathered', id: message.id, answers }))
      case 'ensure':
        return void this.#ensure(message.role, (error) =>
          from.send({ type: 'ensured', id: message.id, ...(error !== undefined && { error }) }),
        )
    }
  }

  #ask(topic: string, done: (answers: RoleAnswer[]) => void): void {
    const id = this.#nextRound++
    const asked = this.#running.filter((child) => child.running)
    const finish = () => {
      if (!this.#rounds.delete(id)) return
      limit()
      done(round.answers)
    }
    const round: Round = { answers: [], open: new Set(asked), finish }
    const limit = this.#options.clock.after(answerLimitMs, finish)
    this.#rounds.set(id, round)
    for (const child of asked) child.send({ type: 'question', id, topic })
  }

  #collect(id: number, from: RoleProcess, body: unknown): void {
    const round = this.#rounds.get(id)
    if (!round) return
    round.answers.push({ role: from.name, body })
    round.open.delete(from)
    if (round.open.size === 0) round.finish()
  }

  async #ensure(role: string, done: (error?: string) => void): Promise<void> {
    if (!this.#options.onDemand.includes(role))
      return done(`${role} was not asked for when the system started`)
    const started = this.#starting.get(role) ?? this.#launch([role])
    this.#starting.set(role, started)
    try {
      await started
      done()
    } catch (cause) {
      this.#starting.delete(role)
      done(cause instanceof Error ? cause.message : String(cause))
    }
  }
}
