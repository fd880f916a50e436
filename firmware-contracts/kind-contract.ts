import type { Kind } from './message.ts'
import type { Signals } from './signal.ts'

/** One regular flow of readings of a kind. */
export interface Stream {
  /** Longest interval between two messages, s; 0 = only when something happens. */
  periodS: number
  signals: Signals
}

/** A message class, of the device itself or of each of its ports. */
export type StreamName =
  | 'tele'
  | 'state'
  | 'event'
  | 'batch'
  | 'hist'
  | 'tele/port'
  | 'state/port'
  | 'event/port'
  | 'batch/port'
  | 'hist/port'

/** What devices of one kind say. `hist`, the back-fill after an outage, is not written down: it may carry
 *  whatever the other streams do. */
export interface KindContract {
  kind: Kind
  en: string
  zh: string
  /** Version the server speaks: major.minor. */
  major: number
  minor: number
  streams: Readonly<Partial<Record<StreamName, Stream>>>
}
