import { dayMs, hourMs } from '../../device-sim/plant/day.ts'
import type { Reading } from '../../firmware-contracts/message.ts'
import { scenarioOf, type Job } from './job.ts'
import { median } from '../bench/percentile.ts'
import type { ScoredCause } from './scored-run.ts'

/** What the devices of a missed fault said, signal by signal: before it, and while it lasted. So whoever reads of a
 *  miss can tell a rule that is deaf from a plant that was silent. */
interface Span {
  atMs: number
  value: number | string
}

/** Devices of a fault that are shown; a whole estate would fill the screen. */
const devicesShown = 3
const beforeMs = dayMs

export class SignalSpans {
  readonly #samples = new Map<string, Span[]>()
  readonly #fromMs: number
  readonly #wanted: (device: string) => boolean

  constructor(job: Job) {
    const { start, faults } = scenarioOf(job)
    this.#fromMs = Date.parse(start)
    const targets = faults.map(({ target }) => target)
    this.#wanted = (device) =>
      targets.some((target) => device.startsWith(target.replace(/-(p\d\d|riser|gateway|main)$/, '')))
  }

  see({ device, port, class: type, t, values, quality }: Reading): void {
    if (!this.#wanted(device) || type === 'hist' || t < this.#fromMs - beforeMs) return
    for (const [signal, value] of Object.entries(values))
      this.#add(`${device}${port ?? ''}`, signal, { atMs: t, value })
    for (const [signal, letter] of Object.entries(quality))
      this.#add(`${device}${port ?? ''}`, `${signal} quality`, { atMs: t, value: letter })
  }

  /** Two spells side by side, a line a signal. */
  of({ devices, fromMs, untilMs }: ScoredCause): string[] {
    return devices.slice(0, devicesShown).flatMap((device) =>
      [...this.#samples]
        .filter(([key]) => key.startsWith(device))
        .map(([key, samples]) => {
          const before = samples.filter(({ atMs }) => atMs >= fromMs - beforeMs && atMs < fromMs)
          const during = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs)
          return `  ${key}: before ${said(before)}; meanwhile ${said(during)}`
        }),
    )
  }

  #add(place: string, signal: string, sample: Span): void {
    const key = `${place} ${signal}`
    const known = this.#samples.get(key)
    if (known) known.push(sample)
    else this.#samples.set(key, [sample])
  }
}

function said(samples: readonly Span[]): string {
  if (samples.length === 0) return 'nothing'
  const numbers = samples.flatMap(({ value }) => (typeof value === 'number' ? value : []))
  if (numbers.length === 0)
    return `${samples.length}× ${[...new Set(samples.map(({ value }) => value))].slice(0, 5).join(' ')}`
  const [low, high] = numbers.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  )
  return `${samples.length}× ${low} … ${median(numbers)} … ${high}${hours(samples)}`
}

function hours(samples: readonly Span[]): string {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last) return ''
  return ` in ${((last.atMs - first.atMs) / hourMs).toFixed(1)} h`
}
