import { z } from 'zod'
import type { LocalHour } from './local-hour.ts'

/** The heating year of a site: what its station is doing decides which rules are watched (domain.md A2).
 *
 *  - `off`: wet lay-up; the loop stands full and cold.
 *  - `fill-test`: late October; it is filled up and tried for leaks, so odd pressures are expected.
 *  - `ramp`: opening night; heat, but gently.
 *  - `heating`: the winter.
 *  - `shutdown`: no more heat; the pump turns until the water is lukewarm.
 *
 *  The year goes by the calendar on the wall, and what was announced goes before it: an early start is a stretch
 *  of `heating` in October, a late stop one in April, a trial in summer one of `fill-test`. */
export const seasonModes = ['off', 'fill-test', 'ramp', 'heating', 'shutdown'] as const
export type SeasonMode = (typeof seasonModes)[number]

/** Announcements a site remembers. */
const announcementLimit = 100

const monthDay = (fallback: string) =>
  z
    .string()
    .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'expected a month and a day, such as 11-01')
    .default(fallback)

/** From `fromMs` on, until `toMs` (exclusive) or, without it, for good; epoch ms. */
const stretch = z
  .strictObject({ mode: z.enum(seasonModes), fromMs: z.int().min(0), toMs: z.int().min(0).exactOptional() })
  .refine(({ fromMs, toMs }) => toMs === undefined || toMs > fromMs, {
    error: 'expected toMs after fromMs',
    path: ['toMs'],
  })

export const season = z.object({
  /** Each year's turns, at local midnight. Seldom confirmed in writing, so every site may have its own. */
  fillTestFrom: monthDay('10-15'),
  rampFrom: monthDay('10-29'),
  heatingFrom: monthDay('11-01'),
  shutdownFrom: monthDay('04-01'),
  offFrom: monthDay('04-08'),
  /** Walls follow the heat in days: so long after a turn of the year no house is called too cold. */
  settleMs: z
    .int()
    .min(0)
    .default(3 * 24 * 60 * 60_000),
  /** What differs from the usual year; where two overlap, the later in the list holds. */
  announced: z.array(stretch).max(announcementLimit).default([]),
})
export type Season = z.infer<typeof season>

/** The mode of a site at a moment (epoch ms); `localHour` knows the site's time zone. */
export function modeAt({ season }: { season: Season }, atMs: number, localHour: LocalHour): SeasonMode {
  const announced = season.announced.findLast(
    ({ fromMs, toMs }) => atMs >= fromMs && (toMs === undefined || atMs < toMs),
  )
  return announced?.mode ?? usualMode(season, monthDayAt(localHour(atMs)))
}

/** The latest turn of the year up to this day; before the first one, the last of the year before. */
function usualMode(season: Season, today: string): SeasonMode {
  const turns = [
    { from: season.fillTestFrom, mode: 'fill-test' },
    { from: season.rampFrom, mode: 'ramp' },
    { from: season.heatingFrom, mode: 'heating' },
    { from: season.shutdownFrom, mode: 'shutdown' },
    { from: season.offFrom, mode: 'off' },
  ] as const
  const passed = turns.filter(({ from }) => from <= today)
  const [first, ...rest] = passed.length > 0 ? passed : turns
  return rest.reduce((latest, turn) => (turn.from >= latest.from ? turn : latest), first).mode
}

/** `11-01`; as text, days of a year lie in their order. */
function monthDayAt(localHourIndex: number): string {
  return new Date(localHourIndex * 3_600_000).toISOString().slice(5, 10)
}
