import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { HistoryWriteError } from './write-error.ts'

/** HTTP to one InfluxDB: connections are kept, and a request that is met with silence is given up together with
 *  its connection.
 *
 *  Not InfluxDB's own client: of what it does (batching, retries, its own line protocol) we need nothing, because
 *  the intake log is the queue, and it counts the length of every request letter by letter, in all a third of
 *  the processor time of a write. */
export interface Answered {
  status: number
  headers: IncomingMessage['headers']
  text: string
}

export interface InfluxHttpOptions {
  /** Without a slash at the end. */
  url: string
  headers: Readonly<Record<string, string>>
  timeoutMs: number
}

export class InfluxHttp {
  readonly #options: InfluxHttpOptions
  #agent: HttpAgent | undefined

  constructor(options: InfluxHttpOptions) {
    this.#options = options
  }

  start(): void {
    this.#agent = this.#isSecure() ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  }

  stop(): void {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  get(path: string): Promise<Answered> {
    return this.#call(path, 'GET', {})
  }

  /** Lines, or the parameters of a command. */
  post(path: string, body: string | Uint8Array | URLSearchParams): Promise<Answered> {
    if (body instanceof URLSearchParams)
      return this.#call(path, 'POST', {
        type: 'application/x-www-form-urlencoded',
        bytes: Buffer.from(String(body)),
      })
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    return this.#call(path, 'POST', { type: 'text/plain; charset=utf-8', bytes })
  }

  /** Whatever is answered is an answer; rejects with a `HistoryWriteError` (`timeout`) or a network error. */
  async #call(
    path: string,
    method: 'GET' | 'POST',
    { type, bytes }: { type?: string; bytes?: Uint8Array },
  ): Promise<Answered> {
    const agent = this.#agent
    if (!agent)
      throw new HistoryWriteError({ failure: 'unavailable', reason: 'the history store is not started' })
    const { url, timeoutMs } = this.#options
    const signal = AbortSignal.timeout(timeoutMs)
    const headers = {
      ...this.#options.headers,
      ...(type !== undefined && { 'content-type': type }),
      ...(bytes && { 'content-length': bytes.length }),
    }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const send = this.#isSecure() ? httpsRequest : httpRequest
    send(`${url}${path}`, { method, agent, headers, signal }, resolve).on('error', reject).end(bytes)
    try {
      const response = await promise
      const chunks: Uint8Array[] = []
      for await (const chunk of response) if (chunk instanceof Uint8Array) chunks.push(chunk)
      const text = Buffer.concat(chunks).toString()
      return { status: response.statusCode ?? 0, headers: response.headers, text }
    } catch (cause) {
      if (!signal.aborted) throw cause
      const reason = `InfluxDB did not answer within ${timeoutMs} ms`
      throw new HistoryWriteError({ failure: 'timeout', reason, cause })
    }
  }

  #isSecure(): boolean {
    return this.#options.url.startsWith('https:')
  }
}
