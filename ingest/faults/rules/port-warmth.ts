import { z } from 'zod'

/** How fast a port has become warmer: its temperature now against what it was at least so long ago. Of that time the
 *  warmer of two samples counts, so that one wild sample downwards does not look like a rise afterwards. Bounded
 *  whatever the sampling rate. */
const apartMs = 10_000
const remembered = 64

export const portWarmth = z.object({ atMs: z.array(z.number()), c10: z.array(z.number()) })
export type PortWarmth = z.infer<typeof portWarmth>

export function emptyWarmth(): PortWarmth {
  return { atMs: [], c10: [] }
}

/** Takes in the sample of `atMs`, later than all before it. Two samples older than `withinMs` are kept. */
export function followWarmth(
  { atMs: times, c10 }: PortWarmth,
  atMs: number,
  warmC10: number,
  withinMs: number,
): void {
  if (atMs - (times.at(-1) ?? 0) < apartMs) return
  times.push(atMs)
  c10.push(warmC10)
  while (times.length > remembered || (times[2] ?? atMs) <= atMs - withinMs) {
    times.shift()
    c10.shift()
  }
}

/** Where it would be now, had it become warmer by `riseC10PerMin` over `riseWithinMs` or a little more, tenths of a
 *  degree; undefined before so much is known. */
export function steepestC10(
  { atMs: times, c10 }: PortWarmth,
  atMs: number,
  { riseC10PerMin, riseWithinMs }: { riseC10PerMin: number; riseWithinMs: number },
): number | undefined {
  let old = -1
  while ((times[old + 1] ?? atMs) <= atMs - riseWithinMs) old++
  const [sinceMs, wasC10] = [times[old], c10[old]]
  if (sinceMs === undefined || wasC10 === undefined) return undefined
  return Math.max(wasC10, c10[old - 1] ?? wasC10) + (riseC10PerMin * (atMs - sinceMs)) / 60_000
}
