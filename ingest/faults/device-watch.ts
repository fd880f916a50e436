import type { Birth, Reading, Refusal } from '../../firmware-contracts/message.ts'
import { isBreached } from './alarm-state.ts'
import { checkOf, keyOf, move, newWatch, type Check, type Listener, type Watch } from './alarm-watch.ts'
import {
  findings,
  heardAnything,
  heardBirth,
  heardClock,
  heardNumbers,
  heardViolation,
  inHealth,
  isWell,
  reconnected,
  type Finding,
} from './device-health.ts'
import type { WatchedDevice } from './engine-state.ts'
import type { Place } from './places.ts'
import type { Condition } from './rules/rule.ts'
import { rulesAt } from './rules/table.ts'
import { expectedPeriodMs, silenceLimitMs } from './silence.ts'

/** What a device as such is watched for: that it speaks (silence.ts), and that what its messages tell of it is in
 *  order (device-health.ts). Both become alarms that run on the server's time; a device that says nothing is neither
 *  well nor ill, and its alarms freeze. */

/** Heard at `nowMs`. True when it was not known to speak before. */
export function hear(
  { hearing, silence }: WatchedDevice,
  { boot, nowMs }: { boot: number; nowMs: number },
  listener: Listener,
): boolean {
  const wasUnheard = hearing.heardMs === null
  hearing.heardMs = nowMs
  if (boot > hearing.boot) hearing.boot = boot
  if (silence.memory.alarm.state === 'normal') return wasUnheard
  hearing.back++
  const back = hearing.back >= silence.place.limits.D01.backAfterMessages
  move(silence, { type: back ? 'calm' : 'between' }, nowMs, listener)
  return true
}

/** Missed from `sinceMs` on, by its will or because it has said nothing for too long: its alarms freeze, because no data
 *  is not good news. */
export function miss(known: WatchedDevice, sinceMs: number, listener: Listener): void {
  const { hearing, silence, unwell, streams } = known
  const { heardMs } = hearing
  const saidNothing =
    heardMs !== null && sinceMs >= heardMs + silenceLimitMs(periodOf(known), silence.place.limits)
  hearing.back = 0
  silence.memory.began = saidNothing ? [heardMs, heardMs + periodOf(known)] : [sinceMs, sinceMs]
  move(silence, { type: 'breach' }, sinceMs, listener)
  for (const watch of [...unwell, ...[...streams.values()].flatMap(({ watches }) => watches)])
    if (watch) move(watch, { type: 'no-data' }, sinceMs, listener)
}

/** From when on it is missed, if it goes on saying nothing; undefined for one that is missed already, or was never
 *  heard. `resumedMs`: since when somebody listens. */
export function missedSinceMs(known: WatchedDevice, resumedMs: number): number | undefined {
  const { hearing, silence } = known
  const { heardMs } = hearing
  if (heardMs === null || isBreached(silence.memory.alarm)) return undefined
  return Math.max(heardMs, resumedMs) + silenceLimitMs(periodOf(known), silence.place.limits)
}

function periodOf({ device, hearing }: WatchedDevice): number {
  return hearing.periodMs ?? expectedPeriodMs(device.kind, device.comms !== undefined)
}

export function watchReading(
  known: WatchedDevice,
  reading: Reading,
  receivedMs: number,
  listener: Listener,
): void {
  const health = (known.health ??= inHealth())
  const { limits } = known.silence.place
  heardClock(health, reading, receivedMs)
  heardNumbers(health, reading, receivedMs, limits)
  heardAnything(health, receivedMs, limits)
  judge(known, receivedMs, listener)
}

export function watchBirth(known: WatchedDevice, birth: Birth, receivedMs: number, listener: Listener): void {
  heardBirth((known.health ??= inHealth()), birth, receivedMs)
  judge(known, receivedMs, listener)
}

/** Of a message that broke the contract. */
export function watchRefusal(
  known: WatchedDevice,
  refusal: Refusal,
  receivedMs: number,
  listener: Listener,
): void {
  const health = (known.health ??= inHealth())
  heardViolation(health, refusal, receivedMs)
  heardAnything(health, receivedMs, known.silence.place.limits)
  judge(known, receivedMs, listener)
}

export function watchReconnect({ health, silence }: WatchedDevice, nowMs: number): void {
  if (health) reconnected(health, nowMs, silence.place.limits)
}

function judge(known: WatchedDevice, nowMs: number, listener: Listener): void {
  const { health, unwell, silence } = known
  if (!health || (unwell.length === 0 && isWell(health, silence.place))) return
  for (const finding of findings(health, silence.place, nowMs)) observe(known, finding, nowMs, listener)
}

function observe(known: WatchedDevice, finding: Finding, nowMs: number, listener: Listener): void {
  const { condition, verdict, value, limit, kin } = finding
  const was = known.unwell.find(({ check }) => check.condition === condition)
  if (verdict === 'nothing' || (!was && verdict !== 'breach')) return
  const watch = was ?? healthWatch(known, condition)
  if (!watch) return
  const { memory } = watch
  if (memory.alarm.state === 'normal')
    Object.assign(memory, { limit, worst: null, ...(kin !== undefined && { kin }) })
  memory.worst = Math.max(memory.worst ?? value, value)
  move(watch, { type: verdict }, nowMs, listener)
}

/** The watch of one condition of this device, from now on remembered. */
function healthWatch(known: WatchedDevice, condition: Condition): Watch | undefined {
  const { place } = known.silence
  const check = healthChecks(place).find((each) => each.condition === condition)
  if (!check) return undefined
  const watch = newWatch(check, place)
  known.unwell.push(watch)
  return watch
}

/** The same by the key of its alarm; undefined where no such alarm can be. */
export function healthWatchOf(known: WatchedDevice, alarmKey: string): Watch | undefined {
  const { place } = known.silence
  const was = known.unwell.find(({ key }) => key === alarmKey)
  const check = was ? undefined : healthChecks(place).find((each) => keyOf(each, place, '') === alarmKey)
  return was ?? (check && healthWatch(known, check.condition))
}

/** By other limits, those of the place of its silence, from now on. */
export function rejudgeHealth({ unwell, silence: { place } }: WatchedDevice): void {
  for (const watch of unwell)
    Object.assign(watch, { check: checkOf(watch.check.rule, watch.check.condition, place), place })
}

function healthChecks(place: Place): readonly Check[] {
  return rulesAt(place).flatMap((rule) =>
    rule.conditions
      .filter(({ ofDevice, name }) => ofDevice && name !== 'silence')
      .map((condition) => checkOf(rule, condition, place)),
  )
}
