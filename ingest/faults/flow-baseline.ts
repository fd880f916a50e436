import { z } from 'zod'

/** What a building usually draws at this hour of the day: the median over the last 14 days of each day's 95th
 *  percentile. The median, so that one day with a burst does not teach the meter that bursts are usual.
 *
 *  The running hour is a histogram whose classes grow by a quarter each; a finished hour is one number. So a
 *  meter costs at most 48 counts and 24 x 14 pairs, whatever its sampling rate. */
const daysKept = 14
/** Fewer days than this tell nothing: the usual flow is unknown. */
const daysNeeded = 3
/** An hour with fewer samples is no witness. */
const samplesNeeded = 4

const classes = 48
const lowestLph = 10
const growth = 1.25

export const flowBaseline = z.object({
  /** Local hour being counted (see local-hour.ts); -1 before the first sample. */
  hour: z.int(),
  counts: z.array(z.int().min(0)).length(classes),
  /** For each hour of the day: [day, 95th percentile in L/h], oldest first. */
  days: z.array(z.array(z.tuple([z.int(), z.number()])).max(daysKept)).length(24),
  /** Usual flow of the running hour, L/h; null = unknown. */
  usualLph: z.number().nullable(),
})
export type FlowBaseline = z.infer<typeof flowBaseline>

export function emptyBaseline(): FlowBaseline {
  return {
    hour: -1,
    counts: Array.from({ length: classes }, () => 0),
    days: Array.from({ length: 24 }, () => []),
    usualLph: null,
  }
}

/** Turns to the hour of the sample about to be judged, so that `usualLph` speaks of that hour. */
export function turnTo(baseline: FlowBaseline, localHour: number): void {
  if (baseline.hour === localHour) return
  if (baseline.hour >= 0) close(baseline)
  baseline.hour = localHour
  baseline.usualLph = usual(baseline, localHour)
}

/** Counts a flow that was not itself suspicious. */
export function learn(baseline: FlowBaseline, flowLph: number): void {
  const at = classOf(flowLph)
  baseline.counts[at] = (baseline.counts[at] ?? 0) + 1
}

function close(baseline: FlowBaseline): void {
  const total = baseline.counts.reduce((sum, count) => sum + count, 0)
  const kept = baseline.days[baseline.hour % 24]
  if (kept && total >= samplesNeeded) {
    kept.push([Math.floor(baseline.hour / 24), percentile95(baseline.counts, total)])
    if (kept.length > daysKept) kept.shift()
  }
  baseline.counts.fill(0)
}

function usual(baseline: FlowBaseline, localHour: number): number | null {
  const today = Math.floor(localHour / 24)
  const recent = (baseline.days[localHour % 24] ?? []).filter(
    ([day]) => day >= today - daysKept && day < today,
  )
  if (recent.length < daysNeeded) return null
  const ascending = recent.map(([, p95]) => p95).sort((a, b) => a - b)
  return ascending[Math.floor(ascending.length / 2)] ?? null
}

/** Upper edge of the class in which 95 % of the samples have passed, L/h. */
function percentile95(counts: readonly number[], total: number): number {
  let seen = 0
  const at = counts.findIndex((count) => (seen += count) >= 0.95 * total)
  return lowestLph * growth ** at
}

function classOf(flowLph: number): number {
  if (flowLph <= lowestLph) return 0
  return Math.min(classes - 1, Math.ceil(Math.log(flowLph / lowestLph) / Math.log(growth)))
}
