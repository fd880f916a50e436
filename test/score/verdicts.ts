import type { Cause } from './causes.ts'
import type { Call } from './order-desk.ts'

/** Which orders were right? Event-wise, as the issue has it: an order is true when it names a cause that no order
 *  before it has named, and does so between its onset and half an hour after its end. What counts is the moment at
 *  which the order opened; only where devices store what they measure and send it later, as they have declared, is
 *  it the moment of the measurement. A further order for a cause is one too many, and so is every other.
 *
 *  - An order that was merged into another is part of that one.
 *  - An order that comes back (a relapse) is no further order for the cause that it has named; it may name another.
 *  - An order that turns out to be something else (a higher root) may name another cause then.
 *  - Some orders are right, though nobody waits for them: that a device is silent whose line was dead (mischief cuts
 *    lines for forty minutes at a time), that it is in the year 2000 whose clock cell a boot found empty, and what a
 *    fault is known to bring about later. */
export type Verdict = 'true' | 'further' | 'false' | 'outage' | 'brought'

export interface Judged {
  call: Call
  verdict: Verdict
  /** Index of the cause that it names. */
  cause?: number
}

export interface Detection {
  cause: number
  atMs: number
  order: string
}

export interface Facts {
  causes: readonly Cause[]
  calls: readonly Call[]
  /** The order that one became part of, or itself. */
  survivorOf: (order: string) => string
  /** Cause class of a rule; undefined for one that the engine does not have. */
  classOf: (rule: string) => string | undefined
  /** How long a device may keep a sample before it sends it, ms. */
  deliveryMs: (device: string) => number
  /** Whether a line was dead then, of a device at this place or below it. */
  wasCutOff: (place: string, fromMs: number, untilMs: number) => boolean
  /** Whether a boot had found the clock cell of a device at this place empty. */
  hadLostClock: (place: string, atMs: number) => boolean
}

/** Repairs are not noticed at once. */
const afterEndMs = 30 * 60_000
/** An order may seem to begin before its cause by as much as a clock is off. */
const clockMs = 10 * 60_000
const silence = 'silence'
const clockDrift = 'clock-drift'

export function judge(facts: Facts): { judged: Judged[]; detections: Detection[] } {
  const claims = new Map<number, Detection>()
  const judged: Judged[] = []
  for (const calls of stretchesOf(facts.calls)) {
    const [first] = calls
    if (!first) continue
    const claimed = calls.flatMap((call) => claim(call, facts, claims))
    const isPart = facts.survivorOf(first.order) !== first.order
    if (claimed[0] !== undefined) judged.push({ call: first, verdict: 'true', cause: claimed[0] })
    else if (!isPart) judged.push(...unclaimed(calls, facts, claims))
  }
  return { judged, detections: [...claims.values()] }
}

/** From one opening or relapse of an order to the next, in the order in which they began. */
function stretchesOf(calls: readonly Call[]): Call[][] {
  const stretches: Call[][] = []
  const open = new Map<string, Call[]>()
  for (const call of calls) {
    const current = open.get(call.order)
    if (current && call.kind === 'changed') current.push(call)
    else {
      const stretch = [call]
      open.set(call.order, stretch)
      stretches.push(stretch)
    }
  }
  return stretches
}

/** The cause that a call is the first to name. */
function claim(call: Call, facts: Facts, claims: Map<number, Detection>): number[] {
  const cause = namedBy(call, facts).find((index) => !claims.has(index))
  if (cause === undefined) return []
  claims.set(cause, { cause, atMs: call.atMs, order: facts.survivorOf(call.order) })
  return [cause]
}

function unclaimed(calls: readonly Call[], facts: Facts, claims: ReadonlyMap<number, Detection>): Judged[] {
  const [call] = calls
  if (!call) return []
  const owner = facts.survivorOf(call.order)
  const named = calls.flatMap((each) => namedBy(each, facts))
  if (named.some((index) => claims.get(index)?.order === owner)) return []
  // Whose line is dead at that very moment has a cause of his own, whatever else is silent around him.
  if (call.causeClass === silence && facts.wasCutOff(call.root, call.atMs, call.atMs))
    return [{ call, verdict: 'outage' }]
  const [cause] = named
  if (cause !== undefined) return [{ call, verdict: 'further', cause }]
  if (calls.some((each) => isBrought(each, facts))) return [{ call, verdict: 'brought' }]
  const byMischief = ({ causeClass, root, sinceMs, atMs }: Call) =>
    (causeClass === silence && facts.wasCutOff(root, Math.min(sinceMs, atMs), atMs)) ||
    (causeClass === clockDrift && facts.hadLostClock(root, atMs))
  return [{ call, verdict: calls.some(byMischief) ? 'outage' : 'false' }]
}

/** Indices of the causes that a call names in time: the one at its very place first, before one below it; among
 *  those of one place the latest, for what has just begun is meant. */
function namedBy(call: Call, { causes, classOf, deliveryMs }: Facts): number[] {
  return causes
    .map((cause, index) => ({ cause, index }))
    .filter(({ cause }) => isRuleOf(call, cause.rules, classOf) && isAt(call, cause))
    .filter(({ cause }) => isInTime(call, cause, Math.max(0, ...cause.devices.map(deliveryMs))))
    .sort(
      (a, b) =>
        Number(isAtIt(call, b.cause)) - Number(isAtIt(call, a.cause)) || b.cause.fromMs - a.cause.fromMs,
    )
    .map(({ index }) => index)
}

function isRuleOf(call: Call, rules: readonly string[], classOf: Facts['classOf']): boolean {
  return rules.includes(call.rule) || rules.some((rule) => classOf(rule) === call.causeClass)
}

function isAt({ root }: Call, { places }: Cause): boolean {
  return places.includes(root)
}

function isAtIt({ root }: Call, { own }: Cause): boolean {
  return own.includes(root)
}

function isInTime({ atMs, sinceMs }: Call, { fromMs, untilMs }: Cause, deliveryMs: number): boolean {
  const endMs = untilMs + afterEndMs
  if (atMs < fromMs || sinceMs < fromMs - clockMs || sinceMs > endMs) return false
  return atMs <= endMs + deliveryMs
}

/** Ice lasts longer than its cause: only the onset counts. */
function isBrought(call: Call, { causes, classOf }: Facts): boolean {
  return causes.some(
    (cause) => isRuleOf(call, cause.brings, classOf) && isAt(call, cause) && call.atMs >= cause.fromMs,
  )
}
