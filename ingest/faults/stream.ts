import { z } from 'zod'
import type { Quality, Reading } from '../../firmware-contracts/message.ts'
import type { Observation } from './alarm.ts'
import { isBreached } from './alarm-state.ts'
import {
  checksAt,
  keyOf,
  move,
  newWatch,
  watchMemory,
  type Check,
  type Listener,
  type Watch,
  type WatchMemory,
} from './alarm-watch.ts'
import { fallMemoryMs, fallWithin } from './fall-window.ts'
import type { LocalHour } from './local-hour.ts'
import type { Place } from './places.ts'
import type { Seen } from './rules/rule.ts'
import { numberIn, type Values } from './sample.ts'
import { feelSensors } from './sensor-health.ts'
import { freshSenses, sense, senses, type Senses } from './senses.ts'

/** The samples of one device (or of one of its ports), in the order of its own clock, and the alarms that
 *  watch them. A sample not newer than the last one is ignored, so duplicates and stragglers change nothing.
 *  The calm path allocates nothing: it is walked 200,000 times a second. */
export interface Stream {
  place: Place
  /** Port or nothing, and whether these are scheduled uploads, which have a timeline of their own. */
  lane: string
  /** The samples of what lies above: see `Seen`. */
  upstream?: Stream
  checks: readonly Check[]
  /** From here on they are of sensors: looked at while one of them is odd. */
  sensorChecks: number
  /** One for each check, as soon as there is something to remember; undefined while it is normal. */
  watches: (Watch | undefined)[]
  senses: Senses
  /** Identity of the newest sample; `t` is its sampling time, epoch ms. */
  t: number
  boot: number
  seq: number
}

export const streamMemory = z.object({
  device: z.string(),
  lane: z.string(),
  t: z.number(),
  boot: z.number(),
  seq: z.number(),
  senses,
  watches: z.record(z.string(), watchMemory),
})
export type StreamMemory = z.infer<typeof streamMemory>

export function newStream(place: Place, lane: string, upstream?: Stream): Stream {
  const checks = checksAt(place)
  const sensorChecks = firstOfSensor(checks)
  const fresh = { place, lane, checks, sensorChecks, watches: [], senses: freshSenses(place) }
  return { ...fresh, t: -1, boot: 0, seq: -1, ...(upstream && { upstream }) }
}

function firstOfSensor(checks: readonly Check[]): number {
  const first = checks.findIndex(({ condition }) => condition.ofSensor)
  return first < 0 ? checks.length : first
}

/** Evaluates one sample; `t` is its credible sampling time. */
export function evaluate(
  stream: Stream,
  reading: Reading,
  t: number,
  localHour: LocalHour,
  listener: Listener,
): void {
  if (!isNewer(stream, reading, t)) return
  const { excluded, doubted, odd } = believe(stream, reading, t)
  const values = without(trusted(reading), excluded, doubted)
  sense(stream, values, { atMs: t, boot: reading.boot }, localHour)
  stream.t = t
  stream.boot = reading.boot
  stream.seq = reading.seq
  const looked = odd ? stream.checks.length : stream.sensorChecks
  for (let at = 0; at < looked; at++) {
    const condition = stream.checks[at]?.condition
    if (!condition) continue
    const { signal, ofSensor } = condition
    if (ofSensor) judge(stream, at, reading.values, listener)
    else if (reading.quality[signal] === 'F' || excluded.includes(signal)) noNews(stream, at, listener)
    else if (!doubted.includes(signal)) judge(stream, at, values, listener)
  }
}

const nobody: readonly string[] = []

/** Sensors of which an alarm stands that they are stuck or impossible (D03, D04), and those that are only not to be
 *  believed in this sample; and whether there is anything to say of any of them. */
function believe(
  { senses: own, place, upstream, watches, sensorChecks }: Stream,
  { values, quality }: Reading,
  atMs: number,
): { excluded: readonly string[]; doubted: readonly string[]; odd: boolean } {
  const isNear = upstream !== undefined && Math.abs(atMs - upstream.t) <= sameMomentMs
  const above = isNear ? upstream.senses.sensors : undefined
  const { doubted, odd } = feelSensors(own, place, { values, quality, atMs, above })
  let excluded: string[] | undefined
  let watched = false
  for (let at = sensorChecks; at < watches.length; at++) {
    const watch = watches[at]
    if (!watch) continue
    watched = true
    if (isBreached(watch.memory.alarm)) (excluded ??= []).push(watch.check.condition.signal)
  }
  return { excluded: excluded ?? nobody, doubted, odd: odd || watched }
}

function without(values: Values, excluded: readonly string[], doubted: readonly string[]): Values {
  if (excluded.length === 0 && doubted.length === 0) return values
  const kept = Object.entries(values).filter(([name]) => !excluded.includes(name) && !doubted.includes(name))
  return Object.fromEntries(kept)
}

function noNews(stream: Stream, at: number, listener: Listener): void {
  const known = stream.watches[at]
  if (known) move(known, noData, stream.t, listener)
}

