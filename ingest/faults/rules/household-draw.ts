import { z } from 'zod'
import type { Passed } from './water-register.ts'

/** How a household draws its water: in bursts, with dry hours between, above all by night. A hose that has come off
 *  pours for half an hour on end, one that was left open runs for hours (W02); a cistern that does not close lets no hour of a day be dry (W03).
 *
 *  Hours roll: a dry hour is a dry hour, whenever it begins. Where readings are more than an hour apart nobody saw the
 *  hours between; their mean may prove a dry hour, never a wet one. */
export const householdDraw = z.object({
  /** Mean flow between the last two readings, L/h; null while unknown. */
  meanLph: z.number().nullable(),
  /** Since when every reading has told of a pouring flow, and of a running one; null: it does not. */
  pouringSinceMs: z.number().nullable(),
  runningSinceMs: z.number().nullable(),
  /** The last hour: sampling time and litres that had gone through, one after the other, oldest first. */
  recent: z.array(z.number()),
  /** The end of the last dry hour, or when somebody began to look. */
  wetSinceMs: z.number(),
  /** Since then: hours that nobody saw, ms, and the least of those that somebody did, L/h. */
  unseenMs: z.number(),
  leastLph: z.number().nullable(),
  /** What runs day and night, as far as the first such day tells, L/h; null while nothing does. */
  leakLph: z.number().nullable(),
  /** Nights with an hour without a drop since then, and the latest of them (local day). */
  cleanNights: z.int(),
  cleanNight: z.int(),
})
export type HouseholdDraw = z.infer<typeof householdDraw>

export interface DrawLimits {
  /** A pouring flow, and a running one, L/h. */
  pouringLph: number
  runningLph: number
  /** Below it an hour is dry, L/h. */
  dryLph: number
  /** So long without a dry hour is a leak, ms, of which so much may be unseen. */
  wetMs: number
  unseenMs: number
  /** A smaller leak is over only after two clean nights, L/h. */
  smallLph: number
  cleanNights: number
}

const hourMs = 3_600_000
/** Readings may be a few minutes early or late. */
const hourLeastMs = hourMs - 300_000
const hourMostMs = hourMs + 600_000
/** Of a meter that samples more often, only readings so far apart are kept. */
const thinnedMs = 600_000
/** Numbers in `recent`: ten readings. */
const recentMost = 20
const nightEndsHour = 6

export function firstDraw(t: number, throughL: number): HouseholdDraw {
  return {
    meanLph: null,
    pouringSinceMs: null,
    runningSinceMs: null,
    recent: [t, throughL],
    wetSinceMs: t,
    unseenMs: 0,
    leastLph: null,
    leakLph: null,
    cleanNights: 0,
    cleanNight: -1,
  }
}

/** What the reading of `t` tells, after `throughL` litres since the first one. */
export function draw(
  of: HouseholdDraw,
  { t, throughL, passed: { fromMs, litres }, localHour }: Drawn,
  limits: DrawLimits,
): void {
  const ms = t - fromMs
  of.meanLph = litres === null ? null : (litres * hourMs) / ms
  const flowsAbove = (lph: number, sinceMs: number | null) =>
    of.meanLph === null || of.meanLph < lph ? null : (sinceMs ?? fromMs)
  of.pouringSinceMs = flowsAbove(limits.pouringLph, of.pouringSinceMs)
  of.runningSinceMs = flowsAbove(limits.runningLph, of.runningSinceMs)
  if (litres === null || ms > hourMostMs) {
    const dry = of.meanLph !== null && of.meanLph < limits.dryLph ? of.meanLph : null
    of.recent = [t, throughL]
    if (dry === null) unseen(of, t, { ms: litres === null ? ms : ms - hourMs, limits })
    else hourPassed(of, { t, lph: dry, localHour }, limits)
  } else {
    const lph = lastHourLph(of.recent, t, throughL)
    remember(of.recent, t, throughL)
    if (lph !== undefined) hourPassed(of, { t, lph, localHour }, limits)
  }
}

export interface Drawn {
  t: number
  throughL: number
  passed: Passed
  /** See local-hour.ts. */
  localHour: number
}

function unseen(of: HouseholdDraw, t: number, { ms, limits }: { ms: number; limits: DrawLimits }): void {
  of.unseenMs += ms
  if (of.unseenMs <= limits.unseenMs) return
  beginAnew(of, t)
}

function beginAnew(of: HouseholdDraw, t: number): void {
  of.wetSinceMs = t
  of.unseenMs = 0
  of.leastLph = null
}

/** Mean flow since the latest reading of about an hour ago or more, L/h; undefined before there is one. */
function lastHourLph(recent: readonly number[], t: number, throughL: number): number | undefined {
  for (let at = recent.length - 2; at >= 0; at -= 2) {
    const ms = t - (recent[at] ?? t)
    if (ms >= hourLeastMs) return ((throughL - (recent[at + 1] ?? throughL)) * hourMs) / ms
  }
  return undefined
}

function remember(recent: number[], t: number, throughL: number): void {
  if (t - (recent.at(-4) ?? 0) < thinnedMs) recent.splice(-2)
  recent.push(t, throughL)
  while (t - (recent[2] ?? t) >= hourLeastMs || recent.length > recentMost) recent.splice(0, 2)
}

function hourPassed(
  of: HouseholdDraw,
  { t, lph, localHour }: { t: number; lph: number; localHour: number },
  limits: DrawLimits,
): void {
  if (lph < limits.dryLph) {
    beginAnew(of, t)
    if (lph === 0) withoutADrop(of, localHour, limits)
    return
  }
  of.leastLph = Math.min(of.leastLph ?? lph, lph)
  if (t - of.wetSinceMs < limits.wetMs) return
  of.leakLph ??= of.leastLph
  of.cleanNights = 0
}

/** An hour without a drop ends a leak; a small one may drip on so slowly that the register does not turn every hour,
 *  so it takes two nights. */
function withoutADrop(of: HouseholdDraw, localHour: number, limits: DrawLimits): void {
  if (of.leakLph === null) return
  const day = Math.floor(localHour / 24)
  if (localHour % 24 < nightEndsHour && day !== of.cleanNight) {
    of.cleanNights++
    of.cleanNight = day
  }
  if (of.leakLph >= limits.smallLph || of.cleanNights >= limits.cleanNights) of.leakLph = null
}
