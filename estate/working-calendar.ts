import { z } from 'zod'
import { offsetsOf } from '../platform/time-zone.ts'

/** Which hours count. A burst is counted around the clock; that a socket is hot can wait until people are at
 *  work, and then only the hours at work count.
 *
 *  In China a working week is not the whole story: a public holiday takes days out of it, and 调休 makes a
 *  Saturday or Sunday before or after a working day. The State Council publishes both every November for the
 *  year to come: those of 2026 are built in, those after it are configuration.
 *
 *  A working day is a few stretches of wall-clock time, and a stretch is from the first instant at which the
 *  clock on the wall shows its beginning, or is past it, to the first for its end. So where clocks change an
 *  hour that is jumped over is not counted and one that comes twice is counted twice: what passes is counted. */

const dayMs = 86_400_000
const minuteMs = 60_000
/** Longer than any holiday, and what keeps a search for working time short. */
const longestHolidayDays = 31
const mostHolidays = 400
/** Days whose working hours are kept at hand: ten years. */
const daysRemembered = 3_660

/** `08:00-12:00 14:00-18:00` */
const workingHours = z
  .string()
  .regex(/^[0-2]\d:[0-5]\d-[0-2]\d:[0-5]\d( [0-2]\d:[0-5]\d-[0-2]\d:[0-5]\d)*$/, {
    error: 'expected stretches such as 08:00-12:00 14:00-18:00',
  })
  .refine((text) => areInOrder(stretchesOf(text)), {
    error: 'expected stretches one after the other, each ending after it begins and by 24:00',
  })

const holiday = z
  .object({ name: z.string(), from: z.iso.date(), to: z.iso.date() })
  .refine(({ from, to }) => from <= to, {
    error: 'a holiday ends on the day it begins or later',
    path: ['to'],
  })
  .refine(({ from, to }) => dateMs(to) - dateMs(from) < longestHolidayDays * dayMs, {
    error: `a holiday has at most ${longestHolidayDays} days`,
    path: ['to'],
  })

/** The national holidays of 2026 (State Council, 4 November 2025), and the days worked for them. */
const nationalHolidays: readonly z.infer<typeof holiday>[] = [
  { name: '元旦', from: '2026-01-01', to: '2026-01-03' },
  { name: '春节', from: '2026-02-15', to: '2026-02-23' },
  { name: '清明节', from: '2026-04-04', to: '2026-04-06' },
  { name: '劳动节', from: '2026-05-01', to: '2026-05-05' },
  { name: '端午节', from: '2026-06-19', to: '2026-06-21' },
  { name: '中秋节', from: '2026-09-25', to: '2026-09-27' },
  { name: '国庆节', from: '2026-10-01', to: '2026-10-07' },
]
const nationalMakeUpDays = [
  '2026-01-04',
  '2026-02-14',
  '2026-02-28',
  '2026-05-09',
  '2026-09-20',
  '2026-10-10',
]

/** Days are dates of the site's time zone, hours its wall clock. */
export const workingCalendar = z.object({
  /** 1 is Monday, 7 Sunday. */
  weekdays: z
    .string()
    .regex(/^[1-7]{1,7}$/, { error: 'expected days such as 12345, 1 for Monday' })
    .default('12345'),
  hours: workingHours.default('08:00-12:00 14:00-18:00'),
  /** Besides those that are built in. */
  holidays: z.array(holiday).max(mostHolidays).default([]),
  /** Days that are worked although they are a Saturday, a Sunday (调休) or a holiday; besides those built in. */
  makeUpDays: z.array(z.iso.date()).max(mostHolidays).default([]),
})
export type WorkingCalendar = z.infer<typeof workingCalendar>

/** A way to count time. All instants are epoch ms. */
export interface CountedTime {
  /** What counts of the stretch, ms; 0 where `toMs` is not after `fromMs`. */
  between(fromMs: number, toMs: number): number
  /** The first instant at which `countedMs` (0 or more) have been counted since `fromMs`. */
  after(fromMs: number, countedMs: number): number
  /** Whether time counts at this instant. */
  countsAt(atMs: number): boolean
}

export const aroundTheClock: CountedTime = {
  between: (fromMs, toMs) => Math.max(0, toMs - fromMs),
  after: (fromMs, countedMs) => fromMs + countedMs,
  countsAt: () => true,
}

interface Stretch {
  fromMs: number
  toMs: number
}

