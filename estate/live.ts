import type { ClockSource, Kind } from '../firmware-contracts/message.ts'

/** The present state of every device as ingest knows it; produced by ingest, shown by the dashboard.
 *  Nothing here says whether a value is fresh: whoever shows it computes the age from `t`. */
export interface LiveValue {
  value: number | string
  /** Sampling time, epoch ms. */
  t: number
}

/** What is known of a device's clock. */
export interface DeviceClock {
  /** Who set it. */
  source: ClockSource
  /** How far it is ahead of ours, ms; negative when it is behind (or its messages take so long). */
  offsetMs: number
  /** `off`: by more than a minute, or it says what cannot be true. `unset`: the device does not know the time. */
  state: 'right' | 'off' | 'unset'
}

export interface LiveDevice {
  device: string
  kind: Kind
  site: string
  /** What the device (or its will) last said of its connection; unknown before it said anything. */
  connection: 'ready' | 'sleeping' | 'lost' | 'bye' | 'unknown'
  /** Receive time of its latest message, epoch ms. */
  lastSeenMs: number
  /** Absent before the first live message. */
  clock?: DeviceClock
  firmware?: string
  contract?: string
  /** Message class -> reporting period the device declared at its birth, s. */
  periodS?: Readonly<Record<string, number>>
  /** Signal -> value for the device itself. */
  values: Readonly<Record<string, LiveValue>>
  /** Port -> signal -> value, for chargers. */
  ports: Readonly<Record<string, Readonly<Record<string, LiveValue>>>>
}

export interface LiveFeed {
  devices(): readonly LiveDevice[]
  device(id: string): LiveDevice | undefined
  /** Called with the devices that changed, coalesced to a few times a second. Returns how to stop. */
  subscribe(listener: (changed: readonly LiveDevice[]) => void): () => void
}
