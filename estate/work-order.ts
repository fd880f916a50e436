import { z } from 'zod'
import { commented, photographed, type Photo } from './order-notes.ts'
import type { BilingualText } from './registry.ts'
import { clockNames, escalationLevels, pauseReasons, type PauseReason } from './service-words.ts'

/** Work orders: what people do about an incident. An order is the fold of its events; nobody edits one. */

export const orderStates = [
  'open',
  'acknowledged',
  'assigned',
  'in-progress',
  'resolved',
  'verified',
  'reopened',
  'cancelled',
] as const
export type OrderState = (typeof orderStates)[number]

export const orderActions = [
  'acknowledge',
  'assign',
  'start',
  'make-safe',
  'pause',
  'resume',
  'resolve',
  'verify',
  'reopen',
  'cancel',
] as const
export type OrderAction = (typeof orderActions)[number]

export const severities = ['P1', 'P2', 'P3', 'P4'] as const
export type Severity = (typeof severities)[number]

const bilingual = z.object({ zh: z.string(), en: z.string() })

/** One alarm that an incident explains; `signal`, `value` and `limit` where a reading crossed a limit. */
const evidence = z.object({
  rule: z.string(),
  node: z.string(),
  atMs: z.number(),
  signal: z.string().exactOptional(),
  value: z.number().exactOptional(),
  limit: z.number().exactOptional(),
})
export type Evidence = z.infer<typeof evidence>

/** What the fault engine knows of an incident when it opens or changes one. */
const incidentReport = z.object({
  /** `${root}|${causeClass}` as it was at first: an identity for life, also when a higher root is found. */
  key: z.string(),
  /** Registry node the fault is at. */
  root: z.string(),
  /** Registry node where the break probably is, when the fault shows at the root and lies elsewhere. */
  suspected: z.string().exactOptional(),
  causeClass: z.string(),
  rule: z.string(),
  severity: z.enum(severities),
  site: z.string(),
  title: bilingual,
  /** When it began, event time, epoch ms. */
  openedAtMs: z.number(),
  /** Why the engine decided so, a sentence for the engineer. */
  reason: bilingual,
  evidence: z.array(evidence).readonly(),
  /** Registry ids of buildings or ports whose people feel it. */
  affected: z.array(z.string()).readonly(),
  households: z.number(),
})
export type IncidentReport = z.infer<typeof incidentReport>

/** A clock of the order that somebody was told of; see escalation.ts. */
const escalation = z.object({
  clock: z.enum(clockNames),
  level: z.enum(escalationLevels),
  round: z.int().min(0),
})

/** What happened to a work order. Told by the fault engine, or done by a person. */
export const orderEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('raised'), atMs: z.number(), report: incidentReport }),
  z.object({ type: z.literal('updated'), atMs: z.number(), report: incidentReport }),
  /** The same fault again within a day: the same order. */
  z.object({ type: z.literal('relapsed'), atMs: z.number(), report: incidentReport }),
  /** The machine says it is over; a person confirms. */
  z.object({ type: z.literal('recovered'), atMs: z.number(), reason: bilingual }),
  /** Found to be a part of another order. */
  z.object({ type: z.literal('merged'), atMs: z.number(), into: z.string(), reason: bilingual }),
  z.object({
    type: z.literal('acted'),
    atMs: z.number(),
    action: z.enum(orderActions),
    who: z.string(),
    why: z.string().exactOptional(),
    assignee: z.string().exactOptional(),
    pause: z.enum(pauseReasons).exactOptional(),
  }),
  z.object({ type: z.literal('escalated'), atMs: z.number(), escalation, reason: bilingual }),
  commented,
  photographed,
])
export type OrderEvent = z.infer<typeof orderEvent>

/** One line of what happened. `who` and `why` of a person; `reason` and `severity` of the fault engine. */
export interface HistoryEntry {
  type: string
  atMs: number
  who?: string
  why?: string
  reason?: BilingualText
  severity?: Severity
  pause?: PauseReason
  escalation?: z.infer<typeof escalation>
}

