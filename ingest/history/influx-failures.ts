import { HttpError, RequestTimedOutError } from '@influxdata/influxdb-client'
import { z } from 'zod'
import { HistoryWriteError, type WriteFailure } from './write-error.ts'

/** What InfluxDB's answer to a write means for us. */
export function influxWriteError(cause: unknown): HistoryWriteError {
  if (cause instanceof HistoryWriteError) return cause
  if (
    cause instanceof RequestTimedOutError ||
    (cause instanceof DOMException && cause.name === 'TimeoutError')
  )
    return new HistoryWriteError({ failure: 'timeout', reason: 'InfluxDB did not answer in time', cause })
  if (cause instanceof HttpError) {
    const reason = reasonIn(cause.body ?? '') ?? cause.message
    const retryAfterMs = retryAfterOf(cause)
    return new HistoryWriteError({
      failure: failureOf(cause.statusCode, reason),
      reason,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
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

function failureOf(status: number, reason: string): WriteFailure {
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
      return reason.startsWith('partial write') ? 'partial' : 'refused'
    default:
      return status < 500 ? 'refused' : 'failed'
  }
}

/** 1.x says `error`, 2.x and 3 say `message`. */
const answer = z.union([
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ message: z.string() }).transform(({ message }) => message),
])

export function reasonIn(body: string): string | undefined {
  try {
    return answer.safeParse(JSON.parse(body)).data
  } catch (cause) {
    if (cause instanceof SyntaxError) return body === '' ? undefined : body.slice(0, 1_000)
    throw cause
  }
}

/** The client reads the header as milliseconds; in HTTP it is seconds. */
function retryAfterOf(error: HttpError): number | undefined {
  const seconds = Number(error.headers?.['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined
}
