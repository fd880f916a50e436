import { z } from 'zod'
import { unitOf, units, type UnitSuffix } from './units.ts'

/** A signal is one thing a device measures or reports. Its zod schema says which values are physically
 *  possible (the sensor's range: what lies outside is refused); its `.meta()` says what zod has no word for. */

declare module 'zod' {
  interface GlobalMeta {
    titleZh?: string
    /** What one count on the wire is: `kPa`, `0.1 °C`. Absent for words, flags, bit sets and ids. */
    unit?: string
    /** Smallest step the sensor resolves, in counts of `unit`. */
    resolution?: number
    /** Longest regular interval between two samples, s; 0 = only when something happens. */
    periodS?: number
    /** Names of the bits, lowest first. */
    bits?: readonly string[]
  }
}

export type Signal = z.ZodType<number | string>
/** Wire name -> schema. */
export type Signals = Readonly<Record<string, Signal>>
/** What a set of signals measures at one instant; what was not measured is absent. */
export type Sample<S extends Signals> = { [Name in keyof S]?: z.infer<S[Name]> }

export interface SignalNote {
  en: string
  zh: string
  /** Longest regular interval between two samples, s; 0 = only when something happens. */
  periodS: number
  /** Smallest step the sensor resolves, in wire counts; 1 unless said. */
  resolution?: number
}

export const u32Max = 2 ** 32 - 1

/** A quantity; `suffix` repeats the end of its wire name, and the range is in wire counts, inclusive. */
export function quantity(suffix: UnitSuffix, min: number, max: number, note: SignalNote) {
  return z
    .int()
    .min(min)
    .max(max)
    .meta({ ...described(note), unit: units[suffix].wire, resolution: note.resolution ?? 1 })
}

/** A number that names something by counting: the sessions of a port, say. */
export function ordinal(note: SignalNote) {
  return z.int().min(0).max(u32Max).meta(described(note))
}

export function flag(note: SignalNote) {
  return z.literal([0, 1]).meta(described(note))
}

export function word<const W extends readonly [string, ...string[]]>(words: W, note: SignalNote) {
  return z.enum(words).meta(described(note))
}

/** Sixteen bits, of which the first are named; a bit without a name is kept, for newer firmware may set it. */
export function bitSet(names: readonly string[], note: SignalNote) {
  return z
    .int()
    .min(0)
    .max(0xffff)
    .meta({ ...described(note), bits: names })
}

function described({ en, zh, periodS }: SignalNote) {
  return { title: en, titleZh: zh, periodS }
}

/** Longest regular interval between two samples of a signal, s; 0 = only when something happens. */
export function periodOf(signal: Signal): number {
  return signal.meta()?.periodS ?? 0
}

/** The mistakes in a set of signals that no type can see: a name that contradicts its unit, nothing said. */
export function mistakesIn(signals: Signals): string[] {
  return Object.entries(signals).flatMap(([name, signal]) => {
    const meta = signal.meta()
    const mistakes: string[] = []
    if (meta?.unit !== unitOf(name)?.wire) mistakes.push(`${name}: its name and its unit disagree`)
    if (!meta?.title || !meta.titleZh) mistakes.push(`${name}: needs a title in both languages`)
    if (meta?.periodS === undefined) mistakes.push(`${name}: needs a period`)
    return mistakes
  })
}
