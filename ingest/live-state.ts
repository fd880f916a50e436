import { z } from 'zod'
import { kinds, type Address, type Reading } from '../firmware-contracts/message.ts'
import type { LiveDevice, LiveFeed } from '../estate/live.ts'
import type { Cancel, Clock } from '../platform/clock.ts'
import { credibleTime } from './credible-time.ts'
import type { DecodedMessage } from './decoded-log.ts'
import { clockWatch, shownClock, watchClock } from './device-clock.ts'

/** The latest of everything, by device: what a screen shows before it adds the age.
 *
 *  A value only gives way to a newer one, so duplicates and late arrivals change nothing; back-fill (`hist`)
 *  never touches it; a signal the device calls broken disappears rather than keep its last good value. */
const coalesceMs = 250

const liveValue = z.object({ value: z.union([z.number(), z.string()]), t: z.number() })
const entry = z.object({
  device: z.string(),
  kind: z.enum(kinds),
  site: z.string(),
  connection: z.enum(['ready', 'sleeping', 'lost', 'bye', 'unknown']),
  lastSeenMs: z.number(),
  clock: clockWatch.optional(),
  firmware: z.string().optional(),
  contract: z.string().optional(),
  periodS: z.record(z.string(), z.number()).readonly().optional(),
  boot: z.number(),
  values: z.record(z.string(), liveValue),
  ports: z.record(z.string(), z.record(z.string(), liveValue)),
})
type Entry = z.infer<typeof entry>

export const liveMemory = entry
export type LiveMemory = z.infer<typeof liveMemory>

export class LiveState implements LiveFeed {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #changed = new Set<string>()
  readonly #listeners = new Set<(changed: readonly LiveDevice[]) => void>()
  #flush: Cancel | undefined

  constructor(options: { clock: Clock }) {
    this.#clock = options.clock
  }

  stop(): void {
    this.#flush?.()
    this.#listeners.clear()
  }

  restore(saved: LiveMemory): void {
    this.#entries.set(saved.device, saved)
  }

  /** Plain JSON of one device, shared with the live state: write it down before anything more is observed. */
  memoryOf(device: string): LiveMemory | undefined {
    return this.#entries.get(device)
  }

  devices(): readonly LiveDevice[] {
    return [...this.#entries.values()].map(shown)
  }

  device(id: string): LiveDevice | undefined {
    const known = this.#entries.get(id)
    return known && shown(known)
  }

  subscribe(listener: (changed: readonly LiveDevice[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  observe({ intake, decoded }: DecodedMessage): void {
    if (!decoded.ok) return
    const { message } = decoded
    const live = this.#entry(message.address)
    // A will is what others say of a device.
    if (!intake.will) live.lastSeenMs = Math.max(live.lastSeenMs, intake.receivedMs)
    switch (message.type) {
      case 'connection':
        // A will of an earlier life, delivered late, must not bury the present one.
        if (message.boot < live.boot) break
        live.boot = message.boot
        live.connection = message.state
        break
      case 'birth':
        live.boot = Math.max(live.boot, message.birth.boot)
        live.firmware = message.birth.firmware
        live.contract = message.birth.contract
        live.periodS = message.birth.periodS
        break
      case 'readings':
        live.boot = Math.max(live.boot, message.boot)
        if (live.connection !== 'sleeping') live.connection = 'ready'
        for (const reading of message.readings) absorb(live, reading, intake.receivedMs)
        break
      case 'ack':
        break
    }
    this.#touch(live.device)
  }

  #entry({ device, kind, site }: Address): Entry {
    const known = this.#entries.get(device)
    if (known) return known
    const fresh: Entry = {
      device,
      kind,
      site,
      connection: 'unknown',
      lastSeenMs: 0,
      boot: 0,
      values: {},
      ports: {},
    }
    this.#entries.set(device, fresh)
    return fresh
  }

  #touch(device: string): void {
    this.#changed.add(device)
    this.#flush ??= this.#clock.after(coalesceMs, () => this.#tell())
  }

  #tell(): void {
    this.#flush = undefined
    const changed = [...this.#changed].flatMap((device) => this.device(device) ?? [])
    this.#changed.clear()
    for (const listener of this.#listeners) listener(changed)
  }
}

function absorb(live: Entry, reading: Reading, receivedMs: number): void {
  if (reading.class === 'hist') return
  if (reading.class !== 'batch') live.clock = watchClock(live.clock, reading, receivedMs)
  const { t } = credibleTime(reading, receivedMs)
  const values = reading.port === undefined ? live.values : (live.ports[reading.port] ??= {})
  for (const signal in reading.values) {
    const value = reading.values[signal]
    const known = values[signal]
    if (value === undefined || (known && t < known.t)) continue
    if (known) [known.value, known.t] = [value, t]
    else values[signal] = { value, t }
  }
  for (const signal in reading.quality) {
    const known = values[signal]
    if (reading.quality[signal] === 'F' && known && t >= known.t) delete values[signal]
  }
}

/** A copy that does not change under whoever holds it. */
function shown({
  device,
  kind,
  site,
  connection,
  lastSeenMs,
  clock,
  firmware,
  contract,
  periodS,
  ...own
}: Entry): LiveDevice {
  return {
    device,
    kind,
    site,
    connection,
    lastSeenMs,
    ...(clock !== undefined && { clock: shownClock(clock) }),
    ...(firmware !== undefined && { firmware }),
    ...(contract !== undefined && { contract }),
    ...(periodS !== undefined && { periodS }),
    values: copied(own.values),
    ports: Object.fromEntries(Object.entries(own.ports).map(([port, values]) => [port, copied(values)])),
  }
}

function copied(values: Entry['values']): Entry['values'] {
  return Object.fromEntries(Object.entries(values).map(([signal, { value, t }]) => [signal, { value, t }]))
}
