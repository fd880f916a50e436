import { inServiceMs } from '../plant/day.ts'
import { gaussian, randomFor } from '../random.ts'

/** The lithium cell of a flat's meter (domain.md E4): it loses 0.3 mV a day, five times as much where the radio
 *  has to shout, and is exchanged before anybody would call it low (D08: 3.2 V). */
export interface MeterBattery {
  rsrpDbm: number
  /** mV at an instant. */
  voltsAt: (atMs: number) => number
}

const freshMv = 3_650
const exchangedMv = 3_250
const emptyMv = 2_900
const drainMvPerDay = 0.3
const shoutingTimes = 5
const farDbm = -112
const dayMs = 86_400_000

export function meterBattery(seed: number, device: string): MeterBattery {
  const random = randomFor(seed, device, 'battery')
  const rsrpDbm = Math.round(Math.max(-125, -96 + 7 * gaussian(random)))
  const drain = drainMvPerDay * (rsrpDbm < farDbm ? shoutingTimes : 1)
  const lifeDays = (freshMv - exchangedMv) / drain
  const ageDays = random() * lifeDays
  return {
    rsrpDbm,
    voltsAt: (atMs) => freshMv - drain * ((ageDays + (atMs - inServiceMs) / dayMs) % lifeDays),
  }
}

/** What is left in it, %. */
export function batteryLeft(mv: number): number {
  return Math.round(Math.min(100, Math.max(0, (100 * (mv - emptyMv)) / (freshMv - emptyMv))))
}
