import { z } from 'zod'

/** A water meter's register, read as water. A register is cumulative, so a lost reading loses no water: the next one
 *  tells what went through meanwhile, though not when. What only looks like water is none:
 *
 *  - a register that goes back (a meter exchanged, a digit misread, water pressed back) begins anew from there; and
 *    when it comes back up, only what is above its highest reading has gone through since;
 *  - a leap that no pipe could carry is another meter in its place. */
export const waterRegister = z.object({
  /** The latest reading: sampling time, and litres as shown. */
  t: z.number(),
  shownL: z.number(),
  /** The highest that this meter has shown, litres. */
  highestL: z.number(),
  /** What has gone through since the first reading, litres: never goes back. */
  throughL: z.number(),
})
export type WaterRegister = z.infer<typeof waterRegister>

/** What went through between two readings. `litres` null: nobody can tell, because the register was turned. */
export interface Passed {
  fromMs: number
  litres: number | null
}

/** Times the meter's permanent flow Q3 that no pipe carries: a DN 15 meter at full street pressure passes twice. */
const leapTimesQ3 = 3
/** Of a meter whose Q3 the registry does not know, L/h: the smallest there is. */
export const usualQ3Lph = 2_500
/** A leap is judged over this time at least: samples may be seconds apart. */
const leapLeastMs = 60_000

export function firstReading(t: number, shownL: number): WaterRegister {
  return { t, shownL, highestL: shownL, throughL: 0 }
}

/** Takes in a reading. Undefined when it is not later than the one before. */
export function readOn(
  of: WaterRegister,
  { t, shownL }: { t: number; shownL: number },
  q3Lph = usualQ3Lph,
): Passed | undefined {
  const fromMs = of.t
  if (t <= fromMs) return undefined
  const isBehind = of.shownL < of.highestL
  const base = isBehind && shownL >= of.highestL ? of.highestL : of.shownL
  const litres = shownL - base
  const hours = Math.max(t - fromMs, leapLeastMs) / 3_600_000
  of.t = t
  of.shownL = shownL
  if (litres < 0) return { fromMs, litres: null }
  if (litres > leapTimesQ3 * q3Lph * hours) {
    of.highestL = shownL
    return { fromMs, litres: null }
  }
  of.highestL = Math.max(of.highestL, shownL)
  of.throughL += litres
  return { fromMs, litres }
}
