import { setImmediate } from 'node:timers/promises'
import { buildRegistry } from '../estate/registry-index.ts'
import type { Registry } from '../estate/registry.ts'
import type { Birth, Reading } from '../firmware-contracts/message.ts'
import { FaultEngine } from './faults/engine.ts'
import type { SiteParameters } from './faults/parameters.ts'
import { readingStream } from './history/reading-stream.ts'
import type { HistoryStore, StoredReading } from './history/store.ts'
import { compared, ReplayedOrders, type Comparison } from './what-if-orders.ts'

/** What would have been raised with other parameters? Two engines, one with the parameters in force and one with the
 *  changed ones, hear the same stretch of stored history and say what they would have raised.
 *
 *  It takes turns with the live work of its process, some milliseconds each: nobody waits for it. Before the stretch
 *  lies one in which the engines only listen, for baselines and medians need a past.
 *
 *  What history cannot tell is said, not guessed (`leftOut`). */

/** Readings between two breaths, told to both engines: about 2 ms. */
const readingsABreath = 100
/** Time is told at least so often: the engine skips what it could not have heard of in a longer gap. */
const tickMs = 30 * 60_000

export interface WhatIf {
  site: string
  fromMs: number
  toMs: number
  /** Before `fromMs`. */
  warmUpMs: number
  present: SiteParameters
  changed: SiteParameters
}

export interface WhatIfParts {
  history: Pick<HistoryStore, 'readings'>
  registry: Registry
  timeZone: string
  /** Message class -> reporting period that a device declared, s, where it is known. */
  periodsOf: (device: string) => Readonly<Record<string, number>> | undefined
}

export interface Replayed extends Comparison {
  /** Of the stretch and the one before it. */
  readings: number
  firstReadingMs: number | null
  lastReadingMs: number | null
}

export async function replayed(question: WhatIf, parts: WhatIfParts): Promise<Replayed> {
  const { site, fromMs, toMs, warmUpMs } = question
  const sides = {
    present: new Side(question.present, { site, parts }),
    changed: new Side(question.changed, { site, parts }),
  }
  const both = [sides.present, sides.changed]
  let readings = 0
  let firstReadingMs: number | null = null
  let lastReadingMs: number | null = null
  for await (const some of readingStream(parts.history, { site, fromMs: fromMs - warmUpMs, toMs })) {
    for (const stored of some) {
      for (const side of both) side.hear(stored)
      firstReadingMs ??= stored.t
      lastReadingMs = stored.t
      if (++readings % readingsABreath === 0) await setImmediate()
    }
  }
  for (const side of both) await side.end(lastReadingMs === null ? undefined : toMs)
  const comparison = compared(sides.present.orders.list(), sides.changed.orders.list(), question)
  return { ...comparison, readings, firstReadingMs, lastReadingMs }
}

/** One engine over one site, and what it raises. */
class Side {
  readonly orders = new ReplayedOrders()
  readonly #engine: FaultEngine
  readonly #parts: WhatIfParts
  readonly #registry: Registry
  /** Device -> its latest boot. */
  readonly #boots = new Map<string, number>()
  #nowMs: number | undefined

  constructor(limits: SiteParameters, { site, parts }: { site: string; parts: WhatIfParts }) {
    const { registry, timeZone } = parts
    this.#parts = parts
    this.#registry = onlySite(registry, site)
    // Nobody waits for what is missing between two numbers: it is not in history, or it is there in its place.
    const parameters = { [site]: { ...limits, arrival: { ...limits.arrival, gapWaitMs: 0 } } }
    this.#engine = new FaultEngine({ registry: this.#registry, parameters, timeZone })
  }

  hear(stored: StoredReading): void {
    const { device, boot, t } = stored
    this.#passTo(t)
    if (boot > (this.#boots.get(device) ?? -1)) this.#start(stored)
    this.#boots.set(device, Math.max(boot, this.#boots.get(device) ?? -1))
    for (const change of this.#engine.observe(readingOf(stored, this.#registry), t))
      this.orders.take(change, t)
  }

  /** Silence at the end counts, too. */
  async end(toMs: number | undefined): Promise<void> {
    if (toMs === undefined) return
    this.#passTo(toMs)
    this.#tick(toMs)
    await setImmediate()
  }

  #passTo(t: number): void {
    while (this.#nowMs !== undefined && t - this.#nowMs > tickMs) this.#tick(this.#nowMs + tickMs)
    this.#nowMs = Math.max(t, this.#nowMs ?? t)
  }

  #tick(nowMs: number): void {
    this.#nowMs = nowMs
    for (const change of this.#engine.tick(nowMs)) this.orders.take(change, nowMs)
  }

  /** A boot that was not seen before: the device has started, and declared what it declares today. */
  #start({ site, kind, device, boot, seq, t }: StoredReading): void {
    const birth: Birth = {
      ...{ contract: `${kind}/1.0`, boot, seq, t, clock: 'n', firmware: '', hardware: '', serial: '' },
      ...{ bootReason: '', contractHash: '', periodS: this.#parts.periodsOf(device) ?? {}, deliveryS: 0 },
    }
    const address = { site, kind, device, class: 'meta' } as const
    for (const change of this.#engine.birth({ type: 'birth', address, birth }, t)) this.orders.take(change, t)
  }
}

/** A flat's meter behind a gateway stores its samples and uploads them; everybody else speaks at once. */
function readingOf(stored: StoredReading, registry: Registry): Reading {
  const { kind, device } = stored
  const uploads = kind === 'water-meter' && registry.device(device)?.comms !== undefined
  const { fields, ...rest } = stored
  const { site, t, boot, seq, port } = rest
  return {
    ...{ site, kind, device, t, boot, seq, contract: `${kind}/1.0`, clock: 'n', values: fields, quality: {} },
    class: uploads ? 'batch' : 'tele',
    ...(port !== undefined && { port }),
  }
}

function onlySite(registry: Registry, site: string): Registry {
  const known = registry.site(site)
  return buildRegistry({
    district: registry.district,
    sites: known ? [known] : [],
    nodes: registry.nodesOf(site),
    devices: registry.devicesOf(site),
  })
}
