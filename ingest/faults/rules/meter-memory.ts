import { z } from 'zod'

/** What a water meter says of itself and of its place, remembered just long enough to judge it: water that ran
 *  backwards (W05), seals that are broken (W06), a register or a valve that no longer moves (W08). */

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Litres that ran backwards within the last day. */
export const backflow = z.object({
  t: z.number(),
  shownL: z.number(),
  /** Hour by hour, only those with any: sampling time and litres, oldest first. */
  hours: z.array(z.number()),
})
export type Backflow = z.infer<typeof backflow>

/** Numbers in `hours`: 24 hours and the running one. */
const backflowMost = 50

/** Takes in a reading of the reverse register, later than the one before. One that goes back is another meter. What
 *  was counted over more than a day is spread over it. */
export function flowBack(was: Backflow | undefined, t: number, shownL: number): Backflow {
  if (!was) return { t, shownL, hours: [] }
  const litres = (shownL - was.shownL) * Math.min(1, dayMs / (t - was.t))
  was.t = t
  was.shownL = shownL
  const { hours } = was
  while ((hours[0] ?? t) <= t - dayMs) hours.splice(0, 2)
  if (litres <= 0) return was
  const latest = hours.length - 2
  if (Math.floor((hours[latest] ?? 0) / hourMs) === Math.floor(t / hourMs))
    hours[latest + 1] = (hours[latest + 1] ?? 0) + litres
  else hours.push(t, litres)
  if (hours.length > backflowMost) hours.splice(0, 2)
  return was
}

/** Litres backwards in the day before the latest reading. */
export function backwardsL({ hours }: Backflow): number {
  let litres = 0
  for (let at = 1; at < hours.length; at += 2) litres += hours[at] ?? 0
  return litres
}

/** In how many reports in a row something stood, and when it was last counted. Two words of one waking are one
 *  report. */
export const reported = z.object({ times: z.int().min(0), t: z.number() })
export type Reported = z.infer<typeof reported>

const reportsMost = 1_000

/** Takes in a report of `t`. `apartMs`: what comes sooner after a report belongs to it. */
export function report(
  was: Reported | undefined,
  { t, stands, apartMs }: { t: number; stands: boolean; apartMs: number },
): Reported {
  if (!stands) return { times: 0, t }
  if (!was || was.times === 0) return { times: 1, t }
  if (t - was.t < apartMs) return was
  return { times: Math.min(reportsMost, was.times + 1), t }
}

/** Since when a register has stood still, and how it moved before. */
export const usage = z.object({
  /** When it last moved, and what had gone through, litres. */
  movedMs: z.number(),
  movedL: z.number(),
  /** Where its mean is counted from: a month back at least, as soon as there is one, and two at most. */
  sinceMs: z.number(),
  sinceL: z.number(),
  /** Where it will be counted from next. */
  nextMs: z.number(),
  nextL: z.number(),
})
export type Usage = z.infer<typeof usage>

const monthMs = 30 * dayMs

export function firstUse(t: number, throughL: number): Usage {
  return { movedMs: t, movedL: throughL, sinceMs: t, sinceL: throughL, nextMs: t, nextL: throughL }
}

/** Takes in what had gone through at `t`. */
export function use(of: Usage, t: number, throughL: number): void {
  if (throughL === of.movedL) return
  of.movedMs = t
  of.movedL = throughL
  if (t - of.nextMs < monthMs) return
  of.sinceMs = of.nextMs
  of.sinceL = of.nextL
  of.nextMs = t
  of.nextL = throughL
}

/** Mean use until it last moved, litres a day; undefined when it was watched for less than `leastMs` until then. */
export function dailyL({ movedMs, movedL, sinceMs, sinceL }: Usage, leastMs: number): number | undefined {
  const ms = movedMs - sinceMs
  return ms < leastMs ? undefined : ((movedL - sinceL) * dayMs) / ms
}
