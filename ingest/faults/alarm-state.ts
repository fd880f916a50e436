import { z } from 'zod'
import { assertNever } from '../../platform/assert-never.ts'

/** The states of an alarm, as words (ISA-18.2). How it comes from one into another is told in alarm.ts. */

const at = z.number()
const why = z.string()
/** While active: since when the condition has been calm, null when it is not. */
const calmSinceMs = z.number().nullable()
/** While returned: since when the condition has been breached again, null when it is not. */
const breachSinceMs = z.number().nullable()

const normalState = z.object({ state: z.literal('normal'), sinceMs: at, why })
const pending = z.object({ state: z.literal('pending'), sinceMs: at, why })
const activeUnacknowledged = z.object({
  state: z.literal('active-unacknowledged'),
  sinceMs: at,
  calmSinceMs,
  why,
})
const activeAcknowledged = z.object({
  state: z.literal('active-acknowledged'),
  sinceMs: at,
  calmSinceMs,
  by: z.string(),
  why,
})
const returned = z.object({ state: z.literal('returned-unacknowledged'), sinceMs: at, breachSinceMs, why })
const latched = z.object({
  state: z.literal('latched'),
  sinceMs: at,
  breachSinceMs,
  acknowledged: z.boolean(),
  why,
})
const bare = z.discriminatedUnion('state', [
  normalState,
  pending,
  activeUnacknowledged,
  activeAcknowledged,
  returned,
  latched,
])
const unknown = z.object({ state: z.literal('unknown'), sinceMs: at, beneath: bare, why })
const watched = z.discriminatedUnion('state', [...bare.options, unknown])
const shelved = z.object({
  state: z.literal('shelved'),
  sinceMs: at,
  beneath: watched,
  by: z.string(),
  untilMs: at,
  why,
})
const suppressed = z.object({
  state: z.literal('suppressed'),
  sinceMs: at,
  beneath: watched,
  by: z.string(),
  why,
})
const byDesign = z.object({
  state: z.literal('suppressed-by-design'),
  sinceMs: at,
  beneath: watched,
  why,
})
const outOfService = z.object({
  state: z.literal('out-of-service'),
  sinceMs: at,
  beneath: watched,
  by: z.string(),
  untilMs: at,
  why,
})

export const alarm = z.discriminatedUnion('state', [
  ...watched.options,
  shelved,
  suppressed,
  byDesign,
  outOfService,
])
/** `sinceMs`: when the present stretch began; of an active alarm, when its condition was first breached. */
export type Alarm = z.infer<typeof alarm>
export type Bare = z.infer<typeof bare>
export type Watched = z.infer<typeof watched>

export const neverRaised: Bare = { state: 'normal', sinceMs: 0, why: 'never raised' }

export type Cover = Exclude<Alarm, Watched>

export function isCovered(alarm: Alarm): alarm is Cover {
  return 'beneath' in alarm && alarm.state !== 'unknown'
}

/** Does it stand, that is: does somebody or something have to deal with it? Frozen and suppressed alarms do;
 *  a shelved one is quiet. A latched one stands until it is reset. */
export function stands(alarm: Alarm): boolean {
  switch (alarm.state) {
    case 'active-unacknowledged':
    case 'active-acknowledged':
    case 'latched':
      return true
    case 'unknown':
    case 'suppressed':
      return stands(alarm.beneath)
    case 'normal':
    case 'pending':
    case 'returned-unacknowledged':
    case 'shelved':
    case 'suppressed-by-design':
    case 'out-of-service':
      return false
    default:
      return assertNever(alarm)
  }
}

/** Does its fault go on, as far as anybody watches it? On the shelf it is quiet, and goes on. */
export function goesOn(alarm: Alarm): boolean {
  return stands(alarm.state === 'shelved' ? alarm.beneath : alarm)
}

/** Is its condition breached by what was seen last? Neither on its way to calm, nor unknown. */
export function isStillBreached(alarm: Alarm): boolean {
  if (isCovered(alarm)) return isStillBreached(alarm.beneath)
  return 'calmSinceMs' in alarm && alarm.calmSinceMs === null
}

/** Has it ended, and nobody has seen it yet? */
export function isReturned(alarm: Alarm): boolean {
  return 'beneath' in alarm ? isReturned(alarm.beneath) : alarm.state === 'returned-unacknowledged'
}

/** Is it breached, as far as is known, whatever lies over it? */
export function isBreached(alarm: Alarm): boolean {
  return isCovered(alarm) ? stands(alarm.beneath) : stands(alarm)
}

/** When the condition of a standing alarm was first breached, sample time, epoch ms. */
export function breachedSince(alarm: Alarm): number {
  return 'beneath' in alarm ? breachedSince(alarm.beneath) : alarm.sinceMs
}
