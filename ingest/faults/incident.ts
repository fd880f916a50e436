import { z } from 'zod'
import type { Registry } from '../../estate/registry.ts'
import { severities, type Severity } from '../../estate/work-order.ts'
import { explains, gravest, isBelow, raised, type Cause, type Raised } from './correlate.ts'
import { causeClasses, ruleIds } from './rules/rule.ts'
import { ruleOf } from './rules/table.ts'

/** One fault as the engine knows it: a root, and every alarm the root explains.
 *
 *  open > recovered > settled > forgotten. Recovered: the machine says it is over; late children may still
 *  join. Settled: nobody joins any more, but the same fault again is a relapse and bears the same key. */
export const member = raised.extend({
  clearedMs: z.number().nullable(),
  /** It was cleared because nobody watches it any longer, not because it had ended. */
  unwatched: z.boolean().exactOptional(),
})
export type Member = z.infer<typeof member>

export const incident = z.object({
  key: z.string(),
  /** Order of opening; the oldest of merged incidents lives on. */
  number: z.int(),
  site: z.string(),
  root: z.string(),
  causeClass: z.enum(causeClasses),
  basis: z.enum(['measured', 'inferred']),
  /** When inferred: how many of the places below alarmed */
  share: z.object({ alarming: z.int(), of: z.int() }).nullable(),
  phase: z.enum(['open', 'recovered', 'settled']),
  /** First out when it was opened, event time; a relapse begins anew, so that no two openings share it. */
  openedAtMs: z.number(),
  /** Event time, and the server's time, of the recovery. */
  recoveredAtMs: z.number().nullable(),
  recoveredMs: z.number().nullable(),
  /** When people closed its order as done although it went on, server time; and whether they have been told since. */
  closed: z.object({ atMs: z.number(), toldAgain: z.boolean() }).nullable(),
  members: z.record(z.string(), member),
  /** Rule whose row the incident bears: the gravest at its root. */
  rule: z.enum(ruleIds),
  severity: z.enum(severities),
  /** When so many feel it that it is a step graver than its alarms. */
  stepped: z.object({ households: z.number() }).nullable(),
  /** Knows more than the last report said, and when that was, server time. */
  changed: z.boolean(),
  toldMs: z.number(),
})
export type Incident = z.infer<typeof incident>

/** An incident without members yet. */
export function newIncident(
  { root, rule, basis, share }: Cause,
  { key, number, first, nowMs }: { key: string; number: number; first: Raised; nowMs: number },
): Incident {
  return {
    key,
    number,
    site: first.site,
    root,
    causeClass: rule.causeClass,
    basis,
    share: share ?? null,
    phase: 'open',
    openedAtMs: first.atMs,
    recoveredAtMs: null,
    recoveredMs: null,
    closed: null,
    members: {},
    rule: rule.id,
    severity: first.severity,
    stepped: null,
    changed: true,
    toldMs: nowMs,
  }
}

/** Takes the alarm in, or refreshes what is known of it. */
export function attach(to: Incident, alarm: Raised): void {
  const known = to.members[alarm.key]
  const goesOn = known !== undefined && known.clearedMs === null
  const first = goesOn ? Math.min(known.atMs, alarm.atMs) : alarm.atMs
  to.members[alarm.key] = { ...alarm, atMs: first, clearedMs: null }
  to.changed = true
}

/** Moves the incident to a cause: a new one, or a higher root found later. */
export function settleOn(incident: Incident, cause: Cause): void {
  incident.root = cause.root
  incident.basis = cause.basis
  incident.causeClass = cause.rule.causeClass
  incident.share = cause.share ?? null
  incident.changed = true
}

/** Back from recovery: what has cleared was another story. */
export function relapse(incident: Incident): void {
  const standing = Object.values(incident.members).filter(({ clearedMs }) => clearedMs === null)
  incident.members = Object.fromEntries(standing.map((alarm) => [alarm.key, alarm]))
  const times = standing.map(({ atMs }) => atMs)
  const since = times.filter((atMs) => atMs > (incident.recoveredAtMs ?? 0))
  incident.openedAtMs = since.length > 0 ? Math.min(...since) : Math.max(...times)
  incident.phase = 'open'
  incident.recoveredAtMs = null
  incident.recoveredMs = null
  incident.closed = null
}

/** Its order was closed as done so long ago that what is breached now is not done. */
export function isNotDone(incident: Incident, nowMs: number, lateMs: number): boolean {
  const { phase, closed } = incident
  return phase === 'open' && closed !== null && !closed.toldAgain && nowMs - closed.atMs >= lateMs
}

/** The same fault once more, from the moment at which it was taken for done. */
export function takeUpAgain(incident: Incident): void {
  const { closed } = incident
  if (!closed) return
  incident.openedAtMs = closed.atMs
  closed.toldAgain = true
}

