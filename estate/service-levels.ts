import { z } from 'zod'
import {
  aroundTheClock,
  workingCalendar,
  workingTime,
  type CountedTime,
  type WorkingCalendar,
} from './working-calendar.ts'

/** What the residents are promised: how soon somebody answers, is there, has made it safe, has repaired it, by
 *  severity (domain.md B). Every number is configuration of the district or of one site;
 *  `serviceLevels.parse({ targets: { P1: { acknowledge: { withinMs: 180_000 } } } })` changes one and keeps the
 *  rest. */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Two stretches of four hours, as the default calendar has them. */
const workingDay = 8 * hour

const counts = z.enum(['always', 'working-time'])
const withinMs = z
  .int()
  .min(minute)
  .max(366 * day)

const target = z.object({ withinMs, counts })
export type Target = z.infer<typeof target>

/** A target with a default; what is not set has none unless somebody sets it. */
function within(ms: number, how: Target['counts'] = 'always') {
  return z.object({ withinMs: withinMs.default(ms), counts: counts.default(how) }).prefault({})
}
const none = target.exactOptional()

const targets = z.object({
  P1: z
    .object({
      acknowledge: within(5 * minute),
      'on-site': within(30 * minute),
      'make-safe': within(hour),
      restore: within(4 * hour),
    })
    .prefault({}),
  P2: z
    .object({
      acknowledge: within(15 * minute),
      'on-site': within(2 * hour),
      'make-safe': none,
      restore: within(day),
    })
    .prefault({}),
  /** Half a working day to answer, three days to repair. */
  P3: z
    .object({
      acknowledge: within(4 * hour, 'working-time'),
      'on-site': none,
      'make-safe': none,
      restore: within(3 * workingDay, 'working-time'),
    })
    .prefault({}),
  /** Planned within a fortnight, which is ten working days. */
  P4: z
    .object({
      acknowledge: none,
      'on-site': none,
      'make-safe': none,
      restore: within(10 * workingDay, 'working-time'),
    })
    .prefault({}),
})

/** What stands still while an order waits. Never the answer nor the making safe: to know of a fault needs no spare
 *  part, and a valve is closed, a shed cut off, whoever is away. */
const standsStill = z.enum(['nothing', 'restore', 'on-site-and-restore'])

const pauses = z.object({
  parts: standsStill.default('restore'),
  'resident-away': standsStill.default('on-site-and-restore'),
  'heating-company': standsStill.default('restore'),
  'water-company': standsStill.default('restore'),
  'power-company': standsStill.default('restore'),
  permit: standsStill.default('restore'),
  weather: standsStill.default('on-site-and-restore'),
  other: standsStill.default('restore'),
})

/** The share of a target after which somebody is told: 0.8 is soon due, 1 is due; 0 is never. */
const share = (fallback: number) => z.number().min(0).max(10).default(fallback)

function told(engineer: number, head: number, company: number) {
  return z
    .object({
      'shift-engineer': share(engineer),
      'head-of-shift': share(head),
      'company-duty': share(company),
    })
    .prefault({})
}

export const serviceLevels = z.object({
  targets: targets.prefault({}),
  calendar: workingCalendar.prefault({}),
  pauses: pauses.prefault({}),
  /** A pause that nobody ends is over after so long: a forgotten one must not hide an order for ever. */
  pauseAtMostMs: z
    .int()
    .min(hour)
    .max(92 * day)
    .default(14 * day),
  escalation: z
    .object({ P1: told(0.8, 1, 2), P2: told(0.8, 1, 2), P3: told(0.8, 1, 0), P4: told(1, 0, 0) })
    .prefault({}),
})
export type ServiceLevels = z.infer<typeof serviceLevels>

export const defaultServiceLevels: ServiceLevels = serviceLevels.parse({})

/** Service levels with their calendars at hand, to count by. */
export interface CountedLevels extends ServiceLevels {
  time: Readonly<Record<Target['counts'], CountedTime>>
}

export function countedLevels(levels: ServiceLevels, timeZone: string): CountedLevels {
  return { ...levels, time: countedTimes(levels.calendar, timeZone) }
}

export function countedTimes(calendar: WorkingCalendar, timeZone: string): CountedLevels['time'] {
  return { always: aroundTheClock, 'working-time': workingTime(calendar, timeZone) }
}
