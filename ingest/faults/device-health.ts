import { z } from 'zod'
import type { Birth, Reading, Refusal } from '../../firmware-contracts/message.ts'
import { clockOffsetMs, clockWatch, watchClock, type ClockWatch } from '../device-clock.ts'
import { firstNumber, heardNumber, numbers, turnWindow, type Numbers } from './device-numbers.ts'
import type { SiteParameters } from './parameters.ts'
import type { Place } from './places.ts'
import {
  bootsAgain,
  clockDrifted,
  clockLost,
  countsBack,
  isCloned,
  repeatsItself,
  violates,
} from './rules/device-conditions.ts'
import type { Condition, Verdict } from './rules/rule.ts'

/** How well is a device, as far as its messages tell, whatever it measures? What it says of time is compared with the
 *  server's (D05), its numbers with those before (D06), its lives are counted (D07), and so is what it says against
 *  the contract (D09). All of it in server time, in the order of arrival. */

/** Boots remembered of a device. */
const bootsKept = 12

/** Violations told apart, of a device. */
const violationsKept = 4

/** One way in which it breaks the contract. */
const violation = z.object({
  /** Reason and path of the refusal: `value-invalid d.p_ret_kpa`. */
  code: z.string(),
  readable: z.boolean(),
  firstMs: z.number(),
  latestMs: z.number(),
  times: z.int(),
  /** Messages since the first of them, itself included. */
  of: z.int(),
})
type Violation = z.infer<typeof violation>

export const deviceHealth = z.object({
  /** As its latest birth said; '' before one. */
  firmware: z.string(),
  clock: clockWatch.exactOptional(),
  /** The latest life that it told of, and when. */
  born: z.object({ boot: z.number(), atMs: z.number() }).exactOptional(),
  /** When it began again, server time, the latest last. */
  bootsMs: z.array(z.number()),
  numbers: numbers.exactOptional(),
  violations: z.array(violation),
})
export type DeviceHealth = z.infer<typeof deviceHealth>

/** What a message says of one condition. */
export interface Finding {
  condition: Condition
  verdict: Verdict
  value: number
  limit: number
  /** See `Raised` in correlate.ts. */
  kin?: string
}

export function inHealth(): DeviceHealth {
  return { firmware: '', bootsMs: [], violations: [] }
}

/** D05: only what is said at once tells of the clock. */
export function heardClock(of: DeviceHealth, reading: Reading, receivedMs: number): void {
  if (reading.class === 'batch' || reading.class === 'hist') return
  if (isInSeconds(reading, receivedMs)) heardViolation(of, secondsForMs, receivedMs)
  else of.clock = watchClock(of.clock, reading, receivedMs)
}

const secondsForMs: Refusal = {
  reason: 'envelope-invalid',
  path: 't',
  expected: 'epoch milliseconds',
  got: 'epoch seconds',
}
const nearMs = 24 * 60 * 60_000

/** January 1970, to the day that it is today in seconds: a right clock, and a wrong unit. */
function isInSeconds({ t }: Reading, receivedMs: number): boolean {
  return t < receivedMs / 100 && Math.abs(1_000 * t - receivedMs) < nearMs
}

/** D07: a new life. One that the server ordered is none of the device's. */
export function heardBirth(of: DeviceHealth, { boot, firmware, bootReason }: Birth, atMs: number): void {
  const was = of.born
  of.firmware = firmware
  of.born = { boot, atMs }
  if (!was || boot <= was.boot || bootReason === 'command') return
  of.bootsMs = [...of.bootsMs, atMs].slice(-bootsKept)
}

/** D06: only what is sampled in turn tells of its numbers; back-fill is said again on purpose. */
export function heardNumbers(
  of: DeviceHealth,
  reading: Reading,
  receivedMs: number,
  { D06 }: SiteParameters,
): void {
  if (reading.class === 'hist') return
  const known = (of.numbers ??= firstNumber(reading, receivedMs))
  heardNumber(known, reading, receivedMs)
  if (reading.class !== 'batch')
    turnWindow(known, receivedMs, { windowMs: D06.windowMs, messages: D06.messagesAtLeast })
}

/** D06: it has come back on a new line, and may say again what was not acknowledged. */
export function reconnected({ numbers }: DeviceHealth, nowMs: number, { D06 }: SiteParameters): void {
  if (numbers) numbers.reconnectingUntilMs = nowMs + D06.reconnectMs
}

/** D09: a message that could not be read as the contract has it. */
export function heardViolation(of: DeviceHealth, { reason, path }: Refusal, nowMs: number): void {
  const readable = path !== ''
  const code = readable ? `${reason} ${path.replaceAll(/\[\d+\]/g, '')}` : reason
  const known = of.violations.find((each) => each.code === code)
  if (known) Object.assign(known, { latestMs: nowMs, times: known.times + 1 })
  else of.violations.push({ code, readable, firstMs: nowMs, latestMs: nowMs, times: 1, of: 0 })
  if (of.violations.length > violationsKept) of.violations.shift()
}