/** The alarms at the root itself; none where the root was inferred from its children. */
export function rootAlarms(incident: Incident): Member[] {
  return Object.values(incident.members).filter(({ node }) => node === incident.root)
}

/** Rule and severity follow the members: the gravest rule of its class, at the root where there is one; the highest
 *  severity of all. */
export function weigh(incident: Incident): void {
  const members = Object.values(incident.members)
  const ofItsClass = members.filter((alarm) => ruleOf(alarm.rule).causeClass === incident.causeClass)
  const atRoot = incident.basis === 'inferred' ? [] : ofItsClass.filter(({ node }) => node === incident.root)
  const rule = gravest([atRoot, ofItsClass, members].find((alarms) => alarms.length > 0) ?? [])
  incident.rule = rule.id
  const inferred = incident.basis === 'inferred' ? rule.inferred?.severity : undefined
  const worst = inferred === undefined ? [] : [inferred]
  incident.severity = [...members.map(({ severity }) => severity), ...worst].reduce(graver)
}

function graver(a: Severity, b: Severity): Severity {
  return a < b ? a : b
}

/** Will this alarm outlast the fault that caused it? (the rule's column `echoes`) */
export function isEcho({ rule, root }: Incident, alarm: Pick<Raised, 'rule' | 'node'>): boolean {
  return alarm.node !== root && (ruleOf(rule).echoes?.includes(alarm.rule) ?? false)
}

/** May this alarm, which has just come up, join? It must lie at the root or below it, in a tree of its rule, or one that
 *  has joined must explain it. Once the incident is settled only an echo may. */
export function covers(incident: Incident, alarm: Raised, registry: Registry): boolean {
  if (incident.site !== alarm.site) return false
  if (incident.phase === 'settled' && !isEcho(incident, alarm)) return false
  if (alarm.ownCause && ruleOf(alarm.rule).causeClass !== incident.causeClass) return false
  if (isAnotherStory(incident, alarm)) return false
  const explaining = Object.values(incident.members).filter(
    ({ node, clearedMs }) => node === incident.root || clearedMs === null,
  )
  if (explaining.some((member) => explains(member, alarm, registry))) return true
  if (ruleOf(alarm.rule).byRepair && isRepairedAt(incident, alarm, registry)) return true
  const rule = ruleOf(incident.rule)
  if (incident.basis !== 'inferred') return false
  if (incident.root === incident.site && rule.inferred?.siteSwallows?.includes(alarm.rule)) return true
  if (!rule.swallows.includes(alarm.rule)) return false
  const roots = [incident.root, ...registry.devicesAt(incident.root).map(({ id }) => id)]
  return (
    alarm.node === incident.root ||
    ruleOf(alarm.rule).trees.some((tree) => roots.some((root) => isBelow(tree, alarm, root, registry)))
  )
}

/** What begins after the recovery, and is of another class, is neither a late child nor a relapse. */
function isAnotherStory(incident: Incident, alarm: Raised): boolean {
  const { phase, recoveredAtMs, causeClass } = incident
  if (phase !== 'recovered' || isEcho(incident, alarm)) return false
  return ruleOf(alarm.rule).causeClass !== causeClass && alarm.atMs > (recoveredAtMs ?? 0)
}

/** What is planned for a fortnight hence (P4) has nobody at work yet. */
function isRepairedAt({ phase, severity, root }: Incident, { node }: Raised, registry: Registry): boolean {
  if (phase !== 'open' || severity === 'P4') return false
  return root === node || registry.ancestors('electrical', root).includes(node)
}

/** Over: every alarm at the root is clear, and nearly all of the others that do not outlast it by nature. */
export function isOver(incident: Incident, clearShare: number): boolean {
  const members = Object.values(incident.members).filter((alarm) => !isEcho(incident, alarm))
  const clear = members.filter(({ clearedMs }) => clearedMs !== null).length
  const rootClear = rootAlarms(incident).every(({ clearedMs }) => clearedMs !== null)
  return rootClear && clear >= clearShare * members.length
}

export function isAt({ root, causeClass }: Incident, cause: Cause): boolean {
  return root === cause.root && causeClass === cause.rule.causeClass
}

/** What began before the incident at its place had recovered, and is heard of only now, may be over as well: an
 *  upload tells of yesterday. It has to wait, and is a relapse if it still stands then. */
export function isLateWord({ atMs }: Raised, cause: Cause, incidents: Iterable<Incident>): boolean {
  for (const known of incidents)
    if (isAt(known, cause)) return known.phase !== 'open' && atMs <= (known.recoveredAtMs ?? 0)
  return false
}

/** Not what the incident is of, but what it explains. */
export function isChild(known: Incident, { node, rule }: Raised): boolean {
  const { causeClass, byRepair } = ruleOf(rule)
  return node !== known.root || causeClass !== known.causeClass || byRepair === true
}
