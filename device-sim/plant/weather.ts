import { gaussian, randomFor } from '../random.ts'
import { hourMs, hourOfDay } from './day.ts'

/** A January day in Yangquan: -3 degrees on average, coldest at three in the morning, plus a wandering of
 *  about one degree. A pure function of time: anyone may ask for any instant. */
export interface Weather {
  seed: number
  site: string
  meanC: number
  swingC: number
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
