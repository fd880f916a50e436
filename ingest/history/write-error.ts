/** Why a batch is not in the history, told apart by what the caller should do about it.
 *
 *  `partial`, `refused` and `too-large` say that parts of the batch may be written by themselves, in any order:
 *  only a store that keeps no position may say so. The embedded one would take the first part for the whole. */
export const writeFailures = [
  /** The good points are in, at least one is not: find it, put it aside. */
  'partial',
  /** Nothing is in and a retry will not help: the points are wrong. */
  'refused',
  /** Send less at a time. Where it is said of a single point, the operator must raise the limit. */
  'too-large',
  /** The operator must act: credentials, permissions. */
  'unauthorised',
  /** The operator must act: whoever answers there is not a database that takes our writes. */
  'misdirected',
  /** The store answered with an error of its own: try again later. */
  'failed',
  /** Nobody there, or not now: try again later. */
  'unavailable',
  /** No answer in time. The points may be in; writing them again does no harm. */
  'timeout',
] as const
export type WriteFailure = (typeof writeFailures)[number]

/** For the operator: what it is, and what to do about it. */
export const writeFailureInWords: Record<WriteFailure, string> = {
  partial: 'the history database takes only part of what it is sent',
  refused: 'the history database takes nothing of what it is sent',
  'too-large':
    'the history database refuses even one reading as too large: raise its limit for a request body',
  unauthorised: 'the history database does not let us in: check user, password and permissions',
  misdirected: 'what answers is not a history database: check its address, and what stands in between',
  failed: 'the history database has a trouble of its own: see its log and its disk',
  unavailable: 'the history database cannot be reached or is busy',
  timeout: 'the history database does not answer in time: it hangs or is overloaded',
}

export class HistoryWriteError extends Error {
  readonly failure: WriteFailure
  /** In the store's own words. */
  readonly reason: string
  /** The store asked to be left alone for so long. */
  readonly retryAfterMs: number | undefined
  /** How many points the store left out, where it says so. */
  readonly dropped: number | undefined

  constructor(what: {
    failure: WriteFailure
    reason: string
    retryAfterMs?: number
    dropped?: number
    cause?: unknown
  }) {
    super(`history ${what.failure}: ${what.reason}`, { cause: what.cause })
    this.name = 'HistoryWriteError'
    this.failure = what.failure
    this.reason = what.reason
    this.retryAfterMs = what.retryAfterMs
    this.dropped = what.dropped
  }
}
