import { z } from 'zod'
import { severities } from '../../estate/work-order.ts'

/** What the API answers about alarms, what people say to them, and what other parameters would have made of them; cut
 *  to these schemas as everything else (schemas.ts). Times are epoch ms. */
const text = z.object({ zh: z.string(), en: z.string() })
const count = z.int().min(0)

export const faultsAnswer = z.object({
  faults: z.array(
    z.object({
      /** As it stands in the path of what is said to it. */
      id: z.string(),
      key: z.string(),
      rule: z.string(),
      site: z.string(),
      node: z.string(),
      device: z.string(),
      severity: z.enum(severities),
      state: z.string(),
      sinceMs: z.number(),
      reason: z.string(),
      /** Who shelved it, took it out of service, acknowledged it, or (an incident) explains it; until when. */
      by: z.string().exactOptional(),
      untilMs: z.number().exactOptional(),
      /** What lies under unknown, shelved, suppressed or out-of-service. */
      beneath: z.string().exactOptional(),
      signal: z.string(),
      value: z.number().exactOptional(),
      limit: z.number().exactOptional(),
      /** Key of the incident it belongs to. */
      incident: z.string().exactOptional(),
    }),
  ),
})

export const instructionsAnswer = z.object({
  instructions: z.array(
    z.object({
      id: z.number(),
      atMs: z.number(),
      who: z.string(),
      /** Key of an alarm, or id of a place. */
      subject: z.string(),
      said: z.unknown(),
      /** Absent while it waits for the engine. */
      outcome: z.enum(['done', 'refused']).exactOptional(),
      reason: z.string().exactOptional(),
    }),
  ),
})

/** `waiting`: written down, and done as soon as the engine comes to it. */
export const doneAnswer = z.object({ outcome: z.enum(['done', 'waiting']) })

export const outOfServiceAnswer = z.object({
  outOfService: z
    .array(
      z.object({
        /** Key of an alarm, or id of a node, device or site with all below it. */
        target: z.string(),
        by: z.string(),
        why: z.string(),
        sinceMs: z.number(),
        untilMs: z.number(),
      }),
    )
    .readonly(),
})

const replayedOrder = z.object({
  key: z.string(),
  rule: z.string(),
  root: z.string(),
  causeClass: z.string(),
  severity: z.enum(severities),
  title: text,
  /** First out; when the engine would have decided; when the machine would have said that it is over. */
  openedAtMs: z.number(),
  raisedAtMs: z.number(),
  recoveredAtMs: z.number().nullable(),
  relapses: count,
  alarms: count,
})

export const whatIfAnswer = z.object({
  site: z.string(),
  fromMs: z.number(),
  toMs: z.number(),
  /** The parameters that differ. */
  changes: z
    .array(z.object({ field: z.string(), was: z.json().exactOptional(), is: z.json().exactOptional() }))
    .readonly(),
  /** Orders with the parameters in force, and with the changed ones. */
  present: count,
  changed: count,
  gained: z.array(replayedOrder),
  lost: z.array(replayedOrder),
  /** The same order, raised at another time (negative = earlier) or with another severity. */
  moved: z.array(z.object({ was: replayedOrder, is: replayedOrder, laterByMs: z.number() })),
  same: count,
  readings: count,
  firstReadingMs: z.number().nullable(),
  lastReadingMs: z.number().nullable(),
  tookMs: z.number(),
  /** What history cannot tell. */
  leftOut: z.array(text).readonly(),
})
