import { z } from 'zod'
import { escalationLevels } from './service-words.ts'
import { aroundTheClock, workingCalendar, workingTime, type CountedTime } from './working-calendar.ts'

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

/** Waiting stops only being there and repairing: to know of a fault needs no spare part, and a valve is closed,
 *  a shed cut off, whoever is away. */
const pausable = z.array(z.enum(['on-site', 'restore'])).readonly()
const repairOnly = pausable.default(['restore'])
const cannotGoThere = pausable.default(['on-site', 'restore'])

const pauses = z.object({
  parts: repairOnly,
  'resident-away': cannotGoThere,
  'heating-company': repairOnly,
  'water-company': repairOnly,
  'power-company': repairOnly,
  permit: repairOnly,
  weather: cannotGoThere,
  other: repairOnly,
})

/** Who is told when so much of a target has passed: 0.8 is soon due, 1 is due. */
const step = z.object({ level: z.enum(escalationLevels), atShare: z.number().min(0.1).max(10) })
const steps = z.array(step).max(10).readonly()
const threeLevels = steps.default([
  { level: 'shift-engineer', atShare: 0.8 },
  { level: 'head-of-shift', atShare: 1 },
  { level: 'company-duty', atShare: 2 },
])

export const serviceLevels = z.object({
  targets: targets.prefault({}),
  calendar: workingCalendar.prefault({}),
  /** Reason of a pause -> the clocks that stand still. */
  pauses: pauses.prefault({}),
  /** A pause that nobody ends is over after so long: a forgotten one must not hide an order for ever. */
  pauseAtMostMs: z
    .int()
    .min(hour)
    .max(92 * day)
    .default(14 * day),
  escalation: z
    .object({
      P1: threeLevels,
      P2: threeLevels,
      P3: steps.default([
        { level: 'shift-engineer', atShare: 0.8 },
        { level: 'head-of-shift', atShare: 1 },
      ]),
      P4: steps.default([{ level: 'shift-engineer', atShare: 1 }]),
    })
    .prefault({}),
})
export type ServiceLevels = z.infer<typeof serviceLevels>

export const defaultServiceLevels: ServiceLevels = serviceLevels.parse({})

/** Service levels with their calendars at hand, to count by. */
export interface CountedLevels extends ServiceLevels {
  time: Readonly<Record<Target['counts'], CountedTime>>
}

export function countedLevels(levels: ServiceLevels, timeZone: string): CountedLevels {
  return {
    ...levels,
    time: { always: aroundTheClock, 'working-time': workingTime(levels.calendar, timeZone) },
  }
}
