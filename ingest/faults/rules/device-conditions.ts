import type { SiteParameters } from '../parameters.ts'
import { numberIn } from '../sample.ts'
import { fallMvPerDay, lowMvOf } from './device-senses.ts'
import type { Condition } from './rule.ts'

/** When is something wrong with a device, whatever it measures? What is judged by its messages (silence, clock,
 *  numbers, boots, violations) lies in silence.ts and device-health.ts; here it has its name and its delays. */

type Timing = (limits: SiteParameters) => { onDelayMs: number; offDelayMs: number }

function ofDevice(name: string, signal: string, timing: Timing): Condition {
  return { name, signal, timing, ofDevice: true, judge: () => 'nothing', limit: () => undefined }
}

const atOnce = (offDelayMs: number) => ({ onDelayMs: 0, offDelayMs })

/** D01 */
export const silent = ofDevice('silence', 'conn', () => atOnce(0))
/** D05: off by a minute and more. */
export const clockDrifted = ofDevice('drift', 'clock_ms', ({ D05 }) => D05)
/** D05: a time that cannot be true. */
export const clockLost = ofDevice('lost', 'clock_ms', ({ D05 }) => ({
  onDelayMs: D05.lostOnDelayMs,
  offDelayMs: D05.offDelayMs,
}))
/** D06: the same samples again and again. */
export const repeatsItself = ofDevice('repeats', 'seq', ({ D06 }) => atOnce(D06.offDelayMs))
/** D06: counts anew without a boot. */
export const countsBack = ofDevice('regress', 'seq', ({ D06 }) => atOnce(D06.offDelayMs))
/** D06: two boards with one name. */
export const isCloned: Condition = {
  ...ofDevice('clone', 'seq', ({ D06 }) => atOnce(D06.offDelayMs)),
  severity: 'P3',
}
/** D07 */
export const bootsAgain = ofDevice('loop', 'boot', ({ D07 }) => atOnce(D07.offDelayMs))
/** D09 */
export const violates = ofDevice('violation', 'contract', ({ D09 }) => atOnce(D09.offDelayMs))

const dayMs = 24 * 60 * 60_000

/** D08: a cell near its end, in so many reports. */
export const batteryLow: Condition = {
  name: 'low',
  signal: 'vbat_mv',
  lowest: true,
  timing: () => atOnce(0),
  judge({ senses: { battery }, place }, values) {
    if (!battery || numberIn(values, 'vbat_mv') === undefined) return 'nothing'
    const { reports, hysteresisMv } = place.limits.D08
    if (battery.lows >= reports) return 'breach'
    return battery.latestMv < lowMvOf(place) + hysteresisMv ? 'between' : 'calm'
  },
  limit: ({ place }) => lowMvOf(place),
}

/** D08: a cell that falls so fast that it will be empty within two months. */
export const batteryFalling: Condition = {
  name: 'falling',
  signal: 'vbat_mv',
  lowest: true,
  at: ({ kind }) => kind !== 'charger',
  timing: () => atOnce(0),
  judge({ senses: { battery }, place: { limits } }, values) {
    if (!battery || numberIn(values, 'vbat_mv') === undefined) return 'nothing'
    const { emptyMv, lastsMs, slopeOverMs } = limits.D08
    const perDay = fallMvPerDay(battery, slopeOverMs)
    if (perDay === undefined) return 'nothing'
    const lastsDays = (battery.latestMv - emptyMv) / perDay
    if (perDay > 0 && lastsDays < lastsMs / dayMs) return 'breach'
    return perDay > 0 && lastsDays < (2 * lastsMs) / dayMs ? 'between' : 'calm'
  },
  limit: ({ place: { limits } }) => limits.D08.emptyMv,
}
