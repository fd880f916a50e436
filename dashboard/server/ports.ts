import type { z } from 'zod'
import type { InstructionEntry } from '../../estate/instruction-book.ts'
import type { QualityWish } from '../../estate/alarm-log.ts'
import type { AlarmQuality } from '../../estate/alarm-quality.ts'
import type { Delivery, DeliveryState } from '../../estate/outbox.ts'
import type { Added, Webhook, WebhookWish } from '../../estate/webhooks.ts'
import type { LiveFeed } from '../../estate/live.ts'
import type { ParameterVersion } from '../../estate/parameter-book.ts'
import type { Registry } from '../../estate/registry.ts'
import type { KeptMoment } from '../../estate/kept-evidence.ts'
import type { Photo } from '../../estate/order-notes.ts'
import type { CountedLevels } from '../../estate/service-levels.ts'
import type { PauseReason } from '../../estate/service-words.ts'
import type { OrderAction, OrderState, Severity, WorkOrder } from '../../estate/work-order.ts'
import type { Kind } from '../../firmware-contracts/message.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { whatIfAnswer } from './fault-schemas.ts'
import type { LedgerConcern, ledgerAnswer, quarantineItem, rawMessage } from './schemas.ts'

/** What the dashboard needs from the rest of the house. It says so here, in its own words, and is handed things
 *  that fit; it reaches for none of them itself. Times are epoch ms. */
export interface DashboardDeps {
  config: { host: string; port: number; clientDir: string; timeZone: string }
  registry: () => Registry
  live: LiveFeed
  history: History
  orders: OrderDesk
  photos: PhotoAlbum
  /** The service levels that were promised when the order was raised. */
  levelsFor: (order: WorkOrder) => CountedLevels
  /** The readings kept with an order; none for one that does not exist. */
  evidence: (order: string) => Promise<readonly KeptMoment[]>
  staff: StaffDoor
  faults: FaultDesk
  flood: () => Flood
  webhooks: WebhookDesk
  alarmQuality: (wish: QualityWish) => Promise<AlarmQuality>
  ledger: (wish: LedgerWish) => Promise<Ledger>
  quarantine: QuarantineDesk
  parameters: ParameterDesk
  whatIf: (wish: WhatIfWish) => Promise<WhatIfResult>
  health: () => Promise<Health>
  /** In Prometheus' text format. */
  metricsText: () => Promise<string>
  flows: Flows
  clock: Clock
  log: Log
}

/** Since when more alarms come up than anybody can read; null when they do not. */
export interface Flood {
  sinceMs: number | null
  recentMs: readonly number[]
}

export interface WebhookDesk {
  list(): Promise<Webhook[]>
  add(wish: WebhookWish, by: string): Promise<Added>
  /** False where there is none. */
  remove(id: string): Promise<boolean>
  deliveries(id: string, page: { state?: DeliveryState; limit: number }): Promise<Delivery[]>
  revive(id: string): Promise<number>
}

export interface Bucket {
  t: number
  min: number
  max: number
  mean: number
  count: number
}

export interface History {
  range(query: {
    kind: Kind
    device: string
    port?: string
    signal: string
    fromMs: number
    toMs: number
    points: number
  }): Promise<Bucket[]>
}

export type ActResult =
  { ok: true; order: WorkOrder } | { ok: false; reason: string; allowed: readonly OrderAction[] }

export interface OrderDesk {
  list(filter: {
    state?: OrderState
    site?: string
    openOnly?: boolean
    sinceMs?: number
  }): Promise<WorkOrder[]>
  get(id: string): Promise<WorkOrder | undefined>
  /** Undefined for an order that does not exist. */
  act(
    id: string,
    action: OrderAction,
    deed: { who: string; why?: string; assignee?: string; pause?: PauseReason; atMs: number },
  ): Promise<ActResult | undefined>
  /** Adds a comment. Undefined for an order that does not exist. */
  note(
    id: string,
    note: { type: 'commented'; atMs: number; who: string; text: string },
  ): Promise<{ ok: true; order: WorkOrder } | { ok: false; reason: string } | undefined>
  /** The orders that became part of this one. */
  partsOf(id: string): Promise<WorkOrder[]>
  /** Returns how to stop listening. */
  onChange(listener: (order: WorkOrder) => void): () => void
}

export interface PhotoAlbum {
  /** `wrong`: these bytes are no picture to keep; `reason`: this order takes none. Undefined for an order that does
   *  not exist. */
  add(
    order: string,
    bytes: Buffer,
    who: string,
  ): Promise<
    { ok: true; order: WorkOrder } | { ok: false; wrong: string } | { ok: false; reason: string } | undefined
  >
  /** Where the picture lies on this machine. */
  fileOf(photo: Photo): string
}

