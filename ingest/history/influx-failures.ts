import { HttpError, RequestTimedOutError } from '@influxdata/influxdb-client'
import { z } from 'zod'
import { HistoryWriteError, type WriteFailure } from './write-error.ts'

/** An answer may be the page of a proxy. */
const reasonLimit = 1_000

/** What InfluxDB's answer to a write means for us. */
export function influxWriteError(cause: unknown): HistoryWriteError {
  if (cause instanceof HistoryWriteError) return cause
  if (
    cause instanceof RequestTimedOutError ||
    (cause instanceof DOMException && cause.name === 'TimeoutError')
  )
    return new HistoryWriteError({ failure: 'timeout', reason: 'InfluxDB did not answer in time', cause })
  if (cause instanceof HttpError) {
    const said = saidIn(cause.body ?? '')
    const reason = said ?? (cause.body === undefined || cause.body === '' ? cause.message : cause.body)
    const retryAfterMs = retryAfterOf(cause)
    const dropped = /^partial write: .* dropped=(\d+)$/s.exec(reason)?.[1]
    return new HistoryWriteError({
      failure: failureOf(cause.statusCode, said),
      reason: reason.slice(0, reasonLimit),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(dropped !== undefined && { dropped: Number(dropped) }),
      cause,
    })
  }
  return new HistoryWriteError({ failure: 'unavailable', reason: wordsOf(cause), cause })
}

/** Node's `fetch failed` hides what failed in its cause, and where both address families were tried the message
 *  is empty. */
function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause instanceof AggregateError) return cause.errors.map(wordsOf).join('; ')
  return cause.cause === undefined ? cause.message : `${cause.message}: ${wordsOf(cause.cause)}`
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
function retryAfterOf({ headers }: HttpError): number | undefined {
  const after = String(headers?.['retry-after'] ?? '')
  const seconds = /^\d+$/.test(after)
    ? Number(after)
    : (Date.parse(after) - Date.parse(String(headers?.['date']))) / 1_000
  return seconds > 0 ? seconds * 1_000 : undefined
}
