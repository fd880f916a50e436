import { decode } from '../../firmware-contracts/decode.ts'
import type { RuleId } from './catalogue.ts'
import type { Heard, Sample } from './heard.fixture.ts'

/** What a rule of the catalogue looks for, and in which scenario it is to be heard: the place, and a sign made of
 *  a signal, its limit and how long it holds. Limits are in the units of the wire names. */

export interface Evidence {
  rule: RuleId
  scenario: string
  /** A device, or a port of one. */
  at: string
  /** Who else has to be listened to. */
  beside?: readonly string[]
  says: string
  shows: (heard: Heard, at: string) => boolean
  /** Heard so many hours after the start at the latest. */
  withinH: number
}

export type Sign = Evidence['shows']

/** The longest stretch of samples for which it is so, s. */
export function longestS(samples: readonly Sample[], isSo: (value: number, atS: number) => boolean): number {
  let [longest, sinceS] = [-1, NaN]
  for (const { atS, value } of samples) {
    if (!isSo(value, atS)) sinceS = NaN
    else {
      if (Number.isNaN(sinceS)) sinceS = atS
      longest = Math.max(longest, atS - sinceS)
    }
  }
  return longest
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

export const above =
  (signal: string, limit: number, forS: number): Sign =>
  (heard, at) =>
    longestS(heard.samples(at, signal), (value) => value > limit) >= forS

export const below =
  (signal: string, limit: number, forS: number): Sign =>
  (heard, at) =>
    longestS(heard.samples(at, signal), (value) => value < limit) >= forS

/** Below a share of what it was in the scenario's first hour. */
export const belowUsual =
  (signal: string, share: number, forS: number): Sign =>
  (heard, at) => {
    const samples = heard.samples(at, signal)
    const usual = median(samples.flatMap(({ atS, value }) => (atS < 3_600 ? [value] : [])))
    return longestS(samples, (value) => value < share * usual) >= forS
  }

/** Above the last value of another signal by so much. */
export const aboveOther =
  (signal: string, other: { at: string; signal: string }, by: number, forS: number): Sign =>
  (heard, at) => {
    const others = heard.samples(other.at, other.signal)
    let next = 0
    const higher = (value: number, atS: number) => {
      while ((others[next + 1]?.atS ?? Infinity) <= atS) next++
      return value > (others[next]?.value ?? Infinity) + by
    }
    return longestS(heard.samples(at, signal), higher) >= forS
  }

/** So much less than at some moment of the last `withinS`. */
export const falls =
  (signal: string, by: number, withinS: number): Sign =>
  (heard, at) =>
    hasChanged(heard.samples(at, signal), withinS, (before, after) => after <= before - by)

export const rises =
  (signal: string, by: number, withinS: number): Sign =>
  (heard, at) =>
    hasChanged(heard.samples(at, signal), withinS, (before, after) => after >= before + by)

function hasChanged(
  samples: readonly Sample[],
  withinS: number,
  isSo: (before: number, after: number) => boolean,
): boolean {
  return samples.some(({ atS, value }, index) => {
    for (let before = samples[index - 1], back = 1; before && atS - before.atS <= withinS;) {
      if (isSo(before.value, value)) return true
      before = samples[index - ++back]
    }
    return false
  })
}

/** The mean of the hour before each sample. */
export const hourMeanAbove =
  (signal: string, limit: number, forS: number): Sign =>
  (heard, at) => {
    const samples = heard.samples(at, signal)
    const means = samples.flatMap(({ atS }, index) => {
      const hour = samples.slice(0, index + 1).filter((each) => each.atS > atS - 3_600)
      const sum = hour.reduce((total, { value }) => total + value, 0)
      return atS < 3_600 ? [] : [{ atS, value: sum / hour.length }]
    })
    return longestS(means, (value) => value > limit) >= forS
  }

export const every =
  (...signs: readonly Sign[]): Sign =>
  (heard, at) =>
    signs.every((shows) => shows(heard, at))

/** Nothing at all is heard for so long. */
export const silent =
  (forS: number): Sign =>
  (heard, at) => {
    const moments = [...heard.said(at).map(({ t }) => t), heard.endMs]
    return moments.some((t, index) => t - (moments[index - 1] ?? t) > forS * 1000)
  }

/** The median of five offsets between a live reading and its arrival, s. */
export const clockOff =
  (byS: number): Sign =>
  (heard, at) => {
    const offsets = heard.said(at).flatMap(({ t, topic, payload }) => {
      const decoded = decode(topic, payload)
      const live = decoded.ok && decoded.message.type === 'readings' && decoded.message.readings[0]
      return live && ['tele', 'state', 'event'].includes(live.class) ? [Math.abs(live.t - t) / 1000] : []
    })
    return offsets.some((_, index) => median(offsets.slice(index, index + 5)) > byS)
  }

/** A share of an hour's numbers comes twice. */
export const twice =
  (share: number): Sign =>
  (heard, at) => {
    const hours = Map.groupBy(heard.readings(at), ({ t }) => Math.floor(t / 3_600_000))
    return [...hours.values()].some((readings) => {
      const numbers = new Set(readings.map(({ boot, seq }) => `${boot}/${seq}`))
      return readings.length - numbers.size > share * readings.length
    })
  }

/** Numbers go back under the same boot, and not by a retransmission's one or two. */
export const regress: Sign = (heard, at) => {
  const readings = heard.readings(at).filter(({ class: messageClass }) => messageClass === 'tele')
  return readings.some(({ boot, seq }, index) => {
    const last = readings[index - 1]
    return last !== undefined && last.boot === boot && seq < last.seq - 10
  })
}

export const boots =
  (times: number, withinS: number): Sign =>
  (heard, at) => {
    const births = heard
      .messages(at)
      .flatMap((message) => (message.type === 'birth' && message.birth.boot > 1 ? [message.birth.t] : []))
    return births.some((t, index) => (births[index + times - 1] ?? Infinity) - t <= withinS * 1000)
  }

export const broken =
  (signal: string): Sign =>
  (heard, at) => {
    const marked = heard.readings(at).filter(({ quality }) => quality[signal] !== undefined)
    return marked.length >= 3
  }

export const refused =
  (times: number): Sign =>
  (heard, at) =>
    heard.said(at).filter(({ topic, payload }) => !decode(topic, payload).ok).length >= times

/** A value that keeps to one unit for 6 h and 60 samples, while another signal moves. */
export const stuck =
  (signal: string, moving: string): Sign =>
  (heard, at) => {
    const samples = heard.samples(at, signal)
    const last = samples.filter(({ atS }) => atS > (samples.at(-1)?.atS ?? 0) - 6.2 * 3_600)
    const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values)
    const others = heard.samples(at, moving).map(({ value }) => value)
    return last.length >= 60 && spread(last.map(({ value }) => value)) <= 1 && spread(others) > 3
  }

/** Each jump is more than physics, three times in a row. */
export const jumps =
  (signal: string, by: number): Sign =>
  (heard, at) => {
    const samples = heard.samples(at, signal)
    const jumped = samples.map(({ value }, index) => {
      const last = samples[index - 1]
      return last !== undefined && Math.abs(value - last.value) > by
    })
    return jumped.some((_, index) => index > 1 && jumped.slice(index - 2, index + 1).every(Boolean))
  }

export const reports =
  (signal: string, limit: number, times: number): Sign =>
  (heard, at) =>
    heard.samples(at, signal).filter(({ value }) => value < limit).length >= times
