import { z } from 'zod'
import { photo } from '../../estate/order-notes.ts'
import { clockNames, escalationLevels, pauseReasons } from '../../estate/service-words.ts'
import { orderActions, orderStates, severities } from '../../estate/work-order.ts'
import { availabilities } from '../protocol.ts'

/** What the API answers. Every answer is cut to its schema before it leaves, so a field that is not written
 *  here cannot leak. Times are epoch ms, ages ms; `null` for an age means never heard. */

const text = z.object({ zh: z.string(), en: z.string() })
const count = z.int().min(0)
const ageMs = z.number().min(0).nullable()
const place = z.object({ id: z.string(), name: text })

export const sitesAnswer = z.object({ sites: z.array(place) })

export const chargersAnswer = z.object({
  ports: z.array(
    z.object({
      id: z.string(),
      shed: z.string(),
      availability: z.enum(availabilities),
      phase: z.string(),
      ageMs,
      order: z.object({ id: z.string(), state: z.enum(orderStates) }).exactOptional(),
    }),
  ),
})

export const sessionAnswer = z.object({
  name: z.string(),
  role: z.enum(['engineer', 'dispatcher', 'admin']),
  expiresMs: z.number(),
})

const device = z.object({
  id: z.string(),
  kind: z.string(),
  site: z.string(),
  state: z.enum(['online', 'sleeping', 'silent', 'lost', 'unknown']),
  ageMs,
  /** Only when it is not right: how far the device's clock is ahead, to the minute. */
  clock: z.object({ state: z.enum(['off', 'unset']), offsetMs: z.number() }).exactOptional(),
})

export const devicesAnswer = z.object({ devices: z.array(device) })

export const deviceAnswer = device.extend({
  connection: z.enum(['ready', 'sleeping', 'lost', 'bye', 'unknown']),
  firmware: z.string().nullable(),
  contract: z.string().nullable(),
  signals: z.array(
    z.object({
      signal: z.string(),
      port: z.string().exactOptional(),
      value: z.union([z.number(), z.string()]),
      /** What one count of `value` is; '' for words, flags and counts. */
      unit: z.string(),
      ageMs: z.number(),
      stale: z.boolean(),
    }),
  ),
})

export const colleaguesAnswer = z.object({
  staff: z
    .array(z.object({ name: z.string(), role: z.enum(['engineer', 'dispatcher', 'admin']) }))
    .readonly(),
})

const buckets = z
  .array(z.object({ t: z.number(), min: z.number(), max: z.number(), mean: z.number(), count }))
  .readonly()

export const historyAnswer = z.object({ signal: z.string(), unit: z.string(), buckets })

const order = z.object({
  id: z.string(),
  state: z.enum(orderStates),
  severity: z.enum(severities),
  rule: z.string(),
  root: z.string(),
  rootName: text,
  suspected: place.exactOptional(),
  site: z.string(),
  title: text,
  reason: text,
  openedAt: z.number(),
  recoveredAt: z.number().exactOptional(),
  assignee: z.string().exactOptional(),
  /** Why it waits for somebody else, where it does. */
  pause: z
    .object({
      reason: z.enum(pauseReasons),
      since: z.number(),
      who: z.string(),
      why: z.string().exactOptional(),
    })
    .exactOptional(),
  /** What was promised, and how much of it has passed; only what has a target. */
  clocks: z
    .array(
      z.object({
        clock: z.enum(clockNames),
        targetMs: count,
        elapsedMs: count,
        state: z.enum(['running', 'paused', 'met', 'breached', 'late-met', 'void']),
        /** Whether it counts at this moment. */
        counting: z.boolean(),
        /** When it has counted its target; absent while that is not known (paused) or no longer matters (met). */
        dueAt: z.number().exactOptional(),
        stoppedAt: z.number().exactOptional(),
      }),
    )
    .readonly(),
  alarms: count,
  affected: z.array(place).readonly(),
  households: count,
  /** What stops the water of a burst; empty where the registry knows no valve there. */
  valves: z.array(place).readonly(),
  /** Whom closing these valves cuts off; of a burst only. */
  cutsOff: z.object({ buildings: z.array(place).readonly(), households: count }).exactOptional(),
  commentCount: count,
  photoCount: count,
  actions: z.array(z.enum(orderActions)).readonly(),
})

export const ordersAnswer = z.object({ orders: z.array(order) })

const comments = z.array(z.object({ atMs: z.number(), who: z.string(), text: z.string() })).readonly()
/** The picture itself: `/work-orders/{order}/photos/{id}`. */
const photos = z.array(photo.extend({ atMs: z.number(), who: z.string() })).readonly()

export const orderAnswer = order.extend({
  comments,
  photos,
  /** What was written and photographed for orders that became part of this one. */
  parts: z
    .array(z.object({ id: z.string(), title: text, openedAt: z.number(), comments, photos }))
    .readonly(),
  evidence: z
    .array(
      z.object({
        rule: z.string(),
        node: z.string(),
        atMs: z.number(),
        signal: z.string().exactOptional(),
        value: z.number().exactOptional(),
        limit: z.number().exactOptional(),
      }),
    )
    .readonly(),
  history: z
    .array(
      z.object({
        type: z.string(),
        atMs: z.number(),
        who: z.string().exactOptional(),
        why: z.string().exactOptional(),
        reason: text.exactOptional(),
        severity: z.enum(severities).exactOptional(),
        pause: z.enum(pauseReasons).exactOptional(),
        /** Who had to hear that a clock is soon due, due, or long past. */
        escalation: z
          .object({ clock: z.enum(clockNames), level: z.enum(escalationLevels), round: count })
          .exactOptional(),
      }),
    )
    .readonly(),
})

