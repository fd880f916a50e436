import { meterStatusOf } from '../../firmware-contracts/words.ts'
import type { MeterSenses } from './meter-senses.ts'

/** What a meter's firmware makes of its samples, as its makers do it: a leak is a day without one dry hour
 *  (Kamstrup's rule, by quarters of an hour: domain.md E2), a burst half an hour above 40 % of Q3. It looks at
 *  each sample once, and remembers only how long something has lasted. */
export interface MeterWatch {
  /** Its status word. */
  bits: number
  /** Samples in a row with flow, and without. */
  flowing: number
  still: number
  pouring: number
  reverseL: number
  /** When water last ran back; -Infinity: never. */
  reversedMs: number
  exchanged: number
}

export const watchBegins: MeterWatch = {
  bits: 0,
  flowing: 0,
  still: 0,
  pouring: 0,
  reverseL: Infinity,
  reversedMs: -Infinity,
  exchanged: 0,
}

export const bit = {
  tamper: meterStatusOf(['tamper']),
  cover: meterStatusOf(['cover']),
  dry: meterStatusOf(['dry']),
  leak: meterStatusOf(['leak']),
  burst: meterStatusOf(['burst']),
  reverse: meterStatusOf(['reverse']),
  freeze: meterStatusOf(['freeze']),
  lowBattery: meterStatusOf(['low_battery']),
} as const

const leakSamples = 96
const dryHourSamples = 4
const burstLph = 1_000
const burstSamples = 2
const reverseShownMs = 86_400_000
const frostC = { raised: 3, cleared: 5 } as const
const lowBatteryMv = 2_950

/** The watch after a sample a quarter of an hour later. `flows`: false for a building's meter, behind which
 *  somebody always draws. */
export function watchSample(
  was: MeterWatch,
  senses: MeterSenses,
  { nowMs, vbatMv, flows }: { nowMs: number; vbatMv: number; flows: boolean },
): MeterWatch {
  const { flowLph, reverseL, exchanged } = senses
  const before = exchanged === was.exchanged ? was : { ...watchBegins, exchanged }
  const counts = {
    flowing: flowLph > 0 ? before.flowing + 1 : 0,
    still: flowLph > 0 ? 0 : before.still + 1,
    pouring: flowLph >= burstLph ? before.pouring + 1 : 0,
    reverseL,
    reversedMs: reverseL > before.reverseL ? nowMs : before.reversedMs,
    exchanged,
  }
  const leaks = before.bits & bit.leak ? counts.still < dryHourSamples : counts.flowing >= leakSamples
  const frostBelowC = before.bits & bit.freeze ? frostC.cleared : frostC.raised
  let bits = 0
  if (senses.seal === 'magnet') bits |= bit.tamper
  if (senses.seal === 'cover-open') bits |= bit.cover
  if (senses.pipe === 'empty') bits |= bit.dry
  if (flows && leaks) bits |= bit.leak
  if (flows && counts.pouring >= burstSamples) bits |= bit.burst
  if (nowMs - counts.reversedMs < reverseShownMs) bits |= bit.reverse
  if (senses.airC < frostBelowC) bits |= bit.freeze
  if (vbatMv < lowBatteryMv) bits |= bit.lowBattery
  return { ...counts, bits }
}
