import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A real HTTP server between a client and a real InfluxDB, for the answers that a healthy InfluxDB cannot be
 *  brought to give. It passes everything on until it is told otherwise. */
export interface Between {
  url: string
  /** What a write is answered from now on: an answer, silence, or InfluxDB's own. */
  writesGet(answer: Answer | 'silence' | 'passed on'): void
  /** The next write is held until that is called; those after it go through. */
  holdNextWrite(): () => void
  /** When writes arrived, ms of this process. */
  writesAtMs: number[]
  stop(): Promise<void>
}

export interface Answer {
  status: number
  headers?: Record<string, string>
  body?: string
}

export async function startBetween(influxUrl: string): Promise<Between> {
  let told: Answer | 'silence' | 'passed on' = 'passed on'
  let held: Promise<void> | undefined
  const writesAtMs: number[] = []
  const server = createServer((request, response) => {
    const isWrite = request.url?.startsWith('/write') === true
    if (isWrite) writesAtMs.push(performance.now())
    if (isWrite && held) {
      void held.then(() => passOn(request, response, influxUrl))
      held = undefined
    } else if (!isWrite || told === 'passed on') void passOn(request, response, influxUrl)
    else if (told !== 'silence') response.writeHead(told.status, told.headers).end(told.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${isInternet(address) ? address.port : 0}`,
    writesGet: (answer) => void (told = answer),
    holdNextWrite() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    writesAtMs,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function passOn(request: IncomingMessage, response: ServerResponse, influxUrl: string): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  const passed = await fetch(`${influxUrl}${request.url}`, {
    method: request.method ?? 'GET',
    headers: { 'content-type': request.headers['content-type'] ?? 'text/plain' },
    ...(request.method === 'POST' && { body: Buffer.concat(chunks) }),
  })
  response.writeHead(passed.status, { 'content-type': passed.headers.get('content-type') ?? 'text/plain' })
  response.end(await passed.text())
}

function isInternet(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
