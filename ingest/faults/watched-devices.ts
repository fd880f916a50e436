import type { Registry } from '../../estate/registry.ts'
import type { Reading } from '../../firmware-contracts/message.ts'
import { isBreached, isStillBreached } from './alarm-state.ts'
import { checkOf, deviceOf, newWatch, type Check, type Watch } from './alarm-watch.ts'
import { healthWatchOf, missedSinceMs, rejudgeHealth } from './device-watch.ts'
import { quietWatch, type DeviceMemory, type WatchedDevice } from './engine-state.ts'
import type { Parameters } from './parameters.ts'
import { limitsOf, placeOf, type Place } from './places.ts'
import { ruleOf } from './rules/table.ts'
import { neverHeard } from './silence.ts'
import { forget, newStream, recall, rejudge, type Stream } from './stream.ts'

const soonMs = 10 * 60_000

/** The devices of one registry as they are watched: of each its silence, its streams of samples, and the alarms that
 *  are not normal. A stream is made when its first sample comes. */
export class WatchedDevices {
  readonly #registry: Registry
  readonly #devices = new Map<string, WatchedDevice>()
  /** Those whose alarm is not normal, by key. */
  readonly #watches = new Map<string, Watch>()
  #parameters: Parameters
  /** Who may be missed before all are looked at again, and from when on somebody may; server time. */
  readonly #soonDue = new Set<WatchedDevice>()
  #missFromMs = 0
  #lookAtAllMs = 0

  constructor({ registry, parameters }: { registry: Registry; parameters: Parameters }) {
    this.#registry = registry
    this.#parameters = parameters
    for (const device of registry.devices) {
      const place = placeOf(device, undefined, { registry, parameters })
      if (!place) continue
      const silence = newWatch(silenceCheck(place), place)
      this.#devices.set(device.id, { device, hearing: neverHeard(), silence, unwell: [], streams: new Map() })
    }
  }

  get(device: string): WatchedDevice | undefined {
    return this.#devices.get(device)
  }

  all(): Iterable<WatchedDevice> {
    return this.#devices.values()
  }

  ids(): Iterable<string> {
    return this.#devices.keys()
  }

  /** A watch whose alarm is not normal. */
  raised(alarmKey: string): Watch | undefined {
    return this.#watches.get(alarmKey)
  }

  /** Is the condition of this alarm breached by what was seen last? */
  breaches(alarmKey: string): boolean {
    const watch = this.#watches.get(alarmKey)
    return watch !== undefined && isStillBreached(watch.memory.alarm)
  }

  /** Has the device ever spoken, and does it still? */
  voiceOf(device: string): 'speaks' | 'silent' | 'never-heard' {
    const known = this.#devices.get(device)
    if (!known || known.hearing.heardMs === null) return 'never-heard'
    return isBreached(known.silence.memory.alarm) ? 'silent' : 'speaks'
  }