export interface WorkOrder {
  /** 20261123-0007 */
  id: string
  key: string
  state: OrderState
  severity: Severity
  rule: string
  root: string
  /** Where the break probably is. */
  suspected?: string
  causeClass: string
  site: string
  title: BilingualText
  /** Why the fault engine thinks so. */
  reason: BilingualText
  openedAtMs: number
  /** Event time of the machine's recovery: a proposal to close, never a closing. */
  recoveredAtMs?: number
  madeSafeAtMs?: number
  /** Why it waits for somebody else, where it does. */
  pause?: { reason: PauseReason; sinceMs: number; who: string; why?: string }
  /** When it was verified or cancelled. */
  closedAtMs?: number
  assignee?: string
  /** The order it became part of. */
  mergedInto?: string
  relapses: number
  /** When it last came back, event time. */
  relapsedAtMs?: number
  evidence: readonly Evidence[]
  affected: readonly string[]
  households: number
  comments: readonly { atMs: number; who: string; text: string }[]
  photos: readonly (Photo & { atMs: number; who: string })[]
  history: readonly HistoryEntry[]
}

/** What people may do in a state, and the state it leads to. What is not here is not possible. */
const transitions: Record<OrderState, Partial<Record<OrderAction, OrderState>>> = {
  open: { acknowledge: 'acknowledged', assign: 'assigned', 'make-safe': 'open', cancel: 'cancelled' },
  acknowledged: {
    assign: 'assigned',
    start: 'in-progress',
    'make-safe': 'acknowledged',
    pause: 'acknowledged',
    resume: 'acknowledged',
    cancel: 'cancelled',
  },
  assigned: {
    assign: 'assigned',
    start: 'in-progress',
    'make-safe': 'assigned',
    pause: 'assigned',
    resume: 'assigned',
    cancel: 'cancelled',
  },
  'in-progress': {
    assign: 'in-progress',
    'make-safe': 'in-progress',
    pause: 'in-progress',
    resume: 'in-progress',
    resolve: 'resolved',
    cancel: 'cancelled',
  },
  resolved: { verify: 'verified', reopen: 'reopened' },
  verified: { reopen: 'reopened' },
  reopened: {
    acknowledge: 'acknowledged',
    assign: 'assigned',
    start: 'in-progress',
    'make-safe': 'reopened',
    cancel: 'cancelled',
  },
  cancelled: { reopen: 'reopened' },
}

/** Who pauses an order that is paused gives another reason for it. */
export function allowedActions({
  state,
  mergedInto,
  madeSafeAtMs,
  pause,
}: WorkOrder): readonly OrderAction[] {
  if (mergedInto !== undefined) return []
  return orderActions
    .filter((action) => transitions[state][action] !== undefined)
    .filter((action) => action !== 'make-safe' || madeSafeAtMs === undefined)
    .filter((action) => action !== 'resume' || pause !== undefined)
}

/** Nobody works on it any more; whether rightly, somebody else may still have to say. */
function isFinished(state: OrderState): boolean {
  return state === 'resolved' || isClosed(state)
}

export function isClosed(state: OrderState): boolean {
  return state === 'verified' || state === 'cancelled'
}

/** How people closed it the last time; undefined when they never did. */
export function closingOf({ history }: WorkOrder): HistoryEntry | undefined {
  return history.findLast(({ type }) => type === 'verify' || type === 'cancel')
}

/** Is that the last that happened to it? What is said of a closed order does not close it again. */
export function isJustClosed(order: WorkOrder): boolean {
  const closing = closingOf(order)
  return closing !== undefined && closing === order.history.at(-1)
}

export interface Deed {
  who: string
  why?: string
  assignee?: string
  pause?: PauseReason
  atMs: number
}

/** The event that an action would be, or why it is not possible. */
export function decide(
  order: WorkOrder,
  action: OrderAction,
  { who, why, assignee, pause, atMs }: Deed,
): { ok: true; event: OrderEvent } | { ok: false; reason: string } {
  if (!allowedActions(order).includes(action))
    return { ok: false, reason: `an order that is ${order.state} cannot ${action}` }
  if (action === 'assign' && !assignee) return { ok: false, reason: 'assign needs the name of who takes it' }
  if ((action === 'cancel' || action === 'reopen') && !why)
    return { ok: false, reason: `${action} needs a reason` }
  if (action === 'pause' && !pause) return { ok: false, reason: 'pause needs to know what it waits for' }
  const event = {
    type: 'acted',
    atMs,
    action,
    who,
    ...(why && { why }),
    ...(assignee && { assignee }),
    ...(action === 'pause' && pause && { pause }),
  } as const
  return { ok: true, event }
}

/** An order is the fold of its events; the first is always `raised`. */
export function foldOrder(id: string, events: readonly OrderEvent[]): WorkOrder {
  const [first, ...rest] = events
  if (first?.type !== 'raised') throw new Error(`order ${id} does not begin with its fault`)
  return rest.reduce(next, raised(id, first))
}

