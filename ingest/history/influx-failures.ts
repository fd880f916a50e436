import { z } from 'zod'
import type { Answered } from './influx-http.ts'
import { HistoryWriteError, type WriteFailure } from './write-error.ts'

/** An answer may be the page of a proxy. */
const reasonLimit = 1_000

/** What InfluxDB's answer to a write means for us; undefined where it means yes. */
export function refusalOf({ status, headers, text }: Answered): HistoryWriteError | undefined {
  if (status >= 200 && status < 300) return undefined
  const said = saidIn(text)
  const reason = said ?? (text === '' ? `HTTP status ${status}` : text)
  const retryAfterMs = retryAfterOf(headers)
  const dropped = /^partial write: .* dropped=(\d+)$/s.exec(reason)?.[1]
  return new HistoryWriteError({
    failure: failureOf(status, said),
    reason: reason.slice(0, reasonLimit),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(dropped !== undefined && { dropped: Number(dropped) }),
  })
}

/** What no answer at all means. */
export function influxWriteError(cause: unknown): HistoryWriteError {
  if (cause instanceof HistoryWriteError) return cause
  return new HistoryWriteError({ failure: 'unavailable', reason: wordsOf(cause), cause })
}

/** Where both address families were tried the message itself is empty. */
function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause instanceof AggregateError ? cause.errors.map(wordsOf).join('; ') : cause.message
}

/** Only what InfluxDB itself says of a request it has read may cost a point its place in history; whatever else
 *  is 4xx (a proxy, a wrong path, the page of a router) is not about the points. */
function failureOf(status: number, said: string | undefined): WriteFailure {
  switch (status) {
    case 401:
    case 403:
      return 'unauthorised'
    case 408:
    case 504:
      return 'timeout'
    case 413:
      return 'too-large'
    case 429:
    case 502:
    case 503:
      return 'unavailable'
    case 400:
    case 422:
      if (said === undefined) return 'misdirected'
      return said.startsWith('partial write') ? 'partial' : 'refused'
    default:
      return status < 500 ? 'misdirected' : 'failed'
  }
}

/** 1.x says `error`, 2.x and 3 say `message`. */
const answer = z.union([
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ message: z.string() }).transform(({ message }) => message),
])

/** What InfluxDB says is wrong; undefined where it is not InfluxDB that speaks. */
export function saidIn(body: string): string | undefined {
  try {
    return answer.safeParse(JSON.parse(body)).data
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

/** HTTP has seconds or a date, and the date is as good as the server's clock. */
function retryAfterOf(headers: Answered['headers']): number | undefined {
  const after = headers['retry-after'] ?? ''
  const seconds = /^\d+$/.test(after)
    ? Number(after)
    : (Date.parse(after) - Date.parse(headers.date ?? '')) / 1_000
  return seconds > 0 ? seconds * 1_000 : undefined
}
