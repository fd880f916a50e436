import { z } from 'zod'
import type { Birth, Reading } from '../../firmware-contracts/message.ts'
import { clockOffsetMs, clockWatch, watchClock, type ClockWatch } from '../device-clock.ts'
import type { Place } from './places.ts'
import { bootsAgain, clockDrifted, clockLost } from './rules/device-conditions.ts'
import type { Condition, Verdict } from './rules/rule.ts'

/** How well is a device, as far as its messages tell, whatever it measures? What it says of time is compared with the
 *  server's (D05), and its lives are counted (D07). All of it in server time, in the order of arrival. */

/** Boots remembered of a device. */
const bootsKept = 12

export const deviceHealth = z.object({
  /** As its latest birth said; '' before one. */
  firmware: z.string(),
  clock: clockWatch.exactOptional(),
  /** The latest life that it told of, and when. */
  born: z.object({ boot: z.number(), atMs: z.number() }).exactOptional(),
  /** When it began again, server time, the latest last. */
  bootsMs: z.array(z.number()),
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
  return { firmware: '', bootsMs: [] }
}

/** D05: only what is said at once tells of the clock. */
export function heardClock(of: DeviceHealth, reading: Reading, receivedMs: number): void {
  if (reading.class !== 'batch' && reading.class !== 'hist')
    of.clock = watchClock(of.clock, reading, receivedMs)
}

/** D07: a new life. One that the server ordered is none of the device's. */
export function heardBirth(of: DeviceHealth, { boot, firmware, bootReason }: Birth, atMs: number): void {
  const was = of.born
  of.firmware = firmware
  of.born = { boot, atMs }
  if (!was || boot <= was.boot || bootReason === 'command') return
  of.bootsMs = [...of.bootsMs, atMs].slice(-bootsKept)
}

/** Nothing that could be found: so nearly always, and nothing need be judged. */
export function isWell({ clock, bootsMs }: DeviceHealth, { limits: { D05 } }: Place): boolean {
  const offMs = Math.abs(clock?.offsets.at(-1) ?? 0)
  return bootsMs.length === 0 && clock?.stamped !== true && offMs <= D05.offMs - D05.hysteresisMs
}

/** Whatever can be judged now, again and again: a condition that was found must also be found mended. */
export function findings(of: DeviceHealth, place: Place, nowMs: number): Finding[] {
  return [...(of.clock ? clockFindings(of.clock, place) : []), ...bootFindings(of, place, nowMs)]
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
