import { z } from 'zod'
import { gaussian, randomFor } from '../random.ts'
import { hourMs, hourOfDay } from './day.ts'

const seconds = z
  .number()
  .min(0)
  .max(366 * 86_400)

/** The weather a scenario asks for; a January day in Yangquan unless told. */
export const weatherSchema = z.strictObject({
  meanC: z.number().min(-30).max(35).default(-3).describe('mean of the day, °C'),
  swingC: z
    .number()
    .min(0)
    .max(15)
    .default(5)
    .describe('half the difference between the warmest and the coldest hour, K'),
  spells: z
    .array(
      z.strictObject({
        t: seconds.describe('when it comes'),
        until: seconds.describe('when it goes'),
        byK: z.number().min(-30).max(30).describe('how much warmer it is, K; colder below zero'),
      }),
    )
    .max(100)
    .default([])
    .describe('cold snaps and thaws; each comes and goes over six hours'),
})

/** Coldest at three in the morning, plus a wandering of about one degree. A pure function of time: anyone may
 *  ask for any instant. */
export interface Weather extends z.infer<typeof weatherSchema> {
  seed: number
  site: string
  /** When the scenario began, epoch ms. */
  beganMs: number
}

const spellComesMs = 6 * hourMs
/** What is left of an hour's deviation in the next: weather forgets itself in half a day. */
const memoryPerHour = 0.8
const rememberedHours = 20

/** °C outdoors at `atMs`. */
export function outdoorC(weather: Weather, atMs: number): number {
  const daily = weather.swingC * Math.sin((2 * Math.PI * (hourOfDay(atMs) - 9)) / 24)
  return weather.meanC + daily + spellsK(weather, atMs) + wandering(weather, atMs)
}

function spellsK({ spells, beganMs }: Weather, atMs: number): number {
  return spells.reduce((sum, { t, until, byK }) => {
    const come = eased((atMs - beganMs - t * 1000) / spellComesMs)
    const gone = eased((atMs - beganMs - until * 1000) / spellComesMs)
    return sum + byK * (come - gone)
  }, 0)
}

/** From 0 to 1 as `along` goes from 0 to 1, without a kink. */
function eased(along: number): number {
  const within = Math.min(1, Math.max(0, along))
  return within * within * (3 - 2 * within)
}

/** An AR(1) of one kelvin with a knot an hour, joined smoothly. */
function wandering(weather: Weather, atMs: number): number {
  const hour = Math.floor(atMs / hourMs)
  const ease = eased(atMs / hourMs - hour)
  return knot(weather, hour) * (1 - ease) + knot(weather, hour + 1) * ease
}

/** An AR(1) written as the sum of the shocks it still remembers, so that no past has to be replayed. */
function knot({ seed, site }: Weather, hour: number): number {
  let sum = 0
  for (let ago = 0; ago < rememberedHours; ago++)
    sum += memoryPerHour ** ago * gaussian(randomFor(seed, site, `weather/${hour - ago}`))
  return sum * Math.sqrt(1 - memoryPerHour ** 2)
}
