import { z } from 'zod'
import type { Severity } from './work-order.ts'

/** How much a listener is told at once. An outage of a district is a thousand events and one piece of news; a chat robot
 *  that sent them all would be switched off the same night. So each listener has a budget that refills with time; what is
 *  urgent has a larger one of its own; and what finds none left, is not urgent while alarms flood in (EEMUA 191), or is
 *  planned work anyway (P4) is held for a digest. Nothing is dropped. */

const windowMs = 10 * 60_000
/** Events in ten minutes. */
const usualBudget = 20
const urgentBudget = 60
/** What is held is told so long after the first of it. */
export const digestAfterMs = 10 * 60_000
/** Unless all of it is planned work. */
export const plannedDigestAfterMs = 6 * 3_600_000

const bucket = z.object({ left: z.number(), atMs: z.number() })
export const noticeBudget = z.object({ usual: bucket, urgent: bucket })
export type NoticeBudget = z.infer<typeof noticeBudget>

export function fullBudget(nowMs: number): NoticeBudget {
  return { usual: { left: usualBudget, atMs: nowMs }, urgent: { left: urgentBudget, atMs: nowMs } }
}

export interface Occasion {
  severity: Severity
  /** What happened: `raised`, `relapsed`, `escalated`, `acknowledge` … */
  what: string
}

const alarming = new Set(['raised', 'relapsed', 'escalated'])

/** Whether to tell it now, and what is left of the budget then. */
export function spend(
  was: NoticeBudget,
  { severity, what }: Occasion,
  { nowMs, flood }: { nowMs: number; flood: boolean },
): { tell: 'now' | 'digest'; left: NoticeBudget } {
  if (severity === 'P4' || (flood && severity === 'P3')) return { tell: 'digest', left: was }
  const kind = severity === 'P1' && alarming.has(what) ? 'urgent' : 'usual'
  const most = kind === 'urgent' ? urgentBudget : usualBudget
  const refilled = Math.min(most, was[kind].left + ((nowMs - was[kind].atMs) * most) / windowMs)
  if (refilled < 1) return { tell: 'digest', left: was }
  return { tell: 'now', left: { ...was, [kind]: { left: refilled - 1, atMs: nowMs } } }
}