function judge(stream: Stream, at: number, values: Values, listener: Listener): void {
  const condition = stream.checks[at]?.condition
  const known = stream.watches[at]
  if (!condition) return
  const verdict = condition.judge(stream, values)
  if (verdict === 'nothing' || (!known && verdict !== 'breach' && verdict !== 'trip')) return
  const watch = known ?? watchAt(stream, at)
  if (!watch) return
  if (watch.memory.alarm.state === 'normal') begin(watch, stream)
  const worse = witness(watch, stream, values)
  feelPull(watch.memory, stream)
  move(watch, observations[verdict], stream.t, listener)
  if (worse) listener.worsened(watch)
}

/** The watch of a check, from now on remembered. */
export function watchAt(stream: Stream, at: number): Watch | undefined {
  const check = stream.checks[at]
  if (!check) return undefined
  return (stream.watches[at] ??= newWatch(check, stream.place, stream.lane))
}

/** The same place with other limits: what it remembers stays, what it is checked for is checked by them. */
export function rejudge(stream: Stream, place: Place): void {
  const watches = stream.watches.filter((watch) => watch !== undefined)
  stream.place = place
  stream.checks = checksAt(place)
  stream.sensorChecks = firstOfSensor(stream.checks)
  stream.watches = []
  stream.checks.forEach((check, at) => {
    const watch = watches.find(({ key }) => key === keyOf(check, place, stream.lane))
    if (!watch) return
    watch.check = check
    watch.place = place
    stream.watches[at] = watch
  })
}

/** What is normal again need not be remembered. */
export function forget(stream: Stream, watch: Watch): void {
  const at = stream.watches.indexOf(watch)
  if (at >= 0) stream.watches[at] = undefined
}

const noData: Observation = { type: 'no-data' }
const observations = {
  trip: { type: 'trip' },
  breach: { type: 'breach' },
  between: { type: 'between' },
  calm: { type: 'calm' },
} as const

/** Remembers the level before the breach, from which its depth is measured. */
function begin({ check: { condition }, memory }: Watch, seen: Seen): void {
  memory.before = condition.levelBefore?.(seen) ?? null
  memory.limit = condition.limit(seen) ?? null
  memory.worst = null
  memory.pullKpa = null
}

/** A station that has not spoken for longer is no comparison. */
const sameMomentMs = 60_000

function feelPull(memory: WatchMemory, { senses, upstream, t }: Stream): void {
  const above = upstream?.senses.returnFall
  if (!senses.returnFall || !above || Math.abs(t - (upstream?.t ?? 0)) > sameMomentMs) return
  const pull = fallWithin(senses.returnFall, t, fallMemoryMs) - fallWithin(above, t, fallMemoryMs)
  if (memory.pullKpa === null || pull > memory.pullKpa) memory.pullKpa = pull
}

/** Keeps the worst value: the lowest pressure, the highest of most else. True when it got worse. */
function witness({ check: { condition }, memory }: Watch, seen: Seen, values: Values): boolean {
  const value = condition.value ? condition.value(seen) : numberIn(values, condition.signal)
  if (value === undefined) return false
  const lowest = condition.lowest ?? condition.levelBefore !== undefined
  const worse = memory.worst === null || (lowest ? value < memory.worst : value > memory.worst)
  if (worse) memory.worst = value
  return worse
}

function isNewer(stream: Stream, { boot, seq }: Reading, t: number): boolean {
  if (t !== stream.t) return t > stream.t
  return boot > stream.boot || (boot === stream.boot && seq > stream.seq)
}

/** A signal that its device calls broken is no witness, even when a number comes with it. */
function trusted({ values, quality }: Reading): Values {
  if (!hasFailure(quality)) return values
  return Object.fromEntries(Object.entries(values).filter(([signal]) => quality[signal] !== 'F'))
}

function hasFailure(quality: Readonly<Record<string, Quality>>): boolean {
  for (const signal in quality) if (quality[signal] === 'F') return true
  return false
}

export function remember({ place, lane, senses, watches, t, boot, seq }: Stream): StreamMemory {
  const memories: StreamMemory['watches'] = {}
  for (const watch of watches) if (watch) memories[watch.key] = watch.memory
  return { device: place.device, lane, t, boot, seq, senses, watches: memories }
}

/** Takes up a saved stream; what the place no longer senses or watches is left behind. */
export function recall(stream: Stream, saved: StreamMemory): void {
  stream.t = saved.t
  stream.boot = saved.boot
  stream.seq = saved.seq
  const saves = Object.keys(saved.senses)
  if (Object.keys(stream.senses).every((sense) => saves.includes(sense))) stream.senses = saved.senses
  stream.checks.forEach((check, at) => {
    const memory = saved.watches[keyOf(check, stream.place, stream.lane)]
    const watch = memory && watchAt(stream, at)
    if (watch) watch.memory = memory
  })
}
