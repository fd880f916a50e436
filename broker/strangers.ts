import { Counter, Gauge } from 'prom-client'
import { strangersPublisher, type IntakeReader } from '../platform/intake-message.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'

/** Behind an external broker anybody whom that broker lets in may publish under any name, and every name costs: a row
 *  in both books, a memory in ingest, a series in history. Who is in the registry always has a name of its own. Of
 *  the others the first so many have one too (a device that was put up before anybody registered it is then there to
 *  be seen); what comes under further names is acknowledged and kept as well, but under one common name, and ingest
 *  puts it into quarantine. */
export const strangersLimit = 1_000

const namesAtATime = 10_000

export interface StrangersParts {
  isRegistered: (device: string) => boolean
  logger: Log
  metrics: Metrics
  limit?: number
}

export class Strangers {
  readonly #isRegistered: (device: string) => boolean
  readonly #limit: number
  readonly #logger: Log
  readonly #beyond: Counter
  readonly #named = new Set<string>()
  #said = false

  constructor({ isRegistered, logger, metrics, limit = strangersLimit }: StrangersParts) {
    this.#isRegistered = isRegistered
    this.#limit = limit
    this.#logger = logger
    const registers = [metrics]
    this.#beyond = new Counter({
      name: 'estate_strangers_beyond_total',
      help: 'messages under a name that is not in the registry and found no room: quarantined under a common one',
      registers,
    })
    const named: Gauge = new Gauge({
      name: 'estate_strangers',
      help: `names that are not in the registry and were heard all the same, of ${limit}`,
      registers,
      collect: () => named.set(this.#named.size),
    })
  }

  /** Takes up those that were heard in an earlier life. */
  recall(reader: Pick<IntakeReader, 'devicesAfter'>): void {
    let after = ''
    do {
      const names = reader.devicesAfter({ after, part: '', limit: namesAtATime })
      for (const name of names) if (name !== strangersPublisher) this.#takeIn(name)
      after = names.at(-1) ?? ''
    } while (after !== '')
  }

  /** The registry has changed: who is in it now leaves room. */
  review(): void {
    for (const name of this.#named) if (this.#isRegistered(name)) this.#named.delete(name)
    this.#said = false
  }

  /** In whose name a message of this device is kept. */
  publisherFor(device: string): string {
    if (this.#takeIn(device)) return device
    this.#beyond.inc()
    if (!this.#said)
      this.#logger.warn(
        { device, limit: this.#limit },
        'more names than may be heard are not in the registry: what they say is quarantined under a common one',
      )
    this.#said = true
    return strangersPublisher
  }

  #takeIn(device: string): boolean {
    if (this.#isRegistered(device) || this.#named.has(device)) return true
    if (this.#named.size >= this.#limit) return false
    this.#named.add(device)
    return true
  }
}
