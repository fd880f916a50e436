import { z } from 'zod'
import type { Severity } from '../../estate/work-order.ts'
import { transition, type Observation, type Timing, type Unwatched } from './alarm.ts'
import { alarm, breachedSince, neverRaised } from './alarm-state.ts'
import type { Raised } from './correlate.ts'
import type { SiteParameters } from './parameters.ts'
import type { Place } from './places.ts'
import { everywhere, type Condition, type Rule } from './rules/rule.ts'
import { rulesAt } from './rules/table.ts'

/** One condition of one rule at one place, once it has something to remember. A district has a million pairs of
 *  condition and place, and nearly all of them are normal: what they have in common is kept once for all places
 *  alike (`Check`), and what is normal is not kept at all. */
export interface Watch {
  key: string
  check: Check
  place: Place
  memory: WatchMemory
}

/** A condition as it is checked at all places alike: of one kind, with the same parameters. */
export interface Check {
  rule: Rule
  condition: Condition
  severity: Severity
  timing: Timing
}

export const watchMemory = z.object({
  alarm,
  /** Since the breach began: the level before it, the limit it crossed, the worst value. */
  before: z.number().nullable(),
  limit: z.number().nullable(),
  worst: z.number().nullable(),
  /** See `Raised` in correlate.ts. */
  pullKpa: z.number().nullable(),
  kin: z.string().exactOptional(),
  began: z.tuple([z.number(), z.number()]).exactOptional(),
})
export type WatchMemory = z.infer<typeof watchMemory>

/** Parameters -> rules of a place and its kind -> their checks. */
const shared = new WeakMap<SiteParameters, Map<string, readonly Check[]>>()

/** What is checked of the samples of a place, sensors last. The same list for places alike. */
export function checksAt(place: Place): readonly Check[] {
  const rules = rulesAt(place)
  const alike = shared.get(place.limits) ?? new Map<string, readonly Check[]>()
  shared.set(place.limits, alike)
  const { kind, port, buildingMeter, partOfLoop } = place
  const ids = rules.map(({ id }) => id).join()
  const signature = `${kind} ${port !== undefined} ${buildingMeter} ${partOfLoop} ${ids}`
  const known = alike.get(signature)
  if (known) return known
  const checks = rules.flatMap((rule) =>
    rule.conditions
      .filter(({ ofDevice, at = everywhere }) => !ofDevice && at(place))
      .map((condition) => checkOf(rule, condition, place)),
  )
  const isOfSensor = ({ condition }: Check) => (condition.ofSensor ? 1 : 0)
  const inOrder = checks.sort((a, b) => isOfSensor(a) - isOfSensor(b))
  alike.set(signature, inOrder)
  return inOrder
}

export function checkOf(rule: Rule, condition: Condition, { kind, limits }: Place): Check {
  const severity = condition.severity ?? rule.severity(kind)
  const timing = { ...condition.timing(limits), latch: rule.latch, shelvable: severity !== 'P1' }
  return { rule, condition, severity, timing }
}

/** `H01.fall|hengkang-b14|hengkang-b14-heat`; scheduled uploads have a timeline, and alarms, of their own. */
export function keyOf({ rule, condition }: Check, { node, device }: Place, lane: string): string {
  return `${rule.id}.${condition.name}|${node}|${device}${lane.startsWith('batch') ? '|batch' : ''}`
}

/** The device in the key of an alarm; '' where there is none. */
export function deviceOf(alarmKey: string): string {
  return alarmKey.split('|')[2] ?? ''
}

export function newWatch(check: Check, place: Place, lane = ''): Watch {
  const memory: WatchMemory = { alarm: neverRaised, before: null, limit: null, worst: null, pullKpa: null }
  return { key: keyOf(check, place, lane), check, place, memory }
}

/** What became of a watch: its alarm moved, or its worst value got worse. */
export interface Listener {
  moved: (watch: Watch, was: WatchMemory['alarm'], atMs: number) => void
  worsened: (watch: Watch) => void
  /** Why nobody watches it now; undefined while somebody does. */
  unwatched: (watch: Watch) => Unwatched | undefined
}

export function move(watch: Watch, seen: Observation, atMs: number, listener: Listener): void {
  const was = watch.memory.alarm
  const next = transition(was, seen, atMs, { ...watch.check.timing, unwatched: listener.unwatched(watch) })
  if (next === was) return
  watch.memory.alarm = next
  listener.moved(watch, was, atMs)
}

/** The watch as an alarm that stands. */
export function raisedBy({ key, check, place, memory }: Watch): Raised {
  const { rule, condition, severity } = check
  const { before, worst, limit, pullKpa, kin, began } = memory
  const aloneMs = rule.aloneMs?.(place.limits, place.kind)
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
    opensAtOnce: rule.opensAtOnce(place.kind, place.port),
    ...(condition.ownCause && { ownCause: true }),
    ...(aloneMs !== undefined && { aloneMs }),
    ...(kin !== undefined && { kin }),
    ...(began !== undefined && { began }),
  }
}