export interface Session {
  token: string
  name: string
  role: 'engineer' | 'dispatcher' | 'admin'
  expiresMs: number
}

export interface StaffDoor {
  login(name: string, password: string): Promise<Session | undefined>
  /** The session of a token while it is good; asking counts as using it. */
  session(token: string): Promise<Session | undefined>
  logout(token: string): Promise<void>
  /** Everybody who works here, by name. */
  colleagues(): Promise<readonly Pick<Session, 'name' | 'role'>[]>
}

/** Alarms, and what people say to them. */
export interface FaultDesk {
  /** Every alarm that is not normal. */
  alarms(): readonly AlarmView[]
  outOfService(): readonly { target: string; by: string; why: string; sinceMs: number; untilMs: number }[]
  /** Written down, done in the engine's turn, and then answered. */
  say(
    said: FaultInstruction,
  ): Promise<{ type: 'done' } | { type: 'refused'; reason: string } | { type: 'waiting' }>
  /** The newest first. */
  said(page: { subject?: string; before?: number; limit: number }): Promise<InstructionEntry[]>
}

export type FaultInstruction =
  | { action: 'acknowledge' | 'unshelve'; alarm: string; by: string }
  | { action: 'reset'; alarm: string; by: string; why: string }
  | { action: 'shelve'; alarm: string; by: string; why: string; untilMs: number }
  | { action: 'take-out'; target: string; by: string; why: string; untilMs: number }
  | { action: 'put-back'; target: string; by: string }

/** One alarm that is not normal. */
export interface AlarmView {
  key: string
  rule: string
  site: string
  node: string
  device: string
  severity: Severity
  state: string
  sinceMs: number
  why: string
  by?: string
  untilMs?: number
  beneath?: string
  signal: string
  value?: number
  limit?: number
  incident?: string
}

export type Ledger = z.infer<typeof ledgerAnswer>
/** A page of the ledger's lines. */
export interface LedgerWish {
  concern?: LedgerConcern
  /** Only devices with this in their names. */
  part: string
  /** `next` of the page before; '' for the first. */
  after: string
  limit: number
}
export type QuarantineItem = z.infer<typeof quarantineItem>
export type RawMessage = z.infer<typeof rawMessage>

export interface QuarantineSelection {
  id?: number
  device?: string
  reason?: string
}

type Done<Result> = { ok: true; result: Result } | { ok: false; reason: string }

export interface QuarantineDesk {
  /** The most recent first. */
  list(
    selection: QuarantineSelection,
    limit: number,
  ): {
    items: readonly QuarantineItem[]
    fullness: { groups: number; bytes: number; letGo: number; bounds: { groups: number; rawBytes: number } }
  }
  show(id: number): { item: QuarantineItem; raws: readonly RawMessage[] } | undefined
  replay(selection: QuarantineSelection): Promise<
    Done<{
      replayed: number
      stored: number
      duplicate: number
      quarantined: number
      finished: boolean
    }>
  >
  discard(id: number): Done<{ discarded: boolean }>
}

/** What engineers may change of how faults are judged; `*` is the whole district. */
export interface ParameterDesk {
  /** Every parameter with its default and its bounds. */
  schema: z.ZodObject
  isKnown(site: string): boolean
  show(site: string): ParameterSheet
  /** The newest first. */
  versions(site: string, page: { limit: number; before?: number }): Promise<ParameterVersion[]>
  change(
    site: string,
    wish:
      { type: 'patch' | 'replace'; set: ParameterVersion['overrides'] } | { type: 'revert'; version: number },
    deed: { who: string; why: string; basedOn?: number },
  ): Promise<
    | { ok: true; version: ParameterVersion }
    | { ok: false; mistakes: readonly { field: string; detail: string }[] }
    | { ok: false; conflict: string }
  >
}

export interface ParameterSheet {
  site: string
  version: number
  overrides: ParameterVersion['overrides']
  values: Record<string, unknown>
  changed?: Pick<ParameterVersion, 'who' | 'why' | 'atMs'>
}

export interface WhatIfWish {
  site: string
  fromMs: number
  toMs: number
  warmUpDays: number
  set: ParameterVersion['overrides']
}

export type WhatIfResult =
  | { ok: true; answer: z.infer<typeof whatIfAnswer> }
  | { ok: false; mistakes: readonly { field: string; detail: string }[] }
  | { ok: false; conflict: string }

export interface Health {
  ok: boolean
  details: Readonly<Record<string, { ok: boolean; detail: string }>>
}

/** Node-RED, which runs in a process of its own behind a Unix socket. */
export interface Flows {
  socketPath: string
  /** Resolves when it listens; rejects when it cannot be started. */
  ensureStarted(): Promise<void>
}
