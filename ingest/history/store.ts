import type { Kind } from '../../firmware-contracts/message.ts'

/** One reading on its way into history. `position` is that of the intake message it came in. */
export interface Point {
  position: number
  site: string
  kind: Kind
  device: string
  port?: string | undefined
  /** Epoch ms: the device's, or the receive time where the device has no credible clock. */
  t: number
  /** How far into that millisecond InfluxDB keeps it, ns: two samples of a series at one instant are one to it.
   *  0 unless told. */
  apartNs?: number
  boot: number
  seq: number
  /** Wire name -> integer or enum word. */
  fields: Readonly<Record<string, number | string>>
}

/** What positions count: messages of the intake log, or messages taken out of quarantine again. A replayed message
 *  is older than what the store has, so its place in the log says nothing: each lane goes up on its own. */
export const lanes = ['log', 'replay'] as const
export type Lane = (typeof lanes)[number]

/** The points of one position are all in one batch: the embedded store takes a position it has for done. */
export interface Batch {
  /** `log` unless told. */
  lane?: Lane
  /** First and last position this batch stands for, inclusive; some may have yielded no point. */
  from: number
  to: number
  points: readonly Point[]
}

export interface SeriesQuery {
  kind: Kind
  device: string
  port?: string
  /** Wire name, such as `p_ret_kpa`. */
  signal: string
}

export interface RangeQuery extends SeriesQuery {
  /** Epoch ms, inclusive. */
  fromMs: number
  /** Epoch ms, exclusive. */
  toMs: number
  /** At most this many buckets come back, 1 … 10,000. */
  points: number
}

export interface Bucket {
  /** Start of the bucket, epoch ms. */
  t: number
  min: number
  max: number
  mean: number
  count: number
  /** The newest of them. */
  last: number
}

/** One reading as it was stored: all signals that came under one number. What is not stored of a message is its class
 *  (live, upload, back-fill) and when it was received. */
export type StoredReading = Pick<Point, 'site' | 'kind' | 'device' | 'port' | 't' | 'boot' | 'seq' | 'fields'>

/** The newest sample of a series: a number, or an enum word. */
export interface LastValue {
  t: number
  value: number | string
}

/** History of readings. Both engines (embedded DuckDB, InfluxDB) pass the one contract test beside this file.
 *  `write` is idempotent: the same batch, or one that overlaps it, doubles nothing. A rejected `write` may be
 *  tried again; what was not confirmed is the caller's to keep.
 */
export interface HistoryStore {
  /** Opens the file, or makes the client; a server that is down shows in `ping`, not here. */
  start(): Promise<void>
  /** Resolves when the points are on the store's disk; rejects with a `HistoryWriteError`. */
  write(batch: Batch): Promise<void>
  /** Buckets of equal width from `fromMs` on; a bucket without samples is left out. From a minute a bucket on
   *  they are whole minutes or hours, the first of them begins at or before `fromMs`, the last ends at or after
   *  `toMs` (`resolution.ts`). Every sample counts once, also the newest. Empty for an unknown series and for
   *  an enum. A query out of bounds throws a `RangeError`. */
  range(query: RangeQuery): Promise<Bucket[]>
  /** The whole local days (the site's time zone, cut at midnight) that [fromMs, toMs) touches; `t` is the
   *  day's first instant. At most `daysLimit` days. */
  days(query: Omit<RangeQuery, 'points'>): Promise<Bucket[]>
  last(query: SeriesQuery): Promise<LastValue | undefined>
  /** All readings of a site in [fromMs, toMs), in the order of their time, and of a device also of its numbers. They
   *  come all at once: whoever wants many asks for them in short stretches (reading-stream.ts). */
  readings(query: { site: string; fromMs: number; toMs: number }): Promise<StoredReading[]>
  /** Brings the rollups up to date and removes what is past its keep. To be called every few minutes; until it is,
   *  answers are as right and only slower. Days are cut at the midnight of the zone they were made in. */
  upkeep(): Promise<void>
  /** Rejects when the store cannot take writes now. */
  ping(): Promise<void>
  stop(): Promise<void>
}
