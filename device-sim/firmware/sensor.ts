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
