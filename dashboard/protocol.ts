import type { BilingualText } from '../estate/registry.ts'
import type { ClockState } from '../estate/service-clock.ts'
import type { ClockName, PauseReason } from '../estate/service-words.ts'
import type { OrderAction, OrderState, Severity } from '../estate/work-order.ts'

/** What goes over socket.io and, with ages added, over REST: the view models shared by server and client.
 *
 *  A client joins one room and gets one `snapshot`, then `delta`s whose `seq` counts up by one; a client that
 *  sees a gap asks for the snapshot again (`resync`). Times are epoch ms of the server; `serverMs` lets the
 *  client measure ages against the server's clock whatever its own says. */

export const availabilities = [
  'available',
  'occupied',
  'reserved',
  'unavailable',
  'faulted',
  'unknown',
] as const
/** OCPP 2.0.1 words, plus `unknown` for data that is too old to believe. */
export type Availability = (typeof availabilities)[number]

export interface Measured {
  value: number
  t: number
  /** Older than its limit: shown as unknown, never as if it were live. */
  stale: boolean
}

// ---- residents: namespace `/residents`, room = site ----

export interface PortView {
  /** Registry id of the port node. */
  id: string
  shed: string
  /** What is painted on the port: 1 … 12. */
  label: string
  availability: Availability
  phase: string
  /** Sampling time of the state shown; absent when nothing was ever heard. */
  t?: number
  /** Public number and state of the open work order that explains `faulted`. */
  order?: { id: string; state: OrderState }
}

export interface ShedView {
  id: string
  name: BilingualText
}

export interface SiteView {
  id: string
  name: BilingualText
}

export interface ResidentSnapshot {
  seq: number
  serverMs: number
  site: SiteView
  sheds: readonly ShedView[]
  ports: readonly PortView[]
}

export interface ResidentDelta {
  seq: number
  serverMs: number
  ports: readonly PortView[]
}

// ---- engineers: namespace `/ops`, one room ----

/** Limits from geometry (domain.md A2), kPa. Return: below `lowLow` the top floor empties. */
export interface PressureBand {
  lowLow: number
  low: number
  set: number
  high: number
  supplyMax: number
}

export interface HeatPointView {
  /** Registry id of the building or heat station. */
  id: string
  type: 'building' | 'heat-station'
  site: string
  name: BilingualText
  device: string
  /** Distance along the loop from the station, m. */
  distanceM: number
  band: PressureBand
  supplyKpa?: Measured
  returnKpa?: Measured
  supplyC10?: Measured
  returnC10?: Measured
  /** Make-up flow, station only, L/h. */
  makeUpLph?: Measured
  state: 'normal' | 'low' | 'low-low' | 'high' | 'unknown'
}

/** One clock of an order's service level; estate/service-clock.ts says what starts, stops and pauses it. */
export interface ClockView {
  clock: ClockName
  targetMs: number
  /** What has been counted, ms. On the live line only while it does not count: there `dueAt` says the rest. */
  elapsedMs?: number
  state: ClockState
  /** Whether it counts at this moment. */
  counting: boolean
  /** When it has counted its target; absent while that is not known (paused) or no longer matters (met). */
  dueAt?: number
  stoppedAt?: number
}

export interface OrderView {
  id: string
  state: OrderState
  severity: Severity
  rule: string
  root: string
  rootName: BilingualText
  /** Where the break probably is, when the fault shows at the root and lies elsewhere. */
  suspected?: { id: string; name: BilingualText }
  site: string
  title: BilingualText
  reason: BilingualText
  openedAt: number
  /** Event time of the machine's recovery, where it has recovered: a proposal to close, not a closing. */
  recoveredAt?: number
  assignee?: string
  /** Why it waits for somebody else, where it does. */
  pause?: { reason: PauseReason; since: number; who: string; why?: string }
  clocks: readonly ClockView[]
  alarms: number
  affected: readonly { id: string; name: BilingualText }[]
  households: number
  /** What stops the water of a burst; empty where the registry knows no valve there. */
  valves: readonly { id: string; name: BilingualText }[]
  /** Whom closing these valves cuts off; of a burst only. */
  cutsOff?: { buildings: readonly { id: string; name: BilingualText }[]; households: number }
  commentCount: number
  photoCount: number
  /** What may be done next. */
  actions: readonly OrderAction[]
}

export interface DeviceView {
  id: string
  kind: string
  site: string
  state: 'online' | 'sleeping' | 'silent' | 'lost' | 'unknown'
  lastSeen?: number
  /** Only when it is not right. `offsetMs`: how far the device is ahead, to the minute, so that a row that stays
   *  as wrong as it was is not sent again with every message. */
  clock?: { state: 'off' | 'unset'; offsetMs: number }
}

export interface OpsSnapshot {
  seq: number
  serverMs: number
  sites: readonly SiteView[]
  heat: readonly HeatPointView[]
  orders: readonly OrderView[]
  devices: readonly DeviceView[]
}

/** Whole rows that changed; a closed order (verified or cancelled) is sent once more with its last state. */
export interface OpsDelta {
  seq: number
  serverMs: number
  heat: readonly HeatPointView[]
  orders: readonly OrderView[]
  devices: readonly DeviceView[]
}

export interface ResidentServerEvents {
  snapshot: (snapshot: ResidentSnapshot) => void
  delta: (delta: ResidentDelta) => void
}
export interface ResidentClientEvents {
  /** Joins the room of one site, leaving the one before. */
  watch: (site: string) => void
  resync: () => void
}
export interface OpsServerEvents {
  snapshot: (snapshot: OpsSnapshot) => void
  delta: (delta: OpsDelta) => void
}
export interface OpsClientEvents {
  resync: () => void
}
