import type { Random } from '../random.ts'

/** The district's wall clock: China has one zone and no summer time, so its days are simple arithmetic. */
/** An estate's step: nothing is told apart within it. */
export const tickMs = 5_000
export const minuteMs = 60_000
export const hourMs = 3_600_000
export const dayMs = 86_400_000
const districtOffsetMs = 8 * hourMs

/** 2025-01-01 in the district: the day its meters were fitted, and every register stood at zero. */
export const inServiceMs = Date.UTC(2025, 0, 1) - districtOffsetMs

/** Number of the local day that `atMs` falls into, counted from 1970-01-01. */
export function dayOf(atMs: number): number {
  return Math.floor((atMs + districtOffsetMs) / dayMs)
}

/** Epoch ms of the local midnight that begins `day`. */
export function midnightOf(day: number): number {
  return day * dayMs - districtOffsetMs
}

/** 0 to 24, local. */
export function hourOfDay(atMs: number): number {
  return (atMs + districtOffsetMs - dayOf(atMs) * dayMs) / hourMs
}

/** How busy each of the 24 hours is, in any unit. */
export type HourWeights = readonly number[]

/** An instant of the day, ms after midnight, more likely in a busy hour. */
export function timeOfDay(random: Random, weights: HourWeights): number {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0)
  const hour = weights.findIndex((weight) => (left -= weight) < 0)
  return Math.floor(((hour < 0 ? 23 : hour) + random()) * hourMs)
}
