import { z } from 'zod'

/** The heating year of a station, as the heating company runs it (domain.md A2):
 *  - `off`: wet lay-up; the loop stands full and cold, the pump stands still.
 *  - `fill-test`: late October; what the summer's repairs drained is filled up again, then the pump turns the
 *    cold water round to find what leaks. No heat.
 *  - `ramp`: opening night; heat, but gently, for cold pipes and old joints must not be shocked.
 *  - `heating`: the winter.
 *  - `shutdown`: no more heat; the pump turns until the water is lukewarm. */
const seasonModes = ['off', 'fill-test', 'ramp', 'heating', 'shutdown'] as const
export type SeasonMode = (typeof seasonModes)[number]

const mode = z.enum(seasonModes)
const turn = z.strictObject({
  t: z
    .number()
    .min(0)
    .max(366 * 86_400)
    .describe('when it turns'),
  mode: mode.describe('into what'),
})

/** One mode for the whole scenario, or its turns in the order of their time; the first holds from the start. */
export const seasonSchema = z.union(
  [
    mode.transform((only) => [{ t: 0, mode: only }]),
    z
      .array(turn)
      .min(1)
      .max(100)
      .refine((turns) => turns.every(({ t }, at) => t >= (turns[at - 1]?.t ?? t)), {
        error: 'expected the turns of the season in the order of their time',
      }),
  ],
  { error: `expected ${seasonModes.join(', ')}, or a list of turns { t, mode }` },
)

export type Season = z.infer<typeof seasonSchema>

/** The mode `elapsedS` seconds after the start. */
export function modeAt(season: Season, elapsedS: number): SeasonMode {
  return (season.findLast(({ t }) => t <= elapsedS) ?? season[0])?.mode ?? 'heating'
}

/** Whether the station's controller wants heat in this mode. */
export function wantsHeat(season: SeasonMode): boolean {
  return season === 'ramp' || season === 'heating'
}
