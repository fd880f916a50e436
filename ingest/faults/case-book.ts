import { z } from 'zod'
import type { AlarmEvent } from '../../estate/alarm-log.ts'
import type { Registry } from '../../estate/registry.ts'
import type { Explained, IncidentChange } from './changes.ts'
import { causeOf, raised, type Cause, type Raised, type Scene } from './correlate.ts'
import { stepUp } from './effect.ts'
import {
  attach,
  covers,
  incident,
  isAt,
  isChild,
  isEcho,
  isNotDone,
  isLateWord,
  isOver,
  newIncident,
  relapse,
  rootAlarms,
  settleOn,
  takeUpAgain,
  weigh,
  type Incident,
  type Member,
} from './incident.ts'
import type { SiteParameters } from './parameters.ts'
import { StandingAlarms } from './standing-alarms.ts'
import { mergeReason, recoveryReason, reportOf, type Voice } from './report.ts'
import { ruleOf } from './rules/table.ts'

/** The incidents of the district: who waits, who belongs to whom, what is over.
 *
 *  correlate.ts says what explains an alarm; the book says when to act on it. A root by nature opens at once.
 *  What may be somebody's child waits for the hold-off, so that a slower parent can speak first; if it ends
 *  before, nobody is called. All else (late children, deeper falls, recovery) is told at the next step. */

/** Incidents remembered, settled ones included; the oldest settled make room. */
const incidentLimit = 5_000
/** A fall this much deeper than the last report said is worth another. */
const deeperKpa = 20
/** Growing news of one incident is told at most so often; what is grave is told at once. */
const tellEveryMs = 30_000

export const caseBookState = z.object({
  standing: z.array(raised),
  /** Alarm key, the server time at which its hold-off ends, and until when it waits if it stands alone. */
  waiting: z.array(z.tuple([z.string(), z.number(), z.number()])),
  incidents: z.array(incident),
  /** Alarm key -> incident. Members alone do not say it: who has moved on is still on the list of where it was. */
  homes: z.array(z.tuple([z.string(), z.string()])),
  nextNumber: z.int(),
})
export type CaseBookState = z.infer<typeof caseBookState>

export interface Surroundings extends Voice {
  registry: Registry
  voice: Scene['voice']
  /** Is the condition of this alarm breached by what was seen last? */
  breaches: (alarmKey: string) => boolean
  limits: (site: string) => SiteParameters['correlation']
}

