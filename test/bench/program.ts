import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { until } from '../support/system.ts'

/** Somebody else's program, as the benchmark runs it. */
export interface Program {
  stop(): Promise<void>
}

export interface ProgramOptions {
  program: string
  parameters: readonly string[]
  environment?: Record<string, string>
  /** Resolves once this is true of what it has printed. */
  ready: (printed: string) => boolean | Promise<boolean>
}

const printedKept = 20_000
const stopLimitMs = 5_000

/** Resolves when it is ready; a program that ends before that is an error with what it printed. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { program, parameters, environment = {}, ready } = options
  const child = spawn(program, parameters, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-printedKept)))
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
    await ended
    clearTimeout(limit)
  }
  try {
    await until(`${program} to be ready`, async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended: ${printed}`)
      return (await ready(printed)) || undefined
    })
  } catch (cause) {
    await stop()
    throw cause
  }
  return { stop }
}

export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const answer = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}
