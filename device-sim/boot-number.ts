import { inServiceMs } from './plant/day.ts'

/** The boot counter of a device with no memory of its own: seconds in service, so that each start has a
 *  higher one than any before. */
export function bootNumber(atMs: number): number {
  return Math.floor((atMs - inServiceMs) / 1000)
}
