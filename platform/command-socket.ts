import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Log } from './log.ts'
import { OperatorError } from './operator-error.ts'

/** The door for the operator's own commands: HTTP on a Unix socket that only this user can open, so it needs no
 *  password. One command a request, JSON in and out. */

/** A registry of a whole district is about 40 MB. */
const bodyLimitBytes = 128 * 1024 * 1024

const answer = z.union([
  z.object({ result: z.unknown() }).transform(({ result }) => ({ ok: true as const, result })),
  z.object({ mistake: z.string() }).transform(({ mistake }) => ({ ok: false as const, mistake })),
])

export class CommandSocket {
  readonly #options: { path: string; run: (command: unknown) => Promise<unknown>; logger: Log }
  #server: Server | undefined

  constructor(options: { path: string; run: (command: unknown) => Promise<unknown>; logger: Log }) {
    this.#options = options
  }

  /** Throws an `OperatorError` when another server answers at the same place. */
  async start(): Promise<void> {
    const { path } = this.#options
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (await answers(path))
      throw new OperatorError(`Another server runs on this DATA_DIR (${path} answers).`)
    // What is left lying there is of a server that was killed.
    rmSync(path, { force: true })
    const server = createServer((question, reply) => void this.#reply(question, reply))
    this.#server = server
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
    chmodSync(path, 0o600)
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (!server) return
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  async #reply(question: IncomingMessage, reply: ServerResponse): Promise<void> {
    try {
      const asked: unknown = JSON.parse(await textOf(question))
      reply.end(JSON.stringify({ result: await this.#options.run(asked) }))
    } catch (cause) {
      if (!(cause instanceof OperatorError)) this.#options.logger.error({ err: cause }, 'a command failed')
      reply.end(JSON.stringify({ mistake: cause instanceof Error ? cause.message : String(cause) }))
    }
  }
}

/** Asks the server at `path`. Undefined when none runs there; throws an `OperatorError` with its refusal. */
export async function askServer(path: string, command: unknown): Promise<{ result: unknown } | undefined> {
  const reply = await post(path, JSON.stringify(command))
  if (reply === undefined) return undefined
  const answered = answer.parse(JSON.parse(reply))
  if (!answered.ok) throw new OperatorError(answered.mistake)
  return { result: answered.result }
}

async function answers(path: string): Promise<boolean> {
  return existsSync(path) && (await post(path, '{}')) !== undefined
}

function post(socketPath: string, body: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: '/', method: 'POST' }, (reply) => {
      textOf(reply).then(resolve, reject)
    })
    asking.on('error', (cause) => (isNobody(cause) ? resolve(undefined) : reject(cause)))
    asking.end(body)
  })
}

function isNobody(cause: Error): boolean {
  return 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED')
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stream) {
    const buffer = Buffer.from(part)
    bytes += buffer.length
    if (bytes > bodyLimitBytes) throw new OperatorError(`A command may have ${bodyLimitBytes} bytes at most.`)
    parts.push(buffer)
  }
  return Buffer.concat(parts).toString()
}
