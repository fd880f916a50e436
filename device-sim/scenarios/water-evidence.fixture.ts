import { meterStatus, type MeterStatusBit } from '../../firmware-contracts/words.ts'
import { hourOfDay } from '../plant/day.ts'
import type { Sample } from './heard.fixture.ts'
import { above, below, every, falls, longestS, type Evidence, type Sign } from './signs.fixture.ts'

/** W01 to W08. */

/** Litres counted in each whole hour that is known from beginning to end: seconds after the start, and L. */
function hourly(registers: readonly Sample[]): readonly Sample[] {
  const hours: Sample[] = []
  let [first] = registers
  for (const sample of registers) {
    if (!first || sample.atS - first.atS < 3_600) continue
    hours.push({ atS: first.atS, value: sample.value - first.value })
    first = sample
  }
  return hours
}

/** So many hours in a row with at least so much. */
const noDryHour =
  (litres: number, hours: number): Sign =>
  (heard, at) =>
    longestS(hourly(heard.samples(at, 'vol_l')), (value) => value >= litres) >= (hours - 1) * 3_600

/** The least hour between two and four of the last nights is above what it was in the first. */
const nightsAbove =
  ({ nights, byLph, byShare }: { nights: number; byLph: number; byShare: number }): Sign =>
  (heard, at) => {
    const quiet = hourly(heard.samples(at, 'vol_l')).filter(({ atS }) => {
      const hour = hourOfDay(heard.startMs + atS * 1000)
      return hour >= 2 && hour < 3.1
    })
    const byNight = Map.groupBy(quiet, ({ atS }) => Math.floor(atS / 86_400))
    const least = [...byNight.values()].map((hours) => Math.min(...hours.map(({ value }) => value)))
    const usual = Math.max(...least.slice(0, -nights))
    const last = least.slice(-nights)
    return least.length > nights && last.every((lph) => lph > usual * (1 + byShare) && lph > usual + byLph)
  }

/** A register that has grown by so much from one report to one within the next day. */
const growsInADay =
  (signal: string, by: number): Sign =>
  (heard, at) => {
    const samples = heard.samples(at, signal)
    return samples.some(({ atS, value }) =>
      samples.some((later) => later.atS > atS && later.atS <= atS + 90_000 && later.value >= value + by),
    )
  }

const bit =
  (name: MeterStatusBit, reports: number): Sign =>
  (heard, at) =>
    heard.samples(at, 'status').filter(({ value }) => meterStatus(value).includes(name)).length >= reports

/** One value for so long. */
const stands =
  (signal: string, forS: number): Sign =>
  (heard, at) => {
    let last = NaN
    const moves = heard.samples(at, signal).map(({ atS, value }) => {
      const moved = value !== last
      last = value
      return { atS, value: moved ? 1 : 0 }
    })
    return longestS(moves, (value) => value === 0) >= forS
  }

const valveFault: Sign = (heard, at) => heard.readings(at).some(({ values }) => values['valve'] === 'fault')

export const waterEvidence: readonly Evidence[] = [
  {
    rule: 'W01',
    scenario: 'water-main-burst',
    at: 'hengkang-b03-water',
    says: '30 % of Q3 for 10 min, and 100 kPa less within 5 min',
    shows: every(above('flow_lph', 0.3 * 25_000, 600), falls('p_kpa', 100, 300)),
    withinH: 6.5,
  },
  {
    rule: 'W01',
    scenario: 'no-water',
    at: 'hengkang-b12-water',
    says: '100 kPa less within 5 min',
    shows: falls('p_kpa', 100, 300),
    withinH: 9.2,
  },
  {
    rule: 'W02',
    scenario: 'burst-hose',
    at: 'hengkang-b07-f102-water',
    says: '1 m³/h in every quarter of an hour for half an hour, and its bit',
    shows: every(above('flow_lph', 999, 1_800), bit('burst', 1)),
    withinH: 37,
  },
  {
    rule: 'W03',
    scenario: 'running-cistern',
    at: 'hengkang-b09-f101-water',
    says: '2.5 L in every hour of a day',
    shows: noDryHour(2.5, 24),
    withinH: 60,
  },
  {
    rule: 'W04',
    scenario: 'night-leak',
    at: 'hengkang-b15-water',
    says: 'the least hour 30 % and 50 L/h above two weeks of nights, in three nights',
    shows: nightsAbove({ nights: 3, byLph: 50, byShare: 0.3 }),
    withinH: 17.5 * 24,
  },
  {
    rule: 'W05',
    scenario: 'backflow',
    at: 'hengkang-b04-f101-water',
    says: '5 L backwards within a day',
    shows: growsInADay('rev_l', 5),
    withinH: 48,
  },
  {
    rule: 'W05',
    scenario: 'backflow',
    at: 'hengkang-b13-water',
    says: '50 L backwards within a day',
    shows: growsInADay('rev_l', 50),
    withinH: 24,
  },
  {
    rule: 'W06',
    scenario: 'tampered-meters',
    at: 'hengkang-b11-f102-water',
    says: 'its magnet in two reports',
    shows: bit('tamper', 2),
    withinH: 60,
  },
  {
    rule: 'W06',
    scenario: 'tampered-meters',
    at: 'hengkang-b16-f101-water',
    says: 'its open cover in two reports',
    shows: bit('cover', 2),
    withinH: 48,
  },
  {
    rule: 'W07',
    scenario: 'open-shaft',
    at: 'hengkang-b05-f101-water',
    says: 'less than 3 °C for an hour, and its bit',
    shows: every(below('t_amb_c10', 30, 3_600), bit('freeze', 1)),
    withinH: 36,
  },
  {
    rule: 'W02',
    scenario: 'open-shaft',
    at: 'hengkang-b05-f101-water',
    says: '1 m³/h in every quarter of an hour for half an hour, after the thaw',
    shows: above('flow_lph', 999, 1_800),
    withinH: 110,
  },
  {
    rule: 'W08',
    scenario: 'standing-meters',
    at: 'hengkang-b06-f101-water',
    says: 'not a litre in 7 days',
    shows: stands('vol_l', 7 * 86_400),
    withinH: 11 * 24,
  },
  {
    rule: 'W08',
    scenario: 'standing-meters',
    at: 'hengkang-b18-f102-water',
    says: 'a valve that does not follow',
    shows: valveFault,
    withinH: 48,
  },
]
