import { ParameterBook, type ParameterVersion } from '../estate/parameter-book.ts'
import type { Records } from '../estate/records.ts'
import type { Clock } from '../platform/clock.ts'
import {
  composed,
  differences,
  patched,
  type Difference,
  type Mistake,
  type Overrides,
} from './faults/parameter-layers.ts'
import { siteParameters, wholeDistrict, type Parameters, type SiteParameters } from './faults/parameters.ts'

/** The parameters in force, and the desk where engineers change them: a change is a new version with its reason,
 *  checked as a whole, and reaches the running engine with its next sample. Going back is a new version, too. */
export interface ParameterDeskParts {
  records: Records
  isSite: (site: string) => boolean
  clock: Clock
}

/** Who changes something, and why. */
export interface ParameterDeed {
  who: string
  why: string
  /** The version he has read; a newer one refuses the change. */
  basedOn?: number
}

export type ParameterWish =
  /** A merge patch: `null` takes a parameter back to the layer below. */
  | { type: 'patch'; set: Overrides }
  | { type: 'replace'; set: Overrides }
  | { type: 'revert'; version: number }

interface Refused {
  ok: false
  mistakes: readonly Mistake[]
}

export type ParameterAnswer =
  | { ok: true; version: ParameterVersion }
  | Refused
  /** Somebody was faster, or nothing would change. */
  | { ok: false; conflict: string }

export interface ParameterSheet {
  site: string
  /** 0 while nothing was ever changed here. */
  version: number
  overrides: Overrides
  values: SiteParameters
  changed?: Pick<ParameterVersion, 'who' | 'why' | 'atMs'>
}

/** Site -> its newest version. */
type Layers = ReadonlyMap<string, ParameterVersion>

export class ParameterDesk {
  readonly schema = siteParameters
  readonly #parts: ParameterDeskParts
  readonly #book: ParameterBook
  readonly #listeners = new Set<(parameters: Parameters) => void>()
  #layers: Layers = new Map()
  /** Site -> all its versions, the oldest first. */
  #versions: ReadonlyMap<string, readonly ParameterVersion[]> = new Map()
  #inForce: Parameters = {}

  constructor(parts: ParameterDeskParts) {
    this.#parts = parts
    this.#book = new ParameterBook(parts.records)
  }

  async start(): Promise<void> {
    await this.#take()
  }

  get(): Parameters {
    return this.#inForce
  }

  /** Called with every later state of all parameters. */
  onChange(listener: (parameters: Parameters) => void): void {
    this.#listeners.add(listener)
  }

  isKnown(site: string): boolean {
    return site === wholeDistrict || this.#parts.isSite(site)
  }