function raised(id: string, { report, atMs }: Extract<OrderEvent, { type: 'raised' }>): WorkOrder {
  return {
    id,
    state: 'open',
    relapses: 0,
    ...report,
    comments: [],
    photos: [],
    history: [{ type: 'raised', atMs, reason: report.reason, severity: report.severity }],
  }
}

function next(order: WorkOrder, event: OrderEvent): WorkOrder {
  const { atMs } = event
  switch (event.type) {
    case 'raised':
      throw new Error(`order ${order.id} was raised twice`)
    case 'updated':
      return { ...order, ...knownNow(order, event.report), history: noted(order, told(event)) }
    case 'relapsed':
      return relapsed(order, event)
    case 'recovered':
      return {
        ...order,
        recoveredAtMs: atMs,
        history: noted(order, { type: 'recovered', atMs, reason: event.reason }),
      }
    case 'merged': {
      const history = noted(order, { type: 'merged', atMs, reason: event.reason })
      return { ...withoutPause(order), state: 'cancelled', closedAtMs: atMs, mergedInto: event.into, history }
    }
    case 'acted':
      return acted(order, event)
    case 'escalated':
      return { ...order, history: noted(order, event) }
    case 'commented': {
      const { who, text } = event
      const comments = [...order.comments, { atMs, who, text }]
      return { ...order, comments, history: noted(order, { type: 'commented', atMs, who }) }
    }
    case 'photographed': {
      const { who, photo } = event
      const photos = [...order.photos, { ...photo, atMs, who }]
      return { ...order, photos, history: noted(order, { type: 'photographed', atMs, who }) }
    }
  }
}

/** What is in hand stays in hand; what was finished begins anew, and was not made safe yet. */
function relapsed(order: WorkOrder, event: Extract<OrderEvent, { type: 'relapsed' }>): WorkOrder {
  const { recoveredAtMs: _recovered, closedAtMs: _closed, ...again } = withoutPause(order)
  return {
    ...(isFinished(order.state) ? reopened(again) : again),
    ...knownNow(order, event.report),
    relapses: order.relapses + 1,
    relapsedAtMs: event.report.openedAtMs,
    history: noted(order, told(event)),
  }
}

function acted(order: WorkOrder, event: Extract<OrderEvent, { type: 'acted' }>): WorkOrder {
  const { type: _type, action, ...deed } = event
  const { who, why, assignee, pause, atMs } = deed
  const state = transitions[order.state][action]
  if (state === undefined) throw new Error(`order ${order.id} is ${order.state} and cannot ${action}`)
  const { closedAtMs: _closed, ...open } = endsPause.has(action) ? withoutPause(order) : order
  return {
    ...(action === 'reopen' ? reopened(open) : open),
    state,
    ...(isClosed(state) && { closedAtMs: atMs }),
    ...(assignee !== undefined && { assignee }),
    ...(action === 'make-safe' && { madeSafeAtMs: atMs }),
    ...(pause && { pause: { reason: pause, sinceMs: atMs, who, ...(why !== undefined && { why }) } }),
    history: noted(order, { type: action, ...deed }),
  }
}

const endsPause: ReadonlySet<OrderAction> = new Set(['resume', 'resolve', 'cancel'])

function withoutPause({ pause: _pause, ...order }: WorkOrder): WorkOrder {
  return order
}

function reopened({ madeSafeAtMs: _madeSafe, ...order }: WorkOrder): WorkOrder {
  return { ...order, state: 'reopened' }
}

/** A leak may turn out to be a burst, and its root may move up the tree; the key stays what it was. A severity
 *  only rises by itself: it is people who say that something is less urgent. */
function knownNow(order: WorkOrder, report: IncidentReport): Partial<WorkOrder> {
  const { rule, root, suspected, title, reason, evidence, affected, households } = report
  return {
    rule,
    root,
    ...(suspected !== undefined && { suspected }),
    title,
    reason,
    evidence,
    affected,
    households,
    severity: order.severity < report.severity ? order.severity : report.severity,
  }
}

function noted(order: WorkOrder, entry: HistoryEntry): WorkOrder['history'] {
  return [...order.history, entry]
}

function told({ type, atMs, report }: Extract<OrderEvent, { report: IncidentReport }>): HistoryEntry {
  return { type, atMs, reason: report.reason, severity: report.severity }
}
