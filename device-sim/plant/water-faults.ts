import { z } from 'zod'
import type { Place } from '../place.ts'
import { plantStrike, strikes, type FaultKind, type Strike } from '../scenarios/fault-kind.ts'
import type { EstateDesign, EstatePlant } from './estate-plant.ts'
import { hourMs } from './day.ts'
import type { Trouble } from './household-draws.ts'
import { asInstalled, countingAgain, exchanged, stopped, type MeterFittings } from './meter-fittings.ts'
import { closedShaftC } from './meter-shaft.ts'
import {
  closeShaft,
  mainMeter,
  mlPerMinuteOf,
  throughMeter,
  withoutTrouble,
  withTrouble,
  type BuildingWater,
  type Through,
} from './water-network.ts'

/** What can break in the cold water (domain.md B, rules W01 to W08, and E2). */

const nothing = z.strictObject({}).prefault({})

interface Struck {
  was: BuildingWater
  design: EstateDesign
  building: number
  place: Place
  plant: EstatePlant
}

type Change = (struck: Struck) => BuildingWater

/** Changes the water of the building where it strikes. */
function waterStrike(begin: Change, end?: Change): Strike {
  const by = (change: Change) => (plant: EstatePlant, place: Place, design: EstateDesign) => {
    const building = 'building' in place ? place.building : -1
    const was = plant.water.buildings[building]
    if (!was) return plant
    const now = change({ was, design, building, place, plant })
    return { ...plant, water: { ...plant.water, buildings: plant.water.buildings.with(building, now) } }
  }
  return plantStrike(by(begin), end && by(end))
}

const homeOf = (place: Place): number | 'all' => (place.at === 'flat' ? place.flat : 'all')

type Event = Trouble extends infer T
  ? T extends Trouble
    ? Omit<T, 'home' | 'cause' | 'fromMs' | 'untilMs'>
    : never
  : never

/** Something that begins at a home, or at all of a building, and lasts until it is repaired. */
function troubleStrike(cause: string, event: Event): Strike {
  return waterStrike(
    ({ was, design, building, place, plant }) => {
      const lasts = { home: homeOf(place), cause, fromMs: plant.water.atMs, untilMs: Infinity }
      return withTrouble(design.water, building, was, { ...event, ...lasts })
    },
    ({ was, design, building, place, plant }) =>
      withoutTrouble(design.water, building, was, { home: homeOf(place), cause, atMs: plant.water.atMs }),
  )
}

/** Water runs away behind the building's meter, the more the higher the pressure. */
function leakStrike(lph: number): Strike {
  const by =
    (change: number): Change =>
    ({ was }) => ({ ...was, leakLphNominal: was.leakLphNominal + change })
  return waterStrike(by(lph), by(-lph))
}

type Refit = (was: MeterFittings, through: Through) => MeterFittings

/** Something is done to the meter itself. */
function meterStrike(begin: Refit, end?: Refit): Strike {
  const by =
    (refit: Refit): Change =>
    ({ was, place, plant }) => {
      const home = place.at === 'flat' ? place.flat : mainMeter
      const fittings = refit(was.meters.get(home) ?? asInstalled, throughMeter(plant.water, was, home))
      return { ...was, meters: new Map([...was.meters, [home, fittings]]) }
    }
  return waterStrike(by(begin), end && by(end))
}

const waterLoss: readonly FaultKind[] = [
  {
    fault: 'water-burst',
    about:
      "A building's water main breaks behind its meter: `lph` at 350 kPa, L/h. Above some 25,000 its pressure " +
      'falls by 100 kPa and more.',
    at: ['building', 'main-meter'],
    rules: ['W01'],
    reaches: 'place',
    params: strikes(z.strictObject({ lph: z.number().min(1).max(60_000) }), ({ lph }) => leakStrike(lph)),
  },
  {
    fault: 'water-leak',
    about:
      'A hidden leak behind a building’s meter: `lph` at 350 kPa, L/h (100 to 500); it grows with the root of ' +
      'the pressure, and only the nights tell of it.',
    at: ['building', 'main-meter'],
    rules: ['W04'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ lph: z.number().min(20).max(2_000).default(250) }).prefault({}),
      ({ lph }) => leakStrike(lph),
    ),
  },
  {
    fault: 'flat-burst',
    about: 'A hose bursts in a flat: `lph`, L/h (1,200 to 2,500).',
    at: ['flat'],
    rules: ['W02'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ lph: z.number().min(1_000).max(2_500).default(1_800) }).prefault({}),
      ({ lph }) => troubleStrike('flat-burst', { is: 'flow', mlPerMinute: mlPerMinuteOf(lph) }),
    ),
  },
  {
    fault: 'flat-leak',
    about: 'A cistern runs or a tap drips in a flat: `lph`, L/h (2 to 60), day and night.',
    at: ['flat'],
    rules: ['W03'],
    reaches: 'place',
    params: strikes(z.strictObject({ lph: z.number().min(2).max(60).default(12) }).prefault({}), ({ lph }) =>
      troubleStrike('flat-leak', { is: 'flow', mlPerMinute: mlPerMinuteOf(lph) }),
    ),
  },
  {
    fault: 'main-shut',
    about:
      "A building's entrance valve is closed: no water and no pressure behind it, and its meters run dry.",
    at: ['building', 'main-meter'],
    rules: ['W01'],
    reaches: 'place',
    params: strikes(nothing, () => troubleStrike('main-shut', { is: 'dry' })),
  },
  {
    fault: 'reverse-flow',
    about:
      'A check valve leaks: whenever the street loses pressure, every `everyH` hours, `l` litres run back within ' +
      'five minutes (0.5 to 20 in a flat, 50 and more through a building’s meter).',
    at: ['flat', 'main-meter', 'building'],
    rules: ['W05'],
    reaches: 'place',
    params: strikes(
      z
        .strictObject({
          l: z.number().min(0.5).max(1_000).default(12),
          everyH: z.number().min(0.5).max(168).default(12),
        })
        .prefault({}),
      ({ l, everyH }) =>
        troubleStrike('reverse-flow', {
          is: 'back',
          mlPerMinute: Math.round((l * 1000) / 5),
          everyMs: Math.round(everyH * 60) * (hourMs / 60),
        }),
    ),
  },
]