export class CaseBook {
  readonly #around: Surroundings
  readonly #standing = new StandingAlarms()
  /** Alarm key -> when its hold-off ends, and until when it waits if nothing shares its cause; server time. */
  readonly #waiting = new Map<string, { dueMs: number; aloneUntilMs: number }>()
  readonly #incidents = new Map<string, Incident>()
  /** Alarm key -> key of the incident it belongs to. */
  readonly #home = new Map<string, string>()
  #nextNumber = 1
  /** Server time. */
  #nowMs = 0
  #explained: Explained[] = []
  #changes: IncidentChange[] = []

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** An alarm has come up. */
  raise(alarm: Raised, nowMs: number): void {
    this.#nowMs = nowMs
    this.#standing.raise(alarm)
    const open = this.#openFor(alarm)
    if (open && isChild(open, alarm)) return this.#join(open, alarm)
    const cause = causeOf(alarm, this.#scene(alarm.site))
    const isRoot = alarm.opensAtOnce && cause.basis === 'measured' && cause.root === alarm.node
    if ((open || isRoot) && !isLateWord(alarm, cause, this.#incidents.values())) return this.#gather(cause)
    const { holdOffMs } = this.#around.limits(alarm.site)
    const aloneUntilMs = nowMs + Math.max(holdOffMs, alarm.aloneMs ?? 0)
    this.#waiting.set(alarm.key, { dueMs: nowMs + holdOffMs, aloneUntilMs })
  }

  /** An alarm no longer stands: it has ended, or it is not watched any longer. `atMs`: sample time. */
  clear(alarm: { key: string; site: string; unwatched?: boolean }, atMs: number): void {
    this.#standing.clear(alarm.key, atMs)
    this.#waiting.delete(alarm.key)
    const member = this.#homeOf(alarm.key)?.members[alarm.key]
    if (!member) return
    member.clearedMs = atMs
    if (alarm.unwatched) member.unwatched = true
  }

  /** People closed its order as done, at the server's time `nowMs`. */
  closed(incidentKey: string, nowMs: number): void {
    const known = this.#incidents.get(incidentKey)
    if (known?.phase === 'open') known.closed = { atMs: nowMs, toldAgain: false }
  }

  /** A standing alarm got worse. */
  worsen(alarm: Raised): void {
    this.#standing.keep(alarm)
    const home = this.#homeOf(alarm.key)
    const told = home?.members[alarm.key]
    if (!home || !told || (alarm.fallKpa ?? 0) < (told.fallKpa ?? 0) + deeperKpa) return
    attach(home, alarm)
  }

  /** Acts on what time alone brings: hold-offs that end, news worth a report, recovery, leftovers. */
  step(nowMs: number): void {
    this.#nowMs = nowMs
    for (const [key, { dueMs }] of [...this.#waiting].sort(([, a], [, b]) => a.dueMs - b.dueMs)) {
      if (dueMs <= nowMs && this.#waiting.has(key)) this.#endHoldOff(key)
    }
    for (const known of this.#incidents.values()) {
      if (known.changed && nowMs - known.toldMs >= tellEveryMs) this.#report('updated', known)
    }
    for (const known of [...this.#incidents.values()]) this.#age(known, nowMs)
  }

  /** What was decided since the last call, in order. */
  takeChanges(): IncidentChange[] {
    const taken = this.#changes
    this.#changes = []
    return taken
  }

  /** What came up, ended and found its incident since the last call, for the record. */
  takeAlarmEvents(): AlarmEvent[] {
    return this.#standing.takeEvents()
  }

  takeExplained(): Explained[] {
    const taken = this.#explained
    this.#explained = []
    return taken
  }

  incidentOf(alarmKey: string): string | undefined {
    return this.#home.get(alarmKey)
  }

  standing(): Raised[] {
    return this.#standing.all()
  }

  snapshot(): CaseBookState {
    return {
      standing: this.standing(),
      waiting: [...this.#waiting].map(([key, { dueMs, aloneUntilMs }]) => [key, dueMs, aloneUntilMs]),
      incidents: [...this.#incidents.values()],
      homes: [...this.#home],
      nextNumber: this.#nextNumber,
    }
  }

  restore(saved: CaseBookState): void {
    for (const alarm of saved.standing) this.#standing.keep(alarm)
    for (const [key, dueMs, aloneUntilMs] of saved.waiting) this.#waiting.set(key, { dueMs, aloneUntilMs })
    for (const known of saved.incidents) this.#incidents.set(known.key, known)
    for (const [key, home] of saved.homes) this.#home.set(key, home)
    this.#nextNumber = saved.nextNumber
  }

  #scene(site: string): Scene {
    const { registry, voice, limits } = this.#around
    return { registry, voice, standing: this.#standing.at(site), limits: limits(site) }
  }

  #homeOf(alarmKey: string): Incident | undefined {
    return this.#incidents.get(this.#home.get(alarmKey) ?? '')
  }

  /** The incident that it may join; of several one of its own class. */
  #openFor(alarm: Raised): Incident | undefined {
    const open = [...this.#incidents.values()].filter((known) => covers(known, alarm, this.#around.registry))
    return open.find(({ causeClass }) => causeClass === ruleOf(alarm.rule).causeClass) ?? open[0]
  }

  /** A late child: told with the next report, or at once when lives are at stake, or it makes the matter graver, or
   *  not over. */
  #join(to: Incident, alarm: Raised): void {
    const { severity } = to
    this.#take(to, [alarm])
    if (to.phase === 'recovered' && !this.#isOver(to)) return this.#reopen(to)
    if (to.severity < severity || ruleOf(alarm.rule).lifeSafety) this.#report('updated', to)
  }

  #endHoldOff(key: string): void {
    const alarm = this.#standing.get(key)
    const open = alarm && this.#openFor(alarm)
    if (alarm && open && isChild(open, alarm)) return this.#join(open, alarm)
    const cause = alarm && causeOf(alarm, this.#scene(alarm.site))
    const patientUntilMs = cause ? this.#patientUntilMs(cause) : 0
    const waits = this.#waiting.get(key)
    if (waits && patientUntilMs > this.#nowMs) return void (waits.dueMs = patientUntilMs)
    this.#waiting.delete(key)
    if (cause) this.#gather(cause)
  }

  /** What stands alone may mend itself, and what it explains waits with it. What many share does not wait. */
  #patientUntilMs({ basis, root, rule, explained }: Cause): number {
    if (basis === 'inferred') return 0
    const own = explained.filter((alarm) => alarm.node === root && alarm.rule === rule.id)
    const untilMs = own.map(({ key }) => this.#waiting.get(key)?.aloneUntilMs ?? 0)
    return untilMs.length > 0 ? Math.min(...untilMs) : 0
  }

  /** One cause, one incident: opens it, revives it, or moves the oldest of those it explains up to it. */
  #gather(cause: Cause): void {
    const [oldest, ...younger] = this.#involved(cause)
    if (!oldest) return this.#open(cause)
    const before = { root: oldest.root, severity: oldest.severity, phase: oldest.phase }
    if (oldest.phase === 'settled') oldest.members = {}
    settleOn(oldest, cause)
    for (const other of younger) this.#absorb(other, oldest)
    this.#take(oldest, this.#free(cause))
    if (before.phase !== 'open') this.#reopen(oldest)
    for (const other of younger) if (other.phase !== 'settled') this.#tellMerged(other, oldest, cause)
    const news = younger.length > 0 || oldest.root !== before.root || oldest.severity < before.severity
    if (before.phase === 'open' && news) this.#report('updated', oldest)
  }

  /** The incidents that a cause concerns: its own, and those it explains. Oldest first. Whoever has lost a member to
   *  it only is none of them: a shed that burned and fell silent goes on burning while the estate is silent. */
  #involved(cause: Cause): Incident[] {
    const explained = new Set(cause.explained.map(({ key }) => key))
    const homes = new Set(cause.explained.map(({ key }) => this.#home.get(key)))
    const isExplained = (known: Incident) =>
      rootAlarms(known).every(({ key, clearedMs }) => clearedMs !== null || explained.has(key))
    return [...this.#incidents.values()]
      .filter((known) => isAt(known, cause) || (homes.has(known.key) && isExplained(known)))
      .sort((a, b) => a.number - b.number)
  }

  /** What a cause explains, without what another incident has explained already. */
  #free(cause: Cause): Raised[] {
    const involved = new Set(this.#involved(cause).map(({ key }) => key))
    return cause.explained.filter(({ key }) => {
      const home = this.#home.get(key)
      return home === undefined || involved.has(home) || !this.#incidents.has(home)
    })
  }

  #open(cause: Cause): void {
    const explained = this.#free(cause)
    const [first] = explained
    if (!first) return
    this.#makeRoom()
    const key = this.#freeKey(`${cause.root}|${cause.rule.causeClass}`)
    const fresh = newIncident(cause, { key, number: this.#nextNumber++, first, nowMs: this.#nowMs })
    fresh.openedAtMs = Math.min(...explained.map(({ atMs }) => atMs))
    this.#incidents.set(fresh.key, fresh)
    this.#take(fresh, explained)
    this.#report('opened', fresh)
  }

  /** The natural key may still name an incident that has moved to a higher root. */
  #freeKey(natural: string): string {
    let key = natural
    for (let nth = 2; this.#incidents.has(key); nth++) key = `${natural}|${nth}`
    return key
  }

  #take(to: Incident, alarms: readonly Raised[]): void {
    let isFirst = Object.keys(to.members).length === 0
    for (const alarm of alarms) {
      const { lifeSafety } = ruleOf(alarm.rule)
      attach(to, alarm)
      this.#waiting.delete(alarm.key)
      const swallowed = alarm.node !== to.root && !lifeSafety
      this.#explained.push(swallowed ? { key: alarm.key, by: to.key } : { key: alarm.key })
      if (this.#home.get(alarm.key) !== to.key)
        this.#standing.joined(alarm, to.key, { explained: !isFirst && !lifeSafety })
      this.#home.set(alarm.key, to.key)
      isFirst = false
    }
    this.#weigh(to)
  }

  #absorb(from: Incident, into: Incident): void {
    this.#incidents.delete(from.key)
    for (const [key, home] of this.#home) {
      if (home !== from.key) continue
      const member = from.members[key]
      if (member) into.members[key] ??= member
      this.#home.set(key, into.key)
    }
  }

  #weigh(known: Incident): void {
    weigh(known)
    stepUp(known, this.#around.registry, this.#around.limits(known.site))
  }

  #tellMerged(from: Incident, into: Incident, cause: Cause): void {
    const atMs = Math.max(...cause.explained.map((alarm) => alarm.atMs))
    const reason = mergeReason(into, this.#around)
    this.#changes.push({ type: 'merged', from: from.key, into: into.key, site: into.site, atMs, reason })
  }

  #reopen(known: Incident): void {
    relapse(known)
    this.#weigh(known)
    this.#report('opened', known)
  }

  #report(type: 'opened' | 'updated', known: Incident): void {
    known.changed = false
    known.toldMs = this.#nowMs
    this.#changes.push({ type, report: reportOf(known, this.#around) })
  }

  #isOver(known: Incident): boolean {
    return isOver(known, this.#around.limits(known.site).clearShare)
  }

  #age(known: Incident, nowMs: number): void {
    const { lateMs, relapseMs } = this.#around.limits(known.site)
    const recoveredMs = known.recoveredMs ?? nowMs
    if (known.phase === 'open' && this.#isOver(known)) this.#recover(known, nowMs)
    else if (
      isNotDone(known, nowMs, lateMs) &&
      rootAlarms(known).some(({ key }) => this.#around.breaches(key))
    ) {
      takeUpAgain(known)
      this.#report('opened', known)
    } else if (known.phase === 'recovered' && this.#isUnsure(known)) known.recoveredMs = nowMs
    else if (known.phase === 'recovered' && nowMs - recoveredMs >= lateMs) this.#settle(known)
    else if (known.phase === 'settled' && nowMs - recoveredMs >= relapseMs) this.#forget(known)
  }

  #recover(known: Incident, nowMs: number): void {
    if (known.changed) this.#report('updated', known)
    const atMs = Math.max(...Object.values(known.members).map(({ clearedMs }) => clearedMs ?? 0))
    known.phase = 'recovered'
    known.recoveredAtMs = atMs
    known.recoveredMs = nowMs
    const reason = recoveryReason(known, this.#around)
    this.#changes.push({ type: 'recovered', key: known.key, site: known.site, atMs, reason })
  }

  /** Somebody whose alarm still stands has fallen silent meanwhile, and nobody knows whether it does: for a day, the
   *  others wait for what it says when it is back. */
  #isUnsure({ members, recoveredAtMs, site }: Incident): boolean {
    if (this.#nowMs - (recoveredAtMs ?? 0) >= this.#around.limits(site).relapseMs) return false
    const unheard = ({ rule, clearedMs, device }: Member) =>
      clearedMs === null && ruleOf(rule).causeClass !== 'silence' && this.#around.voice(device) === 'silent'
    return Object.values(members).some(unheard)
  }

  /** What still alarms half an hour after its cause has gone has another cause. */
  #settle(known: Incident): void {
    known.phase = 'settled'
    const left = Object.values(known.members).filter(
      (alarm) => alarm.clearedMs !== null || !isEcho(known, alarm),
    )
    this.#release(left.flatMap(({ key }) => (this.#home.get(key) === known.key ? [key] : [])))
  }

  /** Too long ago for anything to be its echo, or its relapse. Also what was a member before a relapse had it for home. */
  #forget(known: Incident): void {
    this.#incidents.delete(known.key)
    this.#release([...this.#home].flatMap(([key, home]) => (home === known.key ? [key] : [])))
  }

  /** These alarms belong to no incident any longer; whatever of them still stands speaks for itself. */
  #release(keys: readonly string[]): void {
    for (const key of keys) this.#home.delete(key)
    for (const key of keys) {
      const alarm = this.#standing.get(key)
      if (!alarm) continue
      this.#explained.push({ key })
      this.#waiting.set(key, { dueMs: this.#nowMs, aloneUntilMs: alarm.atMs + (alarm.aloneMs ?? 0) })
      this.#endHoldOff(key)
    }
  }

  #makeRoom(): void {
    if (this.#incidents.size < incidentLimit) return
    const oldest = [...this.#incidents.values()].find(({ phase }) => phase === 'settled')
    if (oldest) this.#forget(oldest)
  }
}
