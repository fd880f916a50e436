/** One message as the broker accepted it: what the intake log keeps and its consumers read. */
export interface IntakeMessage {
  /** Counts up by one, in the order of acceptance, from the log's origin. A consumer's cursor is the last
   *  position it has dealt with; 0 before it ever saw one. */
  position: number
  /** Epoch ms, the broker's clock, stamped on arrival: the server time of the message, never `now()` later. */
  receivedMs: number
  /** The authenticated user name: the device itself, or the gateway that speaks for it. */
  publisher: string
  /** True for a last will, which the broker publishes for a device that vanished. */
  will: boolean
  /** To be kept by the broker for who subscribes later. */
  retain: boolean
  qos: 0 | 1 | 2
  topic: string
  payload: Uint8Array
}

/** Publisher of what stands in for a message that cannot be read any more, because the file is damaged: it has
 *  the position, no topic, and the reason for a payload. So every position that was given out comes to every
 *  consumer, and nothing is missing from a sum. */
export const damagedPublisher = 'intake-log'

/** Publisher of what came under a name that nobody registered, when there were too many of those already. No device
 *  can have this name. */
export const strangersPublisher = '(strangers)'

/** Whose count a message goes to: the device that its topic names, whatever else is wrong with it. The one rule of
 *  everybody who counts. */
export function countedFor({ topic, publisher }: Pick<IntakeMessage, 'topic' | 'publisher'>): string {
  if (publisher === strangersPublisher) return publisher
  return topic === '' ? publisher : (topic.split('/', 5)[4] ?? '')
}

/** What the broker counted itself, in the transaction that wrote the message. */
export interface IntakeCount {
  accepted: number
  /** Wills among the accepted: they carry no sequence number. */
  wills: number
  /** Publishes refused at the door (permission, size, topic), which were never accepted. */
  refused: number
}

/** Read side of the intake log. Opens the file read-only and may live in another process than the writer. */
export interface IntakeReader {
  /** Messages with a position above `after`, oldest first, at most about `limit` (whole batches). */
  read(after: number, limit: number): IntakeMessage[]
  /** The position before the first this log ever held: a consumer with a lower cursor starts here. */
  origin(): number
  /** Position of the newest message on disk, trimmed or not. */
  end(): number
  extent(): IntakeExtent
  /** The sum over all devices, at one instant, from one row: what it costs does not depend on how many there are. */
  totals(): IntakeTotals
  /** The counts of these devices, at one instant: for sums that must hold while the broker writes. A device is the
   *  one the topic names; counting began with the log, and trimming does not change it. */
  books(devices: readonly string[]): IntakeBooks
  /** Devices that were counted, in the order of their names: the first `limit` above `after` with `part` in their
   *  names. One that is new follows a quarter of a second later. */
  devicesAfter(search: { after: string; part: string; limit: number }): string[]
  close(): void
}

export interface IntakeExtent {
  origin: number
  end: number
  /** Positions that were never given out, because the log was saved from a damaged file: inclusive ranges. */
  unused: readonly { first: number; last: number }[]
}

export interface IntakeBooks extends IntakeExtent {
  /** Those of which something was counted. */
  counts: ReadonlyMap<string, IntakeCount>
}

/** `wills` and `refused` may be a quarter of a second behind; nothing is added up from them. */
export interface IntakeTotals extends IntakeExtent, IntakeCount {}

/** Messages above `after`: not simply so many positions, for some may never have been given out. */
export function messagesAfter(after: number, { origin, end, unused }: IntakeExtent): number {
  const from = Math.max(after, origin)
  const without = unused.reduce(
    (sum, { first, last }) => sum + Math.max(0, Math.min(last, end) - Math.max(first - 1, from)),
    0,
  )
  return Math.max(0, end - from - without)
}

/** Who reads the log. It is trimmed below the slowest of them, also before one has ever reported. */
export const intakeConsumers = ['broker', 'history', 'watch'] as const