const meterFaults: readonly FaultKind[] = [
  {
    fault: 'meter-tampered',
    about:
      'Somebody is at a meter: with a magnet (its register stands, its tamper bit is set), or he has opened its ' +
      'cover (it counts on).',
    at: ['flat', 'main-meter'],
    rules: ['W06'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ by: z.enum(['magnet', 'cover']).default('magnet') }).prefault({}),
      ({ by }) =>
        meterStrike(
          (was, { forwardMl }) =>
            by === 'magnet' ? { ...stopped(was, forwardMl), seal: 'magnet' } : { ...was, seal: 'cover-open' },
          (was, { forwardMl }) => ({ ...countingAgain(was, forwardMl), seal: 'whole' }),
        ),
    ),
  },
  {
    fault: 'shaft-open',
    about:
      'A meter shaft stands open in the frost. Its air follows the weather within six hours; after twelve below ' +
      'zero the pipe is ice and the register stands; when it thaws, the pipe bursts with `burstLph` (0: it holds).',
    at: ['flat', 'building', 'main-meter'],
    rules: ['W07'],
    brings: ['W02', 'W01'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ burstLph: z.number().min(0).max(60_000).default(1_800) }).prefault({}),
      ({ burstLph }) =>
        waterStrike(
          ({ was, plant, place, design, building }) => {
            const homes = homesInShaft(design, building, place)
            const airC = closedShaftC(plant.outdoorC)
            return {
              ...was,
              shafts: [...was.shafts, { homes, airC, belowZeroMs: 0, burstLph, pipe: 'sound' }],
            }
          },
          ({ was, plant, place, design, building }) =>
            closeShaft(design.water, building, was, {
              homes: homesInShaft(design, building, place),
              atMs: plant.water.atMs,
            }),
        ),
    ),
  },
  {
    fault: 'meter-stopped',
    about: 'A meter’s register jams: people draw on, and nothing is counted.',
    at: ['flat', 'main-meter'],
    rules: ['W08'],
    reaches: 'place',
    params: strikes(nothing, () =>
      meterStrike(
        (was, { forwardMl }) => stopped(was, forwardMl),
        (was, { forwardMl }) => countingAgain(was, forwardMl),
      ),
    ),
  },
  {
    fault: 'water-valve-stuck',
    about:
      'The valve in a flat’s meter is stuck in lime: it follows no command, and its daily exercise finds that out.',
    at: ['flat'],
    rules: ['W08'],
    reaches: 'place',
    params: strikes(nothing, () =>
      meterStrike(
        (was) => ({ ...was, valveSticks: true }),
        (was) => ({ ...was, valveSticks: false }),
      ),
    ),
  },
  {
    fault: 'meter-exchanged',
    about:
      'A meter is exchanged for a new one, which is born anew, its register at `startsAtL` litres. Nothing is wrong.',
    at: ['flat', 'main-meter'],
    rules: [],
    reaches: 'place',
    params: strikes(
      z.strictObject({ startsAtL: z.int().min(0).max(1e9).default(0) }).prefault({}),
      ({ startsAtL }) => {
        const { begin } = meterStrike((was, through) => exchanged(was, through, startsAtL * 1000))
        return {
          begin: (estate, place) => {
            begin(estate, place)
            if ('device' in place) estate.devices.get(place.device)?.reboot(estate.plant.nowMs, 'power_on')
          },
        }
      },
    ),
  },
]

/** The flats of a stair have their meters in one shaft; the building's hangs in its own. */
function homesInShaft({ estate }: EstateDesign, building: number, place: Place): readonly (number | 'all')[] {
  if (place.at !== 'building') return [homeOf(place)]
  return (estate.buildings[building]?.meteredFlats ?? []).map((_, flat) => flat)
}

export const waterFaults: readonly FaultKind[] = [...waterLoss, ...meterFaults]
