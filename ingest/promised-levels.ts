import { z } from 'zod'
import type { ParameterVersion } from '../estate/parameter-book.ts'
import {
  countedTimes,
  serviceLevels,
  type CountedLevels,
  type ServiceLevels,
} from '../estate/service-levels.ts'
import type { WorkOrder } from '../estate/work-order.ts'
import { laid } from './faults/parameter-layers.ts'
import { defaultParameters, wholeDistrict } from './faults/parameters.ts'
import type { ParameterDesk } from './parameter-desk.ts'

/** What was promised for an order: the service levels that were in force when it was raised. Who makes a target
 *  longer afterwards makes no order of yesterday punctual.
 *
 *  The calendar is no promise but a fact, and the one known now is the best: the holidays of next year are published
 *  in November, when orders that will still be open then are raised already. */
export class PromisedLevels {
  readonly #desk: ParameterDesk
  readonly #timeZone: string
  /** Site and versions -> levels; emptied whenever something changes. */
  readonly #known = new Map<string, CountedLevels>()
  /** Calendars are shared, with all their days. */
  readonly #times = new Map<string, CountedLevels['time']>()

  constructor({ desk, timeZone }: { desk: ParameterDesk; timeZone: string }) {
    this.#desk = desk
    this.#timeZone = timeZone
    desk.onChange(() => {
      this.#known.clear()
      this.#times.clear()
    })
  }

  for({ site, history, openedAtMs }: WorkOrder): CountedLevels {
    const versions = this.#desk.versionsAt(site, history[0]?.atMs ?? openedAtMs)
    const key = [site, ...versions.map((version) => version?.version ?? 0)].join('|')
    const known = this.#known.get(key)
    if (known) return known
    const inForce = this.#desk.get()
    const now = (inForce[site] ?? inForce[wholeDistrict] ?? defaultParameters).service
    const levels = { ...(promisedIn(versions) ?? now), calendar: now.calendar }
    const counted = { ...levels, time: this.#timesOf(levels) }
    if (this.#known.size >= mostKnown) this.#known.clear()
    this.#known.set(key, counted)
    return counted
  }

  #timesOf({ calendar }: ServiceLevels): CountedLevels['time'] {
    const key = JSON.stringify(calendar)
    const known = this.#times.get(key)
    if (known) return known
    const times = countedTimes(calendar, this.#timeZone)
    this.#times.set(key, times)
    return times
  }
}

const mostKnown = 2_000
const layer = z.object({ service: z.record(z.string(), z.json()).default({}) })

/** Undefined where an older program understood what this one does not. */
function promisedIn(versions: readonly (ParameterVersion | undefined)[]): ServiceLevels | undefined {
  const layers = versions.map((version) => layer.safeParse(version?.overrides ?? {}).data?.service ?? {})
  return serviceLevels.safeParse(layers.reduce(laid)).data
}
