import type { Registry } from '../../estate/registry.ts'
import type { Unwatched } from './alarm.ts'
import type { Watch } from './alarm-watch.ts'
import { refusedStretch, type PlaceInstruction } from './instructions.ts'
import type { LocalHour } from './local-hour.ts'
import type { SiteParameters } from './parameters.ts'
import { modeAt, seasonModes, type SeasonMode } from './season.ts'
import { reachOf, serviceWindowLimit, type Reach, type ServiceWindow } from './service-window.ts'

/** Which alarms are watched now? A rule may be watched in some modes of the station's year only, and a place may be
 *  out of service. Both are decided in server time, at the engine's steps. */
export interface Surroundings {
  registry: Registry
  limits: (site: string) => Pick<SiteParameters, 'season'>
  localHour: LocalHour
}

interface OpenWindow {
  window: ServiceWindow
  reach: Reach
  cover: Unwatched
}

/** Made once each: what is the same object has not changed. */
const byDesign = new Map<SeasonMode, Unwatched>(
  seasonModes.map((mode) => [mode, { state: 'suppressed-by-design', why: `not watched in ${mode}` }]),
)

/** The calendar turns at local midnight, which is on a quarter of an hour everywhere. */
const quarterMs = 15 * 60_000

export class WatchDuty {
  readonly #around: Surroundings
  readonly #modes = new Map<string, SeasonMode>()
  /** Modes as they were so long ago that their houses have followed. */
  readonly #settled = new Map<string, SeasonMode>()
  /** By their targets: who says it again replaces what he said. */
  readonly #windows = new Map<string, OpenWindow>()

  /** Before this no season turns. */
  #nextTurnMs = 0

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Why nobody watches this now; undefined while somebody does. */
  unwatched({ key, check, place }: Watch): Unwatched | undefined {
    for (const { reach, cover } of this.#windows.values()) if (reach(key, place)) return cover
    const { watchedIn, onceSettled } = check.rule
    if (!watchedIn) return undefined
    const modes = onceSettled ? [this.#modes, this.#settled] : [this.#modes]
    const other = modes.map((of) => of.get(place.site)).find((mode) => mode && !watchedIn.includes(mode))
    return other && byDesign.get(other)
  }

  /** True when something else is watched since: the season has turned somewhere, or a window has ended. */
  step(atMs: number): boolean {
    let changed = atMs >= this.#nextTurnMs && this.review(atMs)
    for (const [target, { window }] of this.#windows)
      if (window.untilMs <= atMs) changed = this.#windows.delete(target)
    return changed
  }

  /** The same of the seasons, whenever their next turn was thought to be. */
  review(atMs: number): boolean {
    let changed = false
    this.#nextTurnMs = (Math.floor(atMs / quarterMs) + 1) * quarterMs
    for (const { id } of this.#around.registry.sites) {
      const limits = this.#around.limits(id)
      const mode = modeAt(limits, atMs, this.#around.localHour)
      const settled = modeAt(limits, atMs - limits.season.settleMs, this.#around.localHour)
      if (this.#modes.get(id) !== mode || this.#settled.get(id) !== settled) changed = true
      this.#modes.set(id, mode)
      this.#settled.set(id, settled)
      for (const turnMs of turnsOf(limits.season))
        if (turnMs > atMs) this.#nextTurnMs = Math.min(this.#nextTurnMs, turnMs)
    }
    return changed
  }

  windows(): ServiceWindow[] {
    return [...this.#windows.values()].map(({ window }) => window)
  }

  /** Takes a place out of service, or puts it back; answers why not. */
  instruct(said: PlaceInstruction, nowMs: number): string | undefined {
    const { target, by } = said
    if (said.action === 'put-back')
      return this.#windows.delete(target) ? undefined : `${target} is not out of service`
    const { why, untilMs } = said
    const refused = refusedStretch(untilMs, nowMs)
    if (refused !== undefined) return refused
    if (this.#windows.size >= serviceWindowLimit)
      return `${serviceWindowLimit} places are out of service already`
    const known = this.open({ target, by, why, sinceMs: nowMs, untilMs })
    return known ? undefined : `there is no node, device, site or alarm ${target}`
  }

  /** False where nothing is called like its target. */
  open(window: ServiceWindow): boolean {
    const reach = reachOf(window.target, this.#around.registry)
    if (!reach) return false
    const { by, untilMs, why } = window
    this.#windows.set(window.target, { window, reach, cover: { state: 'out-of-service', by, untilMs, why } })
    return true
  }
}

/** When what was announced begins and ends, and when its houses have followed. */
function turnsOf({ announced, settleMs }: SiteParameters['season']): number[] {
  return announced.flatMap(({ fromMs, toMs = fromMs }) => [fromMs, toMs, fromMs + settleMs, toMs + settleMs])
}
