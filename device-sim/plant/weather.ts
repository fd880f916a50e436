import { z } from 'zod'
import { gaussian, randomFor } from '../random.ts'
import { hourMs, hourOfDay } from './day.ts'

/** The weather a scenario asks for; a January day in Yangquan unless told. */
export const weatherSchema = z.strictObject({
  /** Mean of the day, °C. */
  meanC: z.number().min(-30).max(35).default(-3),
  /** Half the difference between the warmest and the coldest hour, K. */
  swingC: z.number().min(0).max(15).default(5),
})

/** Coldest at three in the morning, plus a wandering of about one degree. A pure function of time: anyone may
 *  ask for any instant. */
export interface Weather extends z.infer<typeof weatherSchema> {
  seed: number
  site: string
}

/** °C outdoors at `atMs`. */
export function outdoorC(weather: Weather, atMs: number): number {
  const daily = weather.swingC * Math.sin((2 * Math.PI * (hourOfDay(atMs) - 9)) / 24)
  return weather.meanC + daily + wandering(weather, atMs)
}

/** One random knot an hour, joined smoothly. */
function wandering(weather: Weather, atMs: number): number {
  const hour = Math.floor(atMs / hourMs)
  const along = atMs / hourMs - hour
  const ease = along * along * (3 - 2 * along)
  return knot(weather, hour) * (1 - ease) + knot(weather, hour + 1) * ease
}

function knot({ seed, site }: Weather, hour: number): number {
  return gaussian(randomFor(seed, site, `weather/${hour}`))
}
