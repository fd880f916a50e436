import type { Severity } from '../../estate/work-order.ts'
import type { Alarm } from './alarm-state.ts'
import { raisedBy, type Watch } from './alarm-watch.ts'

/** One alarm as an engineer sees it (`GET /api/v1/faults`). Times are epoch ms. */
export interface AlarmView {
  key: string
  rule: string
  site: string
  node: string
  device: string
  severity: Severity
  state: Alarm['state']
  /** What lies under unknown, shelved or suppressed. */
  beneath?: Alarm['state']
  sinceMs: number
  why: string
  /** Who shelved it, took it out of service, acknowledged or (an incident's key) explains it; until when. */
  by?: string
  untilMs?: number
  signal: string
  value?: number
  limit?: number
  /** Key of the incident it belongs to. */
  incident?: string
}

/** Every alarm that is not normal; a silent device is one alarm (D01), not one of each of its quiet rules. */
export function alarmViews(
  watches: Iterable<Watch>,
  incidentOf: (alarmKey: string) => string | undefined,
): AlarmView[] {
  const views: AlarmView[] = []
  for (const watch of watches) {
    const { alarm } = watch.memory
    if (!isQuiet(alarm)) views.push(viewOf(watch, incidentOf(watch.key)))
  }
  return views.sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** Normal, as far as anybody knows. What a person covered is never quiet. */
function isQuiet(alarm: Alarm): boolean {
  if (alarm.state === 'normal') return true
  return (alarm.state === 'unknown' || alarm.state === 'suppressed-by-design') && isQuiet(alarm.beneath)
}

function viewOf(watch: Watch, incident: string | undefined): AlarmView {
  const { alarm } = watch.memory
  const { key, rule, site, node, device, severity, signal, value, limit } = raisedBy(watch)
  return {
    key,
    rule,
    site,
    node,
    device,
    severity,
    state: alarm.state,
    ...('beneath' in alarm && { beneath: alarm.beneath.state }),
    sinceMs: alarm.sinceMs,
    why: alarm.why,
    ...('by' in alarm && { by: alarm.by }),
    ...('untilMs' in alarm && { untilMs: alarm.untilMs }),
    signal,
    ...(value !== null && { value }),
    ...(limit !== null && { limit }),
    ...(incident !== undefined && { incident }),
  }
}
