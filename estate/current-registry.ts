import type { Cancel, Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Records } from './records.ts'
import type { Registry } from './registry.ts'
import { loadRegistry, registryVersion } from './registry-store.ts'

/** The registry as it now is, for a process that runs while somebody imports a new one elsewhere. */
const lookMs = 1_000

export class CurrentRegistry {
  readonly #options: { records: Records; clock: Clock; logger: Log }
  readonly #listeners = new Set<(registry: Registry) => void>()
  #registry: Registry | undefined
  #version = 0
  #looking = false
  #cancel: Cancel = () => {}

  constructor(options: { records: Records; clock: Clock; logger: Log }) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.refresh()
    this.#cancel = this.#options.clock.every(lookMs, () => void this.#look())
  }

  stop(): void {
    this.#cancel()
  }

  get(): Registry {
    if (!this.#registry) throw new Error('the registry was not loaded')
    return this.#registry
  }

  /** Called with every later version. */
  onChange(listener: (registry: Registry) => void): void {
    this.#listeners.add(listener)
  }

  /** Takes up the newest version now. */
  async refresh(): Promise<void> {
    const version = await registryVersion(this.#options.records)
    if (this.#registry && version === this.#version) return
    const first = !this.#registry
    this.#registry = await loadRegistry(this.#options.records)
    this.#version = version
    if (first) return
    for (const listener of this.#listeners) listener(this.#registry)
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      await this.refresh()
    } catch (cause) {
      this.#options.logger.error({ err: cause }, 'the registry cannot be read; the one before stays in force')
    } finally {
      this.#looking = false
    }
  }
}
