import { request as httpRequest, STATUS_CODES } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Log } from '../../platform/log.ts'
import type { Flows, StaffDoor } from './ports.ts'
import { problem, problemMedia, type Problem } from './problem.ts'
import { sessionTokenOf } from './session-cookie.ts'

/** The door to Node-RED: whoever can edit flows can run code in their process, so only an admin passes, on any
 *  method and for websockets too. Node-RED itself listens on a socket file and asks nobody for a password; it
 *  is started when the first admin comes, and never sees his cookie. */
export class FlowsProxy {
  readonly #flows: Flows
  readonly #staff: StaffDoor
  readonly #log: Log
  readonly #tunnels = new Set<Duplex>()

  constructor({ flows, staff, log }: { flows: Flows; staff: StaffDoor; log: Log }) {
    this.#flows = flows
    this.#staff = staff
    this.#log = log
  }

  /** `/flows` and everything below it. */
  static leadsHere(url = ''): boolean {
    return /^\/flows(?=[/?]|$)/.test(url)
  }

  async forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = await this.#refusal(request.headers)
    if (refusal) return refuse(response, refusal)
    const onward = httpRequest(this.#onward(request), (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(response)
      answer.once('error', () => response.destroy())
    })
    onward.once('error', (cause) => {
      this.#log.warn({ err: cause }, 'flows did not answer')
      if (response.headersSent) response.destroy()
      else refuse(response, problem(503, 'flows did not answer'))
    })
    response.once('close', () => onward.destroy())
    request.pipe(onward)
  }

  /** Joins the visitor's connection and Node-RED's into one tunnel. */
  async upgrade(request: IncomingMessage, visitor: Duplex, head: Buffer): Promise<void> {
    visitor.on('error', () => visitor.destroy())
    const refusal = await this.#refusal(request.headers)
    if (refusal) return void visitor.end(rawRefusal(refusal))
    const onward = httpRequest(this.#onward(request))
    onward.once('upgrade', (answer, nodeRed, nodeRedHead) => {
      visitor.write(rawHead(answer))
      visitor.write(nodeRedHead)
      nodeRed.write(head)
      this.#join(visitor, nodeRed)
    })
    onward.once('response', (answer) => {
      answer.resume()
      visitor.end(rawRefusal(problem(answer.statusCode ?? 503, 'flows did not take the websocket')))
    })
    onward.once('error', () => visitor.end(rawRefusal(problem(503, 'flows did not answer'))))
    visitor.once('close', () => onward.destroy())
    onward.end()
  }

  stop(): void {
    for (const end of this.#tunnels) end.destroy()
  }

  async #refusal({ cookie }: IncomingHttpHeaders): Promise<Problem | undefined> {
    const token = sessionTokenOf(cookie)
    const session = token === undefined ? undefined : await this.#staff.session(token)
    if (!session) return problem(401, 'sign in first')
    if (session.role !== 'admin') return problem(403, 'flows are for administrators')
    try {
      await this.#flows.ensureStarted()
    } catch (cause) {
      this.#log.error({ err: cause }, 'flows could not be started')
      return problem(503, 'flows could not be started')
    }
  }

  #onward({ method, url, headers }: IncomingMessage): RequestOptions {
    const { cookie: _cookie, ...others } = headers
    const { socketPath } = this.#flows
    return { socketPath, headers: others, ...(method && { method }), ...(url && { path: url }) }
  }

  #join(visitor: Duplex, nodeRed: Duplex): void {
    for (const end of [visitor, nodeRed]) {
      this.#tunnels.add(end)
      end.on('error', () => end.destroy())
      end.once('close', () => {
        this.#tunnels.delete(end)
        visitor.destroy()
        nodeRed.destroy()
      })
    }
    visitor.pipe(nodeRed).pipe(visitor)
  }
}

function refuse(response: ServerResponse, problem: Problem): void {
  response.writeHead(problem.status, { 'content-type': problemMedia }).end(JSON.stringify(problem))
}

/** A whole answer for a connection that wanted to become a websocket. */
export function rawRefusal(problem: Problem): string {
  const body = JSON.stringify(problem)
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Refused'}`,
    `Content-Type: ${problemMedia}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

function rawHead({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1] ?? ''}`] : [],
  )
  return [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines, '', ''].join('\r\n')
}
