import { hourMs } from '../../device-sim/plant/day.ts'
import type { RecordedReading } from '../../device-sim/recorded/recording.ts'

/** The litres of every hour around a moment, a line for every six hours: to be looked at by people. What went through
 *  between two readings is spread evenly over the time between them; hours of a longer gap are marked. */

const before = 42
const after = 30
const perLine = 24
/** An hour of less is a dot; each sign from there is twice the one before: 1, 2, 4, … L. */
const signs = '▁▂▃▄▅▆▇█'
const gapMs = 2.2 * hourMs

export function bars(
  readings: readonly RecordedReading[],
  { aroundMs, zone }: { aroundMs: number; zone: string },
): string[] {
  const fromMs = Math.floor(aroundMs / hourMs) * hourMs - before * hourMs
  const hours = Array.from({ length: before + after }, (_, at) => litresIn(readings, fromMs + at * hourMs))
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  return Array.from({ length: Math.ceil(hours.length / perLine) }, (_, line) => {
    const own = hours.slice(line * perLine, (line + 1) * perLine)
    const shown = own.map((litres) => (litres === undefined ? '?' : signOf(litres))).join('')
    const numbers = own.map((litres) => (litres === undefined ? '?' : Math.round(litres))).join(' ')
    return `  ${clock.format(fromMs + line * perLine * hourMs)} ${shown.padEnd(perLine)} ${numbers}`
  })
}

function signOf(litres: number): string {
  if (litres < 0.5) return '·'
  const step = Math.floor(Math.log2(Math.max(1, litres)))
  return signs[Math.min(signs.length - 1, step)] ?? '·'
}

/** Undefined where nobody read for too long. */
function litresIn(readings: readonly RecordedReading[], fromMs: number): number | undefined {
  const untilMs = fromMs + hourMs
  let litres = 0
  let knownMs = 0
  for (const [at, { t, registerL }] of readings.entries()) {
    const was = readings[at - 1]
    if (!was || t <= fromMs || was.t >= untilMs || t - was.t > gapMs) continue
    const ms = Math.min(t, untilMs) - Math.max(was.t, fromMs)
    knownMs += ms
    litres += ((registerL - was.registerL) * ms) / Math.max(1, t - was.t)
  }
  return knownMs < hourMs / 2 ? undefined : litres
}