  show(site: string): ParameterSheet {
    const known = this.#layers.get(site)
    const { version = 0, overrides = {} } = known ?? {}
    const values = valuesOf(layersUnder(site, this.#layers), overrides)
    return {
      site,
      version,
      overrides,
      values,
      ...(known && { changed: { who: known.who, why: known.why, atMs: known.atMs } }),
    }
  }

  /** What was in force at a site at that time, the lowest layer first; undefined where nothing had been changed. */
  versionsAt(site: string, atMs: number): readonly (ParameterVersion | undefined)[] {
    return [wholeDistrict, site].map((of) =>
      this.#versions.get(of)?.findLast((version) => version.atMs <= atMs),
    )
  }

  /** What would be in force at a site after a merge patch, beside what is; nothing is changed. */
  preview(
    site: string,
    patch: Overrides,
  ): { ok: true; present: SiteParameters; changed: SiteParameters; changes: Difference[] } | Refused {
    const own = this.#layers.get(site)?.overrides ?? {}
    const next = patched(own, patch)
    const changed = composed(...layersUnder(site, this.#layers), next)
    if (!changed.ok) return changed
    return {
      ok: true,
      present: this.show(site).values,
      changed: changed.values,
      changes: differences(own, next),
    }
  }

  versions(site: string, page: { limit: number; before?: number }): Promise<ParameterVersion[]> {
    return this.#book.versions(site, page)
  }

  /** All of it or nothing; when it answers `ok`, the engine has it. */
  async change(site: string, wish: ParameterWish, deed: ParameterDeed): Promise<ParameterAnswer> {
    const answer = await this.#book.transaction(async (trx): Promise<ParameterAnswer> => {
      const layers = await this.#book.newest(trx)
      const was = layers.get(site)
      const number = was?.version ?? 0
      if (deed.basedOn !== undefined && deed.basedOn !== number)
        return { ok: false, conflict: `version ${number} is in force, not ${deed.basedOn}: read it first` }
      const earlier = wish.type === 'revert' ? await this.#book.version(trx, site, wish.version) : undefined
      if (wish.type === 'revert' && wish.version !== 0 && !earlier)
        return { ok: false, mistakes: [{ field: 'version', detail: `expected one of 0 to ${number}` }] }
      const next = wished(wish, was?.overrides ?? {}, earlier)
      const mistakes = mistakesOf(site, next, layers)
      if (mistakes.length > 0) return { ok: false, mistakes }
      const changes = differences(was?.overrides ?? {}, next)
      if (changes.length === 0)
        return { ok: false, conflict: 'that is in force already: nothing would change' }
      const version: ParameterVersion = {
        site,
        version: number + 1,
        overrides: next,
        changes,
        who: deed.who,
        why: deed.why,
        atMs: this.#parts.clock.now(),
        ...(wish.type === 'revert' && { reverts: wish.version }),
      }
      await this.#book.append(trx, version)
      return { ok: true, version }
    })
    if (answer.ok) await this.#take()
    return answer
  }

  async #take(): Promise<void> {
    const was = this.#layers
    const all = await this.#book.all()
    this.#versions = Map.groupBy(all, ({ site }) => site)
    this.#layers = new Map(all.map((version) => [version.site, version]))
    this.#inForce = this.#composed(was)
    for (const listener of this.#listeners) listener(this.#inForce)
  }

  /** What has not changed stays the same object: the engine need not look at those sites. */
  #composed(was: Layers): Parameters {
    const versionOf = (layers: Layers, site: string) => layers.get(site)?.version
    const hasChanged = (site: string) => versionOf(was, site) !== versionOf(this.#layers, site)
    return Object.fromEntries(
      [...this.#layers].map(([site, { overrides }]) => {
        const known = this.#inForce[site]
        const stays = known && !hasChanged(site) && !hasChanged(wholeDistrict)
        return [site, stays ? known : valuesOf(layersUnder(site, this.#layers), overrides)]
      }),
    )
  }
}

function wished(wish: ParameterWish, was: Overrides, earlier: ParameterVersion | undefined): Overrides {
  switch (wish.type) {
    case 'patch':
      return patched(was, wish.set)
    case 'replace':
      return patched({}, wish.set)
    case 'revert':
      return earlier?.overrides ?? {}
  }
}

/** A change of the district has to fit every site that has parameters of its own. */
function mistakesOf(site: string, next: Overrides, layers: Layers): readonly Mistake[] {
  const own = composed(...layersUnder(site, layers), next)
  if (!own.ok || site !== wholeDistrict) return own.ok ? [] : own.mistakes
  return [...layers.values()].flatMap((other) => {
    const above = other.site === wholeDistrict ? undefined : composed(next, other.overrides)
    if (!above || above.ok) return []
    return above.mistakes.map(({ field, detail }) => ({ field, detail: `at ${other.site}: ${detail}` }))
  })
}

function layersUnder(site: string, layers: Layers): Overrides[] {
  return site === wholeDistrict ? [] : [layers.get(wholeDistrict)?.overrides ?? {}]
}

function valuesOf(under: readonly Overrides[], own: Overrides): SiteParameters {
  const whole = composed(...under, own)
  if (whole.ok) return whole.values
  throw new Error('the parameters in force do not fit', { cause: whole.mistakes })
}