/** Counts only the working time of `calendar`. */
export function workingTime(calendar: WorkingCalendar, timeZone: string): CountedTime {
  const hoursOf = hoursOfDays(calendar, offsetsOf(timeZone))
  return {
    between(fromMs, toMs) {
      let countedMs = 0
      for (let date = dayBefore(fromMs); date <= toMs + dayMs && fromMs < toMs; date += dayMs) {
        for (const hours of hoursOf(date))
          countedMs += Math.max(0, Math.min(hours.toMs, toMs) - Math.max(hours.fromMs, fromMs))
      }
      return countedMs
    },
    after(fromMs, countedMs) {
      let leftMs = countedMs
      for (let date = dayBefore(fromMs); leftMs > 0; date += dayMs) {
        for (const hours of hoursOf(date)) {
          const beginMs = Math.max(hours.fromMs, fromMs)
          if (hours.toMs - beginMs >= leftMs) return beginMs + leftMs
          leftMs -= Math.max(0, hours.toMs - beginMs)
        }
      }
      return fromMs
    },
    countsAt(atMs) {
      const around = dayBefore(atMs)
      return [around, around + dayMs, around + 2 * dayMs].some((date) =>
        hoursOf(date).some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs),
      )
    },
  }
}

/** The local date is this one, the next, or the one after that, wherever one is. */
function dayBefore(atMs: number): number {
  return dateOf(atMs) - dayMs
}

/** A date is written as the UTC midnight of the same date. */
function hoursOfDays(calendar: WorkingCalendar, offsetMs: (atMs: number) => number) {
  const hours = stretchesOf(calendar.hours)
  const isWorked = workedDays(calendar)
  const remembered = new Map<number, readonly Stretch[]>()
  return (date: number): readonly Stretch[] => {
    const known = remembered.get(date)
    if (known) return known
    const instant = instantsOf(date, offsetMs)
    const day = isWorked(date)
      ? hours.map(({ fromMs, toMs }) => ({ fromMs: instant(date + fromMs), toMs: instant(date + toMs) }))
      : []
    if (remembered.size >= daysRemembered) remembered.clear()
    remembered.set(date, day)
    return day
  }
}

function workedDays({ weekdays, holidays, makeUpDays }: WorkingCalendar): (date: number) => boolean {
  const made = new Set([...nationalMakeUpDays, ...makeUpDays].map(dateMs))
  const free = new Set<number>()
  for (const { from, to } of [...nationalHolidays, ...holidays])
    for (let date = dateMs(from); date <= dateMs(to); date += dayMs) free.add(date)
  return (date) => made.has(date) || (weekdays.includes(String(weekdayOf(date))) && !free.has(date))
}

/** For the wall-clock times of one day, written as if they were UTC: the first instant at which the clock shows
 *  that time or is past it. Clocks change once in three days at most. */
function instantsOf(date: number, offsetMs: (atMs: number) => number): (localMs: number) => number {
  const before = offsetMs(date - dayMs)
  const after = offsetMs(date + 2 * dayMs)
  return (localMs) => {
    if (before === after) return localMs - before
    const candidates = [localMs - before, localMs - after].sort((a, b) => a - b)
    const [early = 0, late = 0] = candidates
    return (
      candidates.find((atMs) => atMs + offsetMs(atMs) === localMs) ?? changeBetween(early, late, offsetMs)
    )
  }
}

/** The instant in (earlyMs, lateMs] at which the clocks are changed: the offset is another from then on. */
function changeBetween(earlyMs: number, lateMs: number, offsetMs: (atMs: number) => number): number {
  const before = offsetMs(earlyMs)
  let [early, late] = [earlyMs, lateMs]
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2)
    if (offsetMs(middle) === before) early = middle
    else late = middle
  }
  return late
}

/** Since the midnight of the day, on the wall clock. */
function stretchesOf(hours: string): Stretch[] {
  return hours.split(' ').map((stretch) => {
    const [fromMs = 0, toMs = 0] = stretch.split('-').map((time) => {
      const [hour = 0, minute = 0] = time.split(':').map(Number)
      return (hour * 60 + minute) * minuteMs
    })
    return { fromMs, toMs }
  })
}

function areInOrder(stretches: readonly Stretch[]): boolean {
  return stretches.every(({ fromMs, toMs }, at) => {
    const before = stretches[at - 1]?.toMs ?? 0
    return before <= fromMs && fromMs < toMs && toMs <= dayMs
  })
}

function dateMs(date: string): number {
  return Date.parse(`${date}T00:00:00Z`)
}

function dateOf(localMs: number): number {
  return Math.floor(localMs / dayMs) * dayMs
}

/** 1 is Monday; the epoch began on a Thursday. */
function weekdayOf(date: number): number {
  const days = date / dayMs
  return ((((days + 3) % 7) + 7) % 7) + 1
}