/** Readings around each beginning of the order's fault, kept with the order whatever history forgets. */
export const evidenceAnswer = z.object({
  moments: z.array(
    z.object({
      atMs: z.number(),
      fromMs: z.number(),
      toMs: z.number(),
      /** False while readings of it are still to come. */
      complete: z.boolean(),
      /** Series that found no room. */
      leftOut: count,
      series: z.array(
        z.object({
          device: z.string(),
          port: z.string().exactOptional(),
          signal: z.string(),
          /** What one count is; '' for flags and counts. */
          unit: z.string(),
          buckets,
        }),
      ),
    }),
  ),
})

const clockFigures = z.object({
  count,
  /** What people waited, ms; absent where there are too few to say. */
  medianMs: count.exactOptional(),
  /** 0 … 1; absent where there are too few to say. */
  withinTarget: z.number().min(0).max(1).exactOptional(),
})

export const serviceAnswer = z.object({
  site: z.string(),
  /** The newest first; a month without an order is left out. */
  months: z.array(
    z.object({
      /** `2026-11` */
      month: z.string(),
      orders: count,
      /** How many came back after they were done. */
      cameBack: count,
      clocks: z.object({
        acknowledge: clockFigures,
        'on-site': clockFigures,
        'make-safe': clockFigures,
        restore: clockFigures,
      }),
    }),
  ),
  /** They are made anew every few minutes. */
  atMs: z.number(),
})

/** accepted = stored + quarantined + duplicate + pending; `readings` and `repeated` count what carries
 *  (boot, seq); `difference` is 0 while the books are right. */
const ledgerLine = z.object({
  accepted: count,
  stored: count,
  quarantined: count,
  duplicate: count,
  pending: count,
  refused: count,
  wills: count,
  readings: count,
  repeated: count,
  missing: count,
  givenUp: count,
  filled: count,
  reboots: count,
  wraps: count,
  regresses: count,
  clones: count,
  difference: z.int(),
})

/** What may be the matter with a device's books, the worst first: its line is out; two contents came under one
 *  number; something waits, lies in quarantine, or is missing. */
export const ledgerConcerns = ['out', 'cloned', 'pending', 'quarantined', 'missing'] as const
export type LedgerConcern = (typeof ledgerConcerns)[number]

export const ledgerAnswer = z.object({
  total: ledgerLine.extend({ unreadable: count }),
  /** One page. Without a wish those with a concern come first (what only waits is none), by name. */
  devices: z.array(ledgerLine.extend({ device: z.string() })).readonly(),
  /** `after` of the next page; absent on the last. */
  next: z.string().exactOptional(),
  /** How many devices have which concern. */
  concerns: z.object({
    out: count,
    cloned: count,
    pending: count,
    quarantined: count,
    missing: count,
  }),
  /** The lines are checked in rounds; the last one saw so many devices, each since that time. Absent before it. */
  checked: z.object({ devices: count, sinceMs: z.number() }).exactOptional(),
  /** Messages that no count explains, in the total or in the lines of the last round. */
  imbalance: count,
  /** Waiting messages that the total has and the devices do not have yet. */
  uncounted: count,
  atMs: z.number(),
})

export const quarantineItem = z.object({
  id: z.int(),
  device: z.string(),
  /** `*` for the topic and the path of a group that takes what found no room of its own. */
  topic: z.string(),
  reason: z.string(),
  path: z.string(),
  expected: z.string(),
  got: z.string(),
  /** Of the newest; '' where nobody said. */
  contract: z.string(),
  firmware: z.string(),
  count,
  /** Of these the raw message is still here. */
  kept: count,
  firstSeen: z.number(),
  lastSeen: z.number(),
})

export const quarantineAnswer = z.object({
  items: z.array(quarantineItem).readonly(),
  /** How full it is, and where it is full. `letGo`: raw messages that made room since the start. */
  fullness: z.object({
    groups: count,
    bytes: count,
    letGo: count,
    bounds: z.object({ groups: count, rawBytes: count }),
  }),
})

export const rawMessage = z.object({
  position: z.number(),
  receivedMs: z.number(),
  publisher: z.string(),
  topic: z.string(),
  will: z.boolean(),
  bytes: count,
  /** Null where it is not UTF-8. */
  text: z.string().nullable(),
  hex: z.string(),
})

export const quarantineGroupAnswer = z.object({
  item: quarantineItem,
  raws: z.array(rawMessage).readonly(),
})

export const replayAnswer = z.object({
  replayed: count,
  stored: count,
  duplicate: count,
  /** Refused still. */
  quarantined: count,
  /** False while more is still to come; it goes on by itself. */
  finished: z.boolean(),
})

export const discardAnswer = z.object({ discarded: z.boolean() })
