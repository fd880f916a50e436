import { fork, type ChildProcess } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromRole, type FromRole, type ToRole } from './role-link.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/** One child process that plays one or more roles, kept alive: when it dies it is started again, at once the
 *  first time and never later than 2 s after. */
const firstRestartMs = 100
const slowestRestartMs = 1_800
/** A child that was told to stop and still runs after this long is killed; what it had acknowledged is on
 *  disk already. */
const stopLimitMs = 3_000
const startLimitMs = 60_000
/** MiB at most for young objects, instead of 16. A busy role holds thousands of messages for the length of one
 *  fsync or one HTTP request: with little room they are copied again and again while they wait (measured in
 *  ingest: half of the time spent on collecting them, 2 of 17 µs a message). A role that is not busy never asks for
 *  it. */
const youngSpace = '--max-semi-space-size=64'
const pidRetryMs = 1_000

export interface RoleProcessOptions {
  /** The program: main.ts. */
  entry: string
  roles: readonly string[]
  /** Its environment, asked anew at each start. */
  environment: () => NodeJS.ProcessEnv
  runDir: string
  onMessage: (message: FromRole, from: RoleProcess) => void
  clock: Clock
  log: Log
}

export class RoleProcess {
  readonly roles: readonly string[]
  readonly #options: RoleProcessOptions
  #child: ChildProcess | undefined
  #stopping = false
  #restartMs = firstRestartMs
  #ready = Promise.withResolvers<void>()

  constructor(options: RoleProcessOptions) {
    this.roles = options.roles
    this.#options = options
  }

  get name(): string {
    return this.roles.join('+')
  }

  /** Resolves when the child says it is ready; rejects when it ends before it ever was. */
  async start(): Promise<void> {
    const limit = this.#options.clock.after(startLimitMs, () =>
      this.#ready.reject(new Error(`${this.name} was not ready after ${startLimitMs / 1000} s`)),
    )
    this.#launch(true)
    try {
      await this.#ready.promise
    } finally {
      limit()
    }
  }

  send(message: ToRole): void {
    if (this.#child?.connected) this.#child.send(message)
  }

  get running(): boolean {
    return this.#child?.connected ?? false
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    this.send({ type: 'stop' })
    const kill = this.#options.clock.after(stopLimitMs, () => child.kill('SIGKILL'))
    await ended
    kill()
  }

  #launch(first: boolean): void {
    const { entry, roles, environment, onMessage, log } = this.#options
    const child = fork(entry, [...roles], {
      env: environment(),
      execArgv: [...process.execArgv, youngSpace],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    this.#writePids(child)
    let wasReady = false
    child.on('message', (raw) => {
      const message = fromRole.parse(raw)
      if (message.type === 'ready') {
        wasReady = true
        this.#restartMs = firstRestartMs
        this.#ready.resolve()
      }
      onMessage(message, this)
    })
    child.on('error', (cause) => log.error({ err: cause, role: this.name }, 'a role could not be started'))
    child.on('exit', (code, signal) => {
      this.#removePids()
      if (this.#stopping) return
      if (first && !wasReady) this.#ready.reject(new RoleEnded(this.name, code))
      else this.#restart(code, signal)
    })
  }

  #restart(code: number | null, signal: string | null): void {
    const { clock, log } = this.#options
    log.error({ role: this.name, code, signal, inMs: this.#restartMs }, 'a role died and is started again')
    clock.after(this.#restartMs, () => {
      if (!this.#stopping) this.#launch(false)
    })
    this.#restartMs = Math.min(this.#restartMs * 2, slowestRestartMs)
  }

  /** A full disk takes no role down: the file comes when there is room. */
  #writePids(child: ChildProcess): void {
    const { runDir, clock, log } = this.#options
    if (this.#child !== child || child.exitCode !== null || child.signalCode !== null) return
    try {
      mkdirSync(runDir, { recursive: true, mode: 0o700 })
      for (const role of this.roles) writeFileSync(this.#pidFile(role), `${child.pid}\n`)
    } catch (cause) {
      log.warn({ err: cause, role: this.name }, 'the process id could not be written')
      this.#removePids()
      clock.after(pidRetryMs, () => this.#writePids(child))
    }
  }

  #removePids(): void {
    for (const role of this.roles) rmSync(this.#pidFile(role), { force: true })
  }

  #pidFile(role: string): string {
    return join(this.#options.runDir, `${role}.pid`)
  }
}

/** A role that ended before it was ever ready; it has said why on standard error. */
export class RoleEnded extends Error {
  readonly exitCode: number

  constructor(role: string, code: number | null) {
    super(`${role} ended before it was ready (exit code ${code})`)
    this.name = 'RoleEnded'
    this.exitCode = code ?? 1
  }
}