/** D09: a message that was in order counts against those that were not; what is rare among many is the line's. */
export function heardAnything(of: DeviceHealth, nowMs: number, { D09 }: SiteParameters): void {
  if (of.violations.length === 0) return
  for (const each of of.violations) each.of++
  const matters = ({ readable, latestMs, times, of: messages }: Violation) =>
    nowMs - latestMs < D09.withinMs && (readable || times >= D09.unreadableShare * messages * rareShare)
  if (!of.violations.every(matters)) of.violations = of.violations.filter(matters)
}

/** Of the share that is too much, so little is forgotten. */
const rareShare = 0.2

/** Nothing that could be found: so nearly always, and nothing need be judged. */
export function isWell(
  { clock, bootsMs, numbers, violations }: DeviceHealth,
  { limits: { D05, D06 } }: Place,
): boolean {
  const offMs = Math.abs(clock?.offsets.at(-1) ?? 0)
  const inTime = clock?.stamped !== true && offMs <= D05.offMs - D05.hysteresisMs
  return inTime && bootsMs.length === 0 && violations.length === 0 && isCountingWell(numbers, D06)
}

/** Whatever can be judged now, again and again: a condition that was found must also be found mended. */
export function findings(of: DeviceHealth, place: Place, nowMs: number): Finding[] {
  return [
    ...(of.clock ? clockFindings(of.clock, place) : []),
    ...bootFindings(of, place, nowMs),
    ...(of.numbers ? numberFindings(of.numbers, place, nowMs) : []),
    ...violationFindings(of, place, nowMs),
  ]
}

/** A median of fewer says nothing. */
const offsetsNeeded = 3

function clockFindings(clock: ClockWatch, { limits: { D05 } }: Place): Finding[] {
  const offMs = Math.abs(clockOffsetMs(clock))
  const lost: Verdict = clock.stamped ? 'breach' : 'calm'
  const off = offMs > D05.offMs ? 'breach' : offMs > D05.offMs - D05.hysteresisMs ? 'between' : 'calm'
  const drifted: Verdict = clock.stamped || clock.offsets.length < offsetsNeeded ? 'nothing' : off
  return [
    { condition: clockDrifted, verdict: drifted, value: offMs, limit: D05.offMs },
    { condition: clockLost, verdict: lost, value: offMs, limit: D05.offMs },
  ]
}

function bootFindings({ bootsMs, firmware }: DeviceHealth, place: Place, nowMs: number): Finding[] {
  if (bootsMs.length === 0) return []
  const { D07 } = place.limits
  const since = (ms: number) => bootsMs.filter((atMs) => nowMs - atMs <= ms).length
  const today = since(D07.dayMs)
  const verdict = since(D07.withinMs) >= D07.boots || today >= D07.bootsOfDay ? 'breach' : 'calm'
  const kin = `${place.kind} ${firmware}`
  return [{ condition: bootsAgain, verdict, value: today, limit: D07.bootsOfDay, kin }]
}

function isCountingWell(
  of: Numbers | undefined,
  { repeatedAtLeast, clonesAtLeast }: SiteParameters['D06'],
): boolean {
  if (!of) return true
  return of.regressedMs === undefined && of.repeats < repeatedAtLeast && of.clones < clonesAtLeast
}

function numberFindings(of: Numbers, { limits: { D06 } }: Place, nowMs: number): Finding[] {
  const { messages, repeats, clones, regressedMs } = of
  const repeated = repeats >= D06.repeatedAtLeast && repeats > D06.repeatedShare * messages
  const cloned = clones >= D06.clonesAtLeast
  const regressed = regressedMs !== undefined && nowMs - regressedMs < D06.windowMs
  const verdict = (found: boolean): Verdict =>
    found ? 'breach' : messages < D06.messagesAtLeast / 2 ? 'between' : 'calm'
  const percent = Math.round((100 * repeats) / Math.max(1, messages))
  return [
    { condition: repeatsItself, verdict: verdict(repeated), value: percent, limit: 100 * D06.repeatedShare },
    { condition: isCloned, verdict: verdict(cloned), value: clones, limit: D06.clonesAtLeast },
    { condition: countsBack, verdict: regressed ? 'breach' : 'calm', value: 1, limit: 1 },
  ]
}

function violationFindings({ violations, firmware }: DeviceHealth, place: Place, nowMs: number): Finding[] {
  const { D09 } = place.limits
  const broken = violations.find(({ readable, times, of }) =>
    readable ? times >= D09.times : times >= D09.unreadableTimes && times >= D09.unreadableShare * of,
  )
  const lately = broken !== undefined && nowMs - broken.latestMs < D09.restMs
  const about = { condition: violates, value: broken?.times ?? 0, limit: D09.times }
  if (!lately) return [{ ...about, verdict: 'calm' }]
  return [{ ...about, verdict: 'breach', kin: `${place.kind} ${firmware}: ${broken.code}` }]
}