  /** Who has been silent for too long at `atMs`, and since when he is missed; server time. */
  missed(atMs: number, resumedMs: number): { known: WatchedDevice; sinceMs: number }[] {
    if (atMs >= this.#lookAtAllMs) this.#lookAtAll(atMs, resumedMs)
    if (atMs <= this.#missFromMs) return []
    this.#missFromMs = Infinity
    const missed: { known: WatchedDevice; sinceMs: number }[] = []
    for (const known of this.#soonDue) {
      const sinceMs = missedSinceMs(known, resumedMs) ?? Infinity
      if (atMs > sinceMs) missed.push({ known, sinceMs })
      else this.#missFromMs = Math.min(this.#missFromMs, sinceMs)
    }
    return missed.sort((a, b) => (a.known.device.id < b.known.device.id ? -1 : 1))
  }

  /** Most are household meters, which may be silent for days: only who can be missed soon is looked at often. */
  #lookAtAll(atMs: number, resumedMs: number): void {
    this.#lookAtAllMs = atMs + soonMs
    this.#missFromMs = 0
    this.#soonDue.clear()
    for (const known of this.#devices.values())
      if ((missedSinceMs(known, resumedMs) ?? Infinity) <= this.#lookAtAllMs) this.#soonDue.add(known)
  }

  /** Whoever begins to speak, or says that he will more often, may be the next to be missed. */
  expect(known: WatchedDevice, resumedMs: number): void {
    this.#soonDue.add(known)
    this.#missFromMs = Math.min(this.#missFromMs, missedSinceMs(known, resumedMs) ?? Infinity)
  }

  /** Anybody may be missed sooner than was thought. */
  expectAnew(): void {
    this.#lookAtAllMs = 0
  }

  /** Every watch whose alarm is not normal, as it now is. */
  allRaised(): Watch[] {
    return [...this.#watches.values()]
  }

  /** A watch of whatever state. Undefined where no such alarm can be. */
  find(alarmKey: string): Watch | undefined {
    return this.#watches.get(alarmKey) ?? quietWatch(this.#devices.get(deviceOf(alarmKey)), alarmKey)
  }

  /** Only what is not normal is kept. */
  keep(watch: Watch): void {
    if (watch.memory.alarm.state !== 'normal') return void this.#watches.set(watch.key, watch)
    this.#watches.delete(watch.key)
    const known = this.#devices.get(watch.place.device)
    if (!known) return
    known.unwell = known.unwell.filter((each) => each !== watch)
    for (const stream of known.streams.values()) forget(stream, watch)
  }

  /** Takes up what was remembered of a device. Undefined where the registry does not know it. */
  recall(id: string, memory: DeviceMemory): WatchedDevice | undefined {
    const known = this.#devices.get(id)
    if (!known) return undefined
    known.hearing = memory.hearing
    known.silence.memory = memory.silence
    this.keep(known.silence)
    if (memory.health) known.health = memory.health
    for (const [key, said] of Object.entries(memory.unwell)) {
      const watch = healthWatchOf(known, key)
      if (!watch) continue
      watch.memory = said
      this.keep(watch)
    }
    for (const said of memory.streams) {
      const stream = known.streams.get(said.lane) ?? this.#laneOf(known, said.lane)
      if (stream) recall(stream, said)
      for (const watch of stream?.watches ?? []) if (watch) this.keep(watch)
    }
    return known
  }

  /** Undefined for a port that the registry does not know. */
  streamOf(known: WatchedDevice, { port, class: kind }: Reading): Stream | undefined {
    const lane = kind === 'batch' ? `batch${port ?? ''}` : (port ?? '')
    return known.streams.get(lane) ?? this.#laneOf(known, lane)
  }

  /** Judges by other limits from now on; delays and all that is remembered go on. */
  replaceParameters(parameters: Parameters): void {
    const was = this.#parameters
    this.#parameters = parameters
    for (const known of this.#devices.values()) {
      const { site } = known.device
      if (limitsOf(site, was) === limitsOf(site, parameters)) continue
      const place = this.#placeOf(known, '')
      if (place) Object.assign(known.silence, { check: silenceCheck(place), place })
      if (place) rejudgeHealth(known)
      for (const stream of known.streams.values()) {
        const there = this.#placeOf(known, portOf(stream.lane))
        if (there) rejudge(stream, there)
      }
    }
  }

  /** The samples of a device itself (lane ''), of a port ('p03'), or of its uploads ('batch'). */
  #laneOf(known: WatchedDevice, lane: string): Stream | undefined {
    const port = portOf(lane)
    const place = this.#placeOf(known, port)
    if (!place) return undefined
    const stream = newStream(place, lane, this.#above(known, port))
    known.streams.set(lane, stream)
    return stream
  }

  #placeOf({ device }: WatchedDevice, port: string) {
    const around = { registry: this.#registry, parameters: this.#parameters }
    return placeOf(device, port === '' ? undefined : port, around)
  }

  /** The samples of what lies above: of a port its controller; else of the nearest device up the pipes. */
  #above(known: WatchedDevice, port: string): Stream | undefined {
    if (port !== '') return this.#ownSamples(known)
    for (const node of this.#registry.ancestors('hydraulic', known.device.node)) {
      const [above] = this.#registry.devicesAt(node)
      const measured = above && this.#devices.get(above.id)
      if (measured) return this.#ownSamples(measured)
    }
    return undefined
  }

  #ownSamples(known: WatchedDevice): Stream | undefined {
    return known.streams.get('') ?? this.#laneOf(known, '')
  }
}

function portOf(lane: string): string {
  return lane.startsWith('batch') ? lane.slice('batch'.length) : lane
}

function silenceCheck(place: Place): Check {
  const offline = ruleOf('D01')
  const [condition] = offline.conditions
  if (!condition) throw new Error('D01 has no condition')
  return checkOf(offline, condition, place)
}
