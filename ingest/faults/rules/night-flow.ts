import { z } from 'zod'

/** The least hour of a night, and the mean flow of the day before it, L/h; 0 = unknown. */
const night = z.tuple([z.number(), z.number()])
type Night = z.infer<typeof night>

/** A house by night: between two and four nearly everybody sleeps, and what still flows in the least hour is what
 *  flows always. A leak of 250 L/h drowns in the day; it doubles the night.
 *
 *  What is usual the last 14 nights tell: the 20th percentile of their least hours (UKWIR) is what flows always, the
 *  80th is what a night with late visitors comes to. Three nights in a row have to be above both. They teach nothing
 *  unless a fourth is as it should be, so a leak does not become usual. And the usual moves with the people: when a
 *  house fills for a festival its days grow as well, so each remembered night counts for as much more as the day now
 *  is above the day that was. What a leak itself adds is first taken off the day.
 *
 *  The register tells it, whose difference over an hour is right whatever was lost between. */
export const nightFlow = z.object({
  /** Local day whose night is being watched; -1 before the first, and closed when its morning has come. */
  day: z.int(),
  closed: z.boolean(),
  /** Between two and four: sampling time and litres that had gone through, one after the other. */
  recent: z.array(z.number()),
  /** The least hour so far, L/h. */
  leastLph: z.number().nullable(),
  /** When the last night was closed, and what had gone through. */
  closedMs: z.number(),
  closedL: z.number(),
  /** Nights remembered, oldest first. */
  nights: z.array(night),
  /** The latest nights that were all too high. */
  high: z.array(night),
  /** How many of the latest nights were as they should be. */
  calm: z.int(),
  /** The last night, and what it should not have exceeded, L/h; null while unknown. */
  lastLph: z.number().nullable(),
  limitLph: z.number().nullable(),
  leaks: z.boolean(),
})
export type NightFlow = z.infer<typeof nightFlow>

export interface NightLimits {
  /** Above what flows always by this share, and by so much above a night with visitors, L/h, is too high … */
  share: number
  lph: number
  /** … in so many nights; less by this share of it is as it should be, in so many. */
  nights: number
  clearShare: number
  clearNights: number
  /** Nights that have to be known. Before, a household may use so much by night, L/h. */
  knownNights: number
  householdLph: number
}

const hourMs = 3_600_000
const nightHours = { from: 2, until: 4 }
const nightsKept = 14
/** One number for each so many minutes. */
const apartMs = 300_000
/** Enough of the two hours to have seen the least of them. */
const spanMs = 1.5 * hourMs
/** A longer interval tells a mean, not its least hour. */
const gapMs = 1.25 * hourMs
/** A day of less tells nothing of who is at home. */
const dayLeastMs = 20 * hourMs

export function firstNight(t: number, throughL: number): NightFlow {
  return {
    day: -1,
    closed: true,
    recent: [],
    leastLph: null,
    closedMs: t,
    closedL: throughL,
    nights: [],
    high: [],
    calm: 0,
    lastLph: null,
    limitLph: null,
    leaks: false,
  }
}

/** Takes in what had gone through the house's meter at `t`. */
export function watchNight(
  of: NightFlow,
  { t, throughL, localHour }: { t: number; throughL: number; localHour: number },
  { limits, households }: { limits: NightLimits; households: number },
): void {
  const hour = localHour % 24
  const day = Math.floor(localHour / 24)
  const isNight = hour >= nightHours.from && hour < nightHours.until
  if (!of.closed && (day !== of.day || hour >= nightHours.until))
    close(of, { t, throughL, limits, households })
  if (!isNight) return
  if (day !== of.day) {
    of.day = day
    of.closed = false
    of.recent = []
    of.leastLph = null
  }
  if (t - (of.recent.at(-2) ?? 0) >= apartMs) hourOfNight(of, t, throughL)
}

/** Forgets the night it is in: its register was exchanged. */
export function spoilNight(of: NightFlow, t: number, throughL: number): void {
  of.recent = []
  of.leastLph = null
  of.closedMs = t
  of.closedL = throughL
}

function hourOfNight(of: NightFlow, t: number, throughL: number): void {
  for (let at = of.recent.length - 2; at >= 0; at -= 2) {
    const ms = t - (of.recent[at] ?? t)
    if (ms < hourMs) continue
    const lph = ((throughL - (of.recent[at + 1] ?? throughL)) * hourMs) / ms
    if (ms <= gapMs) of.leastLph = Math.min(of.leastLph ?? lph, lph)
    break
  }
  of.recent.push(t, throughL)
}

interface Morning {
  t: number
  throughL: number
  limits: NightLimits
  households: number
}

function close(of: NightFlow, { t, throughL, limits, households }: Morning): void {
  const dayMs = t - of.closedMs
  const dayLph = dayMs < dayLeastMs ? 0 : ((throughL - of.closedL) * hourMs) / dayMs
  const seenMs = (of.recent.at(-2) ?? 0) - (of.recent[0] ?? 0)
  const lph = of.leastLph
  Object.assign(of, { closed: true, recent: [], leastLph: null, closedMs: t, closedL: throughL })
  if (lph === null || seenMs < spanMs) return
  const tonight: Night = [lph, dayLph]
  const limitLph = limitOf(of.nights, tonight, { limits, households })
  if (limitLph === undefined) return learn(of, [tonight])
  of.lastLph = lph
  of.limitLph = limitLph
  if (lph > limitLph) of.high = [...of.high, tonight].slice(-limits.nights)
  else {
    if (!of.leaks) learn(of, [...of.high, tonight])
    of.high = []
  }
  of.calm = lph < limitLph * (1 - limits.clearShare) ? of.calm + 1 : 0
  if (of.high.length >= limits.nights) of.leaks = true
  if (of.calm >= limits.clearNights) of.leaks = false
}

function learn(of: NightFlow, nights: readonly Night[]): void {
  of.nights = [...of.nights, ...nights].slice(-nightsKept)
}

/** What this night should not exceed, L/h; undefined when nothing is known of the house. */
function limitOf(
  nights: readonly Night[],
  [lph, dayLph]: Night,
  { limits, households }: { limits: NightLimits; households: number },
): number | undefined {
  if (nights.length < limits.knownNights)
    return households === 0 ? undefined : households * limits.householdLph
  const asTheyWere = percentile(
    nights.map(([least]) => least),
    0.2,
  )
  const peopleLph = dayLph - Math.max(0, lph - asTheyWere)
  const asTheyWouldBe = nights.map(([least, day]) => least * Math.max(1, day > 0 ? peopleLph / day : 1))
  const always = percentile(asTheyWouldBe, 0.2)
  return Math.max(always * (1 + limits.share), percentile(asTheyWouldBe, 0.8) + limits.lph)
}

/** The flow of the latest day as a share of what the days remembered come to, their 80th percentile; 1 as long as it is
 *  unknown. */
export function atHome({ nights }: NightFlow): number {
  const days = nights.map(([, dayLph]) => dayLph).filter((dayLph) => dayLph > 0)
  const usualLph = percentile(days, 0.8)
  return usualLph > 0 ? (days.at(-1) ?? usualLph) / usualLph : 1
}

function percentile(values: readonly number[], share: number): number {
  const ascending = values.toSorted((a, b) => a - b)
  return ascending[Math.floor(share * (ascending.length - 1))] ?? 0
}
