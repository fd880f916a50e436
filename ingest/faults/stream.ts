import { z } from 'zod'
import type { Quality, Reading } from '../../firmware-contracts/message.ts'
import type { Severity } from '../../estate/work-order.ts'
import { alarm, breachedSince, neverRaised, transition, type Observation, type Timing } from './alarm.ts'
import type { Raised } from './correlate.ts'
import { fallMemoryMs, fallWithin } from './fall-window.ts'
import type { LocalHour } from './local-hour.ts'
import type { Place } from './places.ts'
import type { Condition, Rule, Seen } from './rules/rule.ts'
import { rulesAt } from './rules/table.ts'
import { numberIn, type Values } from './sample.ts'
import { freshSenses, sense, senses, type Senses } from './senses.ts'

/** The samples of one device (or of one of its ports), in the order of its own clock, and the alarms that
 *  watch them. A sample not newer than the last one is ignored, so duplicates and stragglers change nothing.
 *  The calm path allocates nothing: it is walked 200,000 times a second. */
export interface Stream {
  place: Place
  /** The samples of what lies above: see `Seen`. */
  upstream?: Stream
  watches: readonly Watch[]
  senses: Senses
  /** Identity of the newest sample; `t` is its sampling time, epoch ms. */
  t: number
  boot: number
  seq: number
}

/** One condition of one rule at one place. */
export interface Watch {
  key: string
  rule: Rule
  condition: Condition
  place: Place
  severity: Severity
  timing: Timing
  memory: WatchMemory
}

export const watchMemory = z.object({
  alarm,
  /** Since the breach began: the level before it, the limit it crossed, the worst value. */
  before: z.number().nullable(),
  limit: z.number().nullable(),
  worst: z.number().nullable(),
  /** See `Raised` in correlate.ts. */
  pullKpa: z.number().nullable(),
})
export type WatchMemory = z.infer<typeof watchMemory>

export const streamMemory = z.object({
  device: z.string(),
  /** Port or nothing, and whether these are scheduled uploads, which have a timeline of their own. */
  lane: z.string(),
  t: z.number(),
  boot: z.number(),
  seq: z.number(),
  senses,
  watches: z.record(z.string(), watchMemory),
})
export type StreamMemory = z.infer<typeof streamMemory>

export function newStream(place: Place, lane: string, upstream?: Stream): Stream {
  const watches = rulesAt(place).flatMap((rule) =>
    rule.conditions
      .filter(({ signal }) => signal !== 'conn')
      .map((condition) => newWatch(place, rule, condition, lane.startsWith('batch') ? '|batch' : '')),
  )
  const fresh = { place, watches, senses: freshSenses(place), t: -1, boot: 0, seq: -1 }
  return upstream ? { ...fresh, upstream } : fresh
}

export function newWatch(place: Place, rule: Rule, condition: Condition, suffix = ''): Watch {
  const severity = condition.severity ?? rule.severity(place.kind)
  return {
    key: `${rule.id}.${condition.name}|${place.node}|${place.device}${suffix}`,
    rule,
    condition,
    place,
    severity,
    timing: {
      ...condition.timing(place.limits),
      latch: rule.latch,
      shelvable: severity !== 'P1',
    },
    memory: { alarm: neverRaised, before: null, limit: null, worst: null, pullKpa: null },
  }
}

/** What became of a watch: its alarm moved, or its worst value got worse. */
export interface Listener {
  moved: (watch: Watch, was: WatchMemory['alarm'], atMs: number) => void
  worsened: (watch: Watch) => void
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
  stream.t = t
  stream.boot = reading.boot
  stream.seq = reading.seq
  const values = trusted(reading)
  sense(stream.senses, stream.place, values, t, localHour)
  for (const watch of stream.watches) judge(watch, stream, reading.quality, values, listener)
}

function judge(
  watch: Watch,
  stream: Stream,
  quality: Reading['quality'],
  values: Values,
  listener: Listener,
): void {
  const { condition, memory } = watch
  const { t } = stream
  if (quality[condition.signal] === 'F') return move(watch, noData, t, listener)
  const verdict = condition.judge(stream, values)
  if (verdict === 'nothing') return
  if (verdict !== 'breach' && memory.alarm.state === 'normal') return
  if (verdict === 'breach' && memory.alarm.state === 'normal') begin(watch, stream)
  const worse = witness(watch, values)
  feelPull(memory, stream)
  move(watch, observations[verdict], t, listener)
  if (worse) listener.worsened(watch)
}

const noData: Observation = { type: 'no-data' }
const observations = {
  breach: { type: 'breach' },
  between: { type: 'between' },
  calm: { type: 'calm' },
} as const

export function move(watch: Watch, seen: Observation, atMs: number, listener: Listener): void {
  const was = watch.memory.alarm
  const next = transition(was, seen, atMs, watch.timing)
  if (next === was) return
  watch.memory.alarm = next
  listener.moved(watch, was, atMs)
}

/** Remembers the level before the breach, from which its depth is measured. */
function begin({ condition, memory }: Watch, seen: Seen): void {
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

/** Keeps the worst value: the lowest pressure, the highest of everything else. True when it got worse. */
function witness({ condition, memory }: Watch, values: Values): boolean {
  const value = numberIn(values, condition.signal)
  if (value === undefined) return false
  const worse = memory.worst === null || (condition.levelBefore ? value < memory.worst : value > memory.worst)
  if (worse) memory.worst = value
  return worse
}

/** The watch as an alarm that stands. */
export function raisedBy({ key, rule, condition, place, severity, memory }: Watch): Raised {
  const { before, worst, limit, pullKpa } = memory
  return {
    key,
    rule: rule.id,
    node: place.node,
    device: place.device,
    site: place.site,
    severity,
    atMs: breachedSince(memory.alarm),
    signal: condition.signal,
    value: worst,
    limit,
    fallKpa: before === null || worst === null ? null : Math.max(0, before - worst),
    pullKpa,
    opensAtOnce: rule.opensAtOnce(place.kind),
  }
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

/** A watch that never rose has nothing to remember: so it begins. */
export function remember({ place, senses, watches, t, boot, seq }: Stream, lane: string): StreamMemory {
  const moved = watches.filter(({ memory }) => memory.alarm !== neverRaised)
  const memories = Object.fromEntries(moved.map(({ key, memory }) => [key, memory]))
  return { device: place.device, lane, t, boot, seq, senses, watches: memories }
}

/** Takes up a saved stream; what the place no longer senses or watches is left behind. */
export function recall(stream: Stream, saved: StreamMemory): void {
  stream.t = saved.t
  stream.boot = saved.boot
  stream.seq = saved.seq
  const known = Object.keys(stream.senses).join()
  if (Object.keys(saved.senses).join() === known) stream.senses = saved.senses
  for (const watch of stream.watches) watch.memory = saved.watches[watch.key] ?? watch.memory
}
