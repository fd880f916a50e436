import type { Quality } from '../../firmware-contracts/message.ts'
import { gaussian, type Random } from '../random.ts'

/** What a sensor makes of the truth: a little noise, and a whole number of the wire's unit. */
export function measured(random: Random, truth: number, sigma: number): number {
  return Math.round(truth + sigma * gaussian(random))
}

/** For what can't be negative: gauge pressure, flow, power. */
export function measuredAbove0(random: Random, truth: number, sigma: number): number {
  return Math.max(0, measured(random, truth, sigma))
}

export const pressureNoiseKpa = 1.5
/** In tenths of a kelvin. */
export const temperatureNoiseC10 = 1
/** Of the flow. */
export const flowNoise = 0.01

/** What can be wrong with one sensor. Values are in the unit of its wire name. */
export type Ailment =
  /** Shows for ever what it showed first. */
  | { is: 'stuck'; value?: number }
  | { is: 'drifting'; perHour: number; sinceMs: number }
  /** Once in a while it is off by as much, up or down. */
  | { is: 'spiking'; by: number; share: number; random: Random }
  /** Shows this, whatever is the case. */
  | { is: 'reading'; value: number }
  /** Shows nothing, and the device knows it. */
  | { is: 'broken'; quality: Quality }

export interface Sensed {
  values: Readonly<Record<string, number | string>>
  quality?: Readonly<Record<string, Quality>>
}

/** What the device reads when some of its sensors are ill; `ailments` by wire name. */
export function sensed(
  values: Sensed['values'],
  ailments: ReadonlyMap<string, Ailment>,
  atMs: number,
): Sensed {
  const read = { ...values }
  const quality: Record<string, Quality> = {}
  for (const [name, ailment] of ailments) {
    const truth = read[name]
    if (typeof truth !== 'number') continue
    if (ailment.is === 'broken') {
      delete read[name]
      quality[name] = ailment.quality
    } else read[name] = shown(ailment, truth, atMs)
  }
  return { values: read, quality }
}

function shown(ailment: Exclude<Ailment, { is: 'broken' }>, truth: number, atMs: number): number {
  switch (ailment.is) {
    case 'stuck':
      return (ailment.value ??= truth)
    case 'drifting':
      return Math.round(truth + (ailment.perHour * (atMs - ailment.sinceMs)) / 3_600_000)
    case 'spiking':
      if (ailment.random() >= ailment.share) return truth
      return truth + (ailment.random() < 0.5 ? -ailment.by : ailment.by)
    case 'reading':
      return ailment.value
  }
}
