/** Why a batch is not in the history, told apart by what the caller should do about it.
 *
 *  `partial`, `refused` and `too-large` say that parts of the batch may be written by themselves, in any order:
 *  only a store that keeps no position may say so. The embedded one would take the first part for the whole. */
export const writeFailures = [
  /** The good points are in, at least one is not: find it, put it aside. */
  'partial',
  /** Nothing is in and a retry will not help: the points are wrong. */
  'refused',
  /** The operator must act: credentials, permissions. */
  'unauthorised',
  /** Send less at a time. */
  'too-large',
  /** The store answered with an error of its own: try again later. */
  'failed',
  /** Nobody there, or not now: try again later. */
  'unavailable',
  /** No answer in time. The points may be in; writing them again does no harm. */
  'timeout',
] as const
export type WriteFailure = (typeof writeFailures)[number]

export class HistoryWriteError extends Error {
  readonly failure: WriteFailure
  /** In the store's own words. */
  readonly reason: string
  /** The store asked to be left alone for so long. */
  readonly retryAfterMs: number | undefined

  constructor(what: { failure: WriteFailure; reason: string; retryAfterMs?: number; cause?: unknown }) {
    super(`history ${what.failure}: ${what.reason}`, { cause: what.cause })
    this.name = 'HistoryWriteError'
    this.failure = what.failure
    this.reason = what.reason
    this.retryAfterMs = what.retryAfterMs
  }
}
