import type { AlarmEvent } from '../../estate/alarm-log.ts'
import type { Raised } from './correlate.ts'

/** The alarms that stand, by site, and the record of what came up, ended and found its incident since it was last
 *  asked. */
export class StandingAlarms {
  readonly #bySite = new Map<string, Map<string, Raised>>()
  /** Alarm key -> the site at which it stands. */
  readonly #siteOf = new Map<string, string>()
  #events: AlarmEvent[] = []

  raise(alarm: Raised): void {
    this.keep(alarm)
    const { key, atMs, rule, site, node, severity } = alarm
    this.#events.push({ type: 'raised', key, atMs, rule, site, node, severity })
  }

  /** It stands as before, and more is known of it. A latched one that is breached anew still stands from the first time
   *  on. */
  keep(alarm: Raised): void {
    const known = this.#bySite.get(alarm.site) ?? new Map<string, Raised>()
    this.#bySite.set(alarm.site, known)
    const sinceMs = known.get(alarm.key)?.atMs ?? alarm.atMs
    known.set(alarm.key, sinceMs < alarm.atMs ? { ...alarm, atMs: sinceMs } : alarm)
    this.#siteOf.set(alarm.key, alarm.site)
  }

  clear(key: string, atMs: number): void {
    const stood = this.get(key)
    if (!stood) return
    this.#bySite.get(stood.site)?.delete(key)
    this.#siteOf.delete(key)
    this.#events.push({ type: 'cleared', key, atMs, raisedMs: stood.atMs })
  }

  joined({ key, atMs }: Raised, incident: string, { explained }: { explained: boolean }): void {
    this.#events.push({ type: 'joined', key, raisedMs: atMs, incident, explained })
  }

  get(key: string): Raised | undefined {
    return this.#bySite.get(this.#siteOf.get(key) ?? '')?.get(key)
  }

  at(site: string): Raised[] {
    return [...(this.#bySite.get(site)?.values() ?? [])]
  }

  all(): Raised[] {
    return [...this.#bySite.values()].flatMap((alarms) => [...alarms.values()])
  }

  takeEvents(): AlarmEvent[] {
    const taken = this.#events
    this.#events = []
    return taken
  }
}
