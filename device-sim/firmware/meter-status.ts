import type { MeterStatusBit } from '../../firmware-contracts/words.ts'
import type { MeterSenses } from './meter-senses.ts'

/** What a meter's firmware makes of its samples, as its makers do it: a leak is a day without one dry hour
 *  (Kamstrup's rule, by quarters of an hour: domain.md E2), a burst half an hour above 40 % of Q3. It looks at
 *  each sample once, and remembers only how long something has lasted. */
export interface MeterWatch {
  bits: readonly MeterStatusBit[]
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
  bits: [],
  flowing: 0,
  still: 0,
  pouring: 0,
  reverseL: Infinity,
  reversedMs: -Infinity,
  exchanged: 0,
}

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
  const had = (bit: MeterStatusBit) => before.bits.includes(bit)
  const leaks = had('leak') ? counts.still < dryHourSamples : counts.flowing >= leakSamples
  const raised: readonly (readonly [MeterStatusBit, boolean])[] = [
    ['tamper', senses.seal === 'magnet'],
    ['cover', senses.seal === 'cover-open'],
    ['dry', senses.pipe === 'empty'],
    ['leak', flows && leaks],
    ['burst', flows && counts.pouring >= burstSamples],
    ['reverse', nowMs - counts.reversedMs < reverseShownMs],
    ['freeze', senses.airC < (had('freeze') ? frostC.cleared : frostC.raised)],
    ['low_battery', vbatMv < lowBatteryMv],
  ]
  return { ...counts, bits: raised.flatMap(([bit, on]) => (on ? [bit] : [])) }
}
