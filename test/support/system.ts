import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'

/** The real system, started as its users start it: processes of its own, free ports, a folder of its own. */

export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

interface Start {
  roles: readonly string[]
  environment: Record<string, string>
}

const readyLimitMs = 60_000

export class RunningSystem {
  readonly dataDir: string
  readonly #keepData: boolean
  readonly #lines: string[] = []
  readonly #start: Start
  #process: ChildProcess
  #stderr = ''
  #cookie = ''

  private constructor(start: Start, data: { dir: string; keep: boolean }) {
    this.dataDir = data.dir
    this.#keepData = data.keep
    this.#start = start
    this.#process = this.#spawn()
  }

  /** Resolves when the system printed `ready`. `roles` default to what `npm start` runs. */
  static async start(
    options: { roles?: readonly string[]; environment?: Record<string, string>; dataDir?: string } = {},
  ): Promise<RunningSystem> {
    const dir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'estate-'))
    const defaults = { DATA_DIR: dir, MQTT_PORT: '0', HTTP_PORT: '0', LOG_LEVEL: 'info' }
    const environment = { ...defaults, ...options.environment }
    const start = { roles: options.roles ?? [], environment }
    const system = new RunningSystem(start, { dir, keep: options.dataDir !== undefined })
    await system.#ready()
    return system
  }

  /** kill -9 of all its processes in the same moment, and a new start on the same ports and folder. */
  async crash(): Promise<void> {
    const { environment } = this.#start
    if (this.#lines.some((line) => line.startsWith('listening mqtt')))
      environment['MQTT_PORT'] = this.mqttPort
    environment['HTTP_PORT'] = new URL(this.httpUrl).port
    if (!this.#running) throw new Error(`the system ended by itself: ${this.#stderr.slice(-3_000)}`)
    const ended = once(this.#process, 'exit')
    signalGroup(this.pid, 'SIGKILL')
    await ended
    this.#lines.length = 0
    this.#process = this.#spawn()
    await this.#ready()
  }

  #spawn(): ChildProcess {
    const { roles, environment } = this.#start
    const child = spawn(process.execPath, ['main.ts', ...roles], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      this.#lines.push(...lines)
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stderr = (this.#stderr + chunk).slice(-50_000)
    })
    return child
  }

  async #ready(): Promise<void> {
    try {
      await this.printed('ready', readyLimitMs)
    } catch (cause) {
      await this.stop()
      throw cause
    }
  }

  /** The first line printed that starts with `start`. */
  async printed(start: string, limitMs = 30_000): Promise<string> {
    return until(
      `the line "${start}"`,
      () => {
        if (!this.#running) throw new Error(`the system ended: ${this.#stderr.slice(-3_000)}`)
        return this.#lines.find((line) => line.startsWith(start))
      },
      limitMs,
    )
  }

  get mqttUrl(): string {
    return this.#address('mqtt')
  }

  get httpUrl(): string {
    return this.#address('http')
  }

  get mqttPort(): string {
    return new URL(this.mqttUrl).port
  }

  get stderr(): string {
    return this.#stderr
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  rolePid(role: string): number | undefined {
    const file = join(this.dataDir, 'run', `${role}.pid`)
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
    return pid > 0 ? pid : undefined
  }

  /** kill -9 of a role; resolves with its new process id once the supervisor has started it again. */
  async killRole(role: string): Promise<number> {
    const before = this.rolePid(role)
    if (before === undefined) throw new Error(`${role} does not run`)
    process.kill(before, 'SIGKILL')
    return until(`${role} is back`, () => {
      const now = this.rolePid(role)
      return now !== before ? now : undefined
    })
  }

  cli(...command: string[]): Promise<CommandResult> {
    return run(process.execPath, ['--no-warnings', 'cli.ts', ...command], { DATA_DIR: this.dataDir })
  }

  /** A credential for one device, as its firmware gets it. */
  async issueCredential(device: string): Promise<{ username: string; password: string }> {
    const { stdout, stderr, code } = await this.cli('credentials', 'issue', device)
    if (code !== 0) throw new Error(`no credential for ${device}: ${stderr}`)
    return z.object({ username: z.string(), password: z.string() }).parse(JSON.parse(stdout))
  }

  /** Signs in, with the login printed at the first start unless told; later calls of `api` carry the cookie. */
  async signIn(
    known?: Readonly<{ name: string; password: string }>,
  ): Promise<{ name: string; password: string; cookie: string }> {
    const { name, password } = known ?? (await this.#printedLogin())
    const response = await this.fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, password }),
    })
    if (!response.ok) throw new Error(`the printed login does not work: ${response.status}`)
    this.#cookie = response.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ')
    return { name, password, cookie: this.#cookie }
  }

  async #printedLogin(): Promise<{ name: string; password: string }> {
    const [, , name = '', password = ''] = (await this.printed('staff login')).split(' ')
    return { name, password }
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.httpUrl}${path}`, { redirect: 'manual', ...init })
  }

  /** A staff request, its answer parsed. Throws on anything but success. */
  async api<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    init: RequestInit = {},
  ): Promise<z.infer<Schema>> {
    const response = await this.fetch(path, {
      ...init,
      headers: { cookie: this.#cookie, 'content-type': 'application/json' },
    })
    const body = await response.text()
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${body}`)
    return schema.parse(JSON.parse(body))
  }

  /** Ctrl-C in the terminal: the signal goes to every process of the group. Resolves with the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#process
    if (this.#running) {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      signalGroup(this.pid, 'SIGINT')
      await Promise.race([ended, pause(10_000).then(() => signalGroup(this.pid, 'SIGKILL'))])
      await ended
    }
    if (!this.#keepData) rmSync(this.dataDir, { recursive: true, force: true })
    return child.exitCode
  }

  get #running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  #address(name: string): string {
    const line = this.#lines.find((printed) => printed.startsWith(`listening ${name} `))
    if (line === undefined) throw new Error(`the system does not listen for ${name}`)
    return line.split(' ')[2] ?? ''
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'ESRCH') throw cause
  }
}

/** Processes that still belong to the group of `pid`. */
export async function groupMembers(pid: number): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'pgid=,pid=,stat=,args='])
  return stdout
    .split('\n')
    .filter((line) => Number(line.trim().split(/\s+/)[0]) === pid && !/^\s*\d+\s+\d+\s+Z/.test(line))
}

export function run(
  program: string,
  command: readonly string[],
  environment: Record<string, string> = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, command, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Asks until there is an answer; a condition that throws fails at once. */
export async function until<Answer>(
  what: string,
  ask: () => Answer | undefined | Promise<Answer | undefined>,
  limitMs = 30_000,
): Promise<Answer> {
  const end = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain for ${what}`)
    await pause(25)
  }
}
