import type { Severity } from '../../estate/work-order.ts'
import type { Alarm } from './alarm.ts'
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
    const quiet = alarm.state === 'unknown' && alarm.beneath.state === 'normal'
    if (alarm.state !== 'normal' && !quiet) views.push(viewOf(watch, incidentOf(watch.key)))
  }
  return views.sort((a, b) => (a.key < b.key ? -1 : 1))
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
    signal,
    ...(value !== null && { value }),
    ...(limit !== null && { limit }),
    ...(incident !== undefined && { incident }),
  }
}
