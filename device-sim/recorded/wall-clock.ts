import { hourMs } from '../plant/day.ts'

/** From the clock on somebody's wall to the instant, where the clock is turned twice a year. In autumn an hour
 *  comes twice; in spring one does not come at all. */
export interface WallClock {
  /** The instants at which the wall shows `wallMs` (epoch ms of the same figures read as UTC), the earlier first:
   *  one as a rule, two in the hour that comes twice, none in the one that is left out. */
  instants: (wallMs: number) => readonly number[]
}

const dayMs = 24 * hourMs

/** `zone`: an IANA name. Throws a `RangeError` when there is no such zone. */
export function wallClock(zone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' })
  const known = new Map<number, number>()
  /** Zones are turned on whole hours: one entry an hour asked for, a few a year of recording. */
  const offsetMs = (atMs: number): number => {
    const hour = Math.floor(atMs / hourMs)
    const found = known.get(hour) ?? offsetIn(format, hour * hourMs)
    known.set(hour, found)
    return found
  }
  return {
    instants(wallMs) {
      const [before, after] = [offsetMs(wallMs - dayMs), offsetMs(wallMs + dayMs)]
      const candidates = before === after ? [before] : [before, after]
      return candidates
        .map((offset) => ({ atMs: wallMs - offset, offset }))
        .filter(({ atMs, offset }) => offsetMs(atMs) === offset)
        .map(({ atMs }) => atMs)
        .sort((a, b) => a - b)
    },
  }
}

function offsetIn(format: Intl.DateTimeFormat, atMs: number): number {
  const name = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0', minutes = '0'] = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name) ?? []
  const size = (Number(hours) * 60 + Number(minutes)) * 60_000
  return sign === '-' ? -size : size
}
