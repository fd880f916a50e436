import { expect, test } from 'vitest'
import { randomFor } from '../device-sim/random.ts'
import { buildRegistry } from '../estate/registry-index.ts'
import { CaseBook, caseBookState } from '../ingest/faults/case-book.ts'
import type { Raised } from '../ingest/faults/correlate.ts'
import { defaultParameters } from '../ingest/faults/parameters.ts'
import { rules } from '../ingest/faults/rules/table.ts'
import { minute, morning, twentyHouses } from '../ingest/faults/twenty-houses.fixture.ts'

/** Days that no physics would bring: alarms of all rules come up and end at random, devices fall silent, orders are
 *  closed. Whatever happens, nobody's alarm is forgotten: one that stands has an incident, or waits for one. */

const registry = buildRegistry(twentyHouses)
const happenings = 250

class RandomDay {
  readonly #random: () => number
  readonly #silent = new Set<string>()
  readonly #devices
  readonly #book: CaseBook
  #nowMs = morning

  constructor(seed: number) {
    this.#random = randomFor(seed, 'case book', 'days')
    this.#devices = registry.devices.filter(() => this.#random() < 0.3)
    this.#book = new CaseBook({
      registry,
      clockTime: String,
      limits: () => defaultParameters.correlation,
      voice: (device) => (this.#silent.has(device) ? 'silent' : 'speaks'),
      breaches: () => true,
    })
  }

  /** The book afterwards, as it would be written down. */
  happens() {
    const what = this.#random()
    if (what < 0.5) this.#comesUp()
    else if (what < 0.78) this.#ends()
    else if (what < 0.8) this.#isClosed()
    else if (what < 0.84) this.#silent.add(this.#anyOf(this.#devices).id)
    else this.#passes()
    this.#book.takeChanges()
    return caseBookState.parse(JSON.parse(JSON.stringify(this.#book.snapshot())))
  }

  #anyOf<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)]
    if (item === undefined) throw new Error('nothing to choose from')
    return item
  }

  #comesUp(): void {
    const { id, kind, node, site } = this.#anyOf(this.#devices)
    const rule = this.#anyOf(rules.filter(({ kinds }) => kinds.includes(kind)))
    const { name, signal, ownCause } = this.#anyOf(rule.conditions)
    const key = `${rule.id}.${name}|${node}|${id}`
    if (this.#book.standing().some((alarm) => alarm.key === key)) return
    const alarm: Raised = {
      ...{ key, rule: rule.id, node, device: id, site, severity: rule.severity(kind), signal },
      atMs: this.#nowMs - (this.#random() < 0.2 ? Math.floor(this.#random() * 40 * minute) : 0),
      ...{ value: 1, limit: 2, fallKpa: null, pullKpa: null, opensAtOnce: rule.opensAtOnce(kind) },
      ...(ownCause && { ownCause }),
      ...(this.#random() < 0.3 && { aloneMs: 10 * minute }),
    }
    this.#book.raise(alarm, this.#nowMs)
  }

  #ends(): void {
    const standing = this.#book.standing()
    if (standing.length > 0) this.#book.clear(this.#anyOf(standing), this.#nowMs)
  }

  #isClosed(): void {
    const { incidents } = this.#book.snapshot()
    if (incidents.length > 0) this.#book.closed(this.#anyOf(incidents).key, this.#nowMs)
  }

  /** Two minutes, or a day. */
  #passes(): void {
    const isLong = this.#random() < 0.25
    const endMs = this.#nowMs + this.#random() * (isLong ? 30 * 60 : 2) * minute
    while (this.#nowMs < endMs) this.#book.step((this.#nowMs += isLong ? 5 * minute : 5_000))
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('on random day %i every alarm that stands is somebody’s', (seed) => {
  const day = new RandomDay(seed)
  for (let nth = 0; nth < happenings; nth++) {
    const { standing, waiting, incidents, homes } = day.happens()
    const known = new Set(incidents.map(({ key }) => key))
    const home = new Map(homes)
    const waits = new Set(waiting.map(([key]) => key))
    expect(homes.filter(([, key]) => !known.has(key))).toEqual([])
    expect(standing.filter(({ key }) => !waits.has(key) && !home.has(key))).toEqual([])
  }
})
