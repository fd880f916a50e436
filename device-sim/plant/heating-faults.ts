import { z } from 'zod'
import type { Place } from '../place.ts'
import { both, plantStrike, strikes, type FaultKind, type Strike } from '../scenarios/fault-kind.ts'
import type { HeatFittings } from './building-heat.ts'
import type { EstateDesign, EstatePlant } from './estate-plant.ts'
import type { FlatState } from './flats.ts'
import { refit } from './heating-loop.ts'
import { ratedHz, type LoopFittings, type PipeBreak } from './loop-fittings.ts'

/** What can break between the primary network and the radiators (domain.md B and E1). A fault changes a fitting
 *  of the loop, of the heat or of a flat; what follows from it is physics. */

const nothing = z.strictObject({}).prefault({})
const share = (min: number, max: number) => z.number().min(min).max(max)

type Change<Fittings> = Partial<Fittings> | ((was: Fittings, building: number) => Partial<Fittings>)

function changed<Fittings extends object>(was: Fittings, change: Change<Fittings>, place: Place) {
  return typeof change === 'function' ? change(was, buildingOf(place)) : change
}

/** Changes fittings of the loop, and puts them back. */
function loopStrike(begin: Change<LoopFittings>, end: Change<LoopFittings>): Strike {
  const by = (change: Change<LoopFittings>) => (plant: EstatePlant, place: Place, design: EstateDesign) => {
    const fittings = changed(plant.loop.fittings, change, place)
    return { ...plant, loop: refit(design.loop, plant.loop, fittings) }
  }
  return plantStrike(by(begin), by(end))
}

/** One building's valve, or the air in its pipes; 1 is as it should be. */
function buildingStrike(fitting: 'valves' | 'air', value: number): Strike {
  return loopStrike(
    (was, building) => ({ [fitting]: was[fitting].with(building, value) }),
    (was, building) => ({ [fitting]: was[fitting].with(building, 1) }),
  )
}

function heatStrike(begin: Change<HeatFittings>, end: Change<HeatFittings>): Strike {
  const by = (change: Change<HeatFittings>) => (plant: EstatePlant, place: Place) => {
    const fittings = { ...plant.heat.fittings, ...changed(plant.heat.fittings, change, place) }
    return { ...plant, heat: { ...plant.heat, fittings } }
  }
  return plantStrike(by(begin), by(end))
}

/** One flat, or all on a riser. */
function flatStrike(begin: Partial<FlatState>, end: Partial<FlatState>): Strike {
  const by = (change: Partial<FlatState>) => (plant: EstatePlant, place: Place) => ({
    ...plant,
    flats: plant.flats.map((flats, building) =>
      building !== buildingOf(place)
        ? flats
        : flats.map((flat, room) =>
            place.at === 'room' && place.room !== room ? flat : { ...flat, ...change },
          ),
    ),
  })
  return plantStrike(by(begin), by(end))
}

function buildingOf(place: Place): number {
  return 'building' in place ? place.building : -1
}

/** A hole next to a building; mended by its size, so that two may be open at once. */
function breakStrike(m3h: number): Strike {
  return loopStrike(
    ({ breaks }, building) => ({ breaks: [...breaks, { building, m3h }] }),
    ({ breaks }, building) => {
      const mended = (hole: PipeBreak) => hole.building === building && hole.m3h === m3h
      const at = breaks.findIndex(mended)
      return { breaks: breaks.toSpliced(at, at < 0 ? 0 : 1) }
    },
  )
}

const waterFaults: readonly FaultKind[] = [
  {
    fault: 'burst',
    about:
      'A heating pipe breaks at a building: `m3h` at 300 kPa, m³/h (6 to 40). Above what the make-up can give, the ' +
      'pressure falls, deepest next to the break.',
    at: ['building'],
    rules: ['H01'],
    reaches: 'estate',
    params: strikes(z.strictObject({ m3h: z.number().min(0.1).max(60) }), ({ m3h }) => breakStrike(m3h)),
  },
  {
    fault: 'leak',
    about:
      'A hidden leak at a building: `m3h` at 300 kPa, m³/h (0.3 to 5). The make-up covers it, so that only the ' +
      'make-up tells of it; above 4 % of the circulation (3.5 m³/h in the demo) the pressure sinks as well.',
    at: ['building'],
    rules: ['H04', 'H02'],
    reaches: 'place',
    params: strikes(z.strictObject({ m3h: z.number().min(0.1).max(6) }), ({ m3h }) => breakStrike(m3h)),
  },
  {
    fault: 'make-up-failed',
    about: 'The make-up pump fails: its fault bit is set at once, and by evening the loop is empty.',
    at: ['station'],
    rules: ['H06', 'H02', 'H01'],
    reaches: 'estate',
    params: strikes(nothing, () => loopStrike({ makeUp: 'failed' }, { makeUp: 'works' })),
  },
  {
    fault: 'make-up-runs-on',
    about: 'The make-up pump no longer stops: the pressure climbs to the relief valve and stays there.',
    at: ['station'],
    rules: ['H03', 'H04'],
    reaches: 'estate',
    params: strikes(nothing, () => loopStrike({ makeUp: 'runs-on' }, { makeUp: 'works' })),
  },
  {
    fault: 'tank-inlet-shut',
    about:
      'No water comes into the make-up tank: a water cut, or a float valve that jams. It lasts for hours.',
    at: ['station'],
    rules: ['H06', 'H02'],
    reaches: 'estate',
    params: strikes(nothing, () => loopStrike({ tankInlet: 'shut' }, { tankInlet: 'open' })),
  },
  {
    fault: 'primary-leak',
    about:
      'The heat exchanger leaks: `m3h` of primary water presses into the loop, m³/h. The make-up stops, the ' +
      'pressure climbs to the relief valve; above 4 % of the circulation it climbs on.',
    at: ['station'],
    rules: ['H03'],
    reaches: 'estate',
    params: strikes(z.strictObject({ m3h: z.number().min(0.1).max(20).default(2) }).prefault({}), ({ m3h }) =>
      loopStrike({ primaryInM3h: m3h }, { primaryInM3h: 0 }),
    ),
  },
  {
    fault: 'relief-passes',
    about:
      'The relief valve stays open a little: `m3h` at 300 kPa to the drain, m³/h; the make-up covers it.',
    at: ['station'],
    rules: ['H04', 'H02'],
    reaches: 'estate',
    params: strikes(
      z.strictObject({ m3h: z.number().min(0.1).max(10).default(1.5) }).prefault({}),
      ({ m3h }) => loopStrike({ reliefPassesM3h: m3h }, { reliefPassesM3h: 0 }),
    ),
  },
  {
    fault: 'relief-blocked',
    about: 'The relief valve no longer opens. Nobody notices until something else drives the pressure up.',
    at: ['station'],
    rules: ['H03'],
    reaches: 'estate',
    params: strikes(nothing, () => loopStrike({ relief: 'blocked' }, { relief: 'works' })),
  },
]

const flowFaults: readonly FaultKind[] = [
  {
    fault: 'pump-trip',
    about:
      'The circulation pump trips: three percent of the flow is left, by gravity, and the rooms cool. With ' +
      '`standbyAfterS` the second pump takes over after so many seconds.',
    at: ['station'],
    rules: ['H05'],
    reaches: 'estate',
    params: strikes(
      z.strictObject({ standbyAfterS: z.number().min(5).max(86_400).optional() }).prefault({}),
      ({ standbyAfterS = Infinity }) =>
        plantStrike(
          (plant, _, design) => {
            const loop = refit(design.loop, plant.loop, { pump: 'tripped' })
            return { ...plant, loop: { ...loop, standbyInS: standbyAfterS } }
          },
          (plant, _, design) => ({ ...plant, loop: refit(design.loop, plant.loop, { pump: 'sound' }) }),
        ),
    ),
  },
  {
    fault: 'station-power-cut',
    about:
      'The station has no power: circulation and make-up stand until it returns, and the primary valve falls shut. ' +
      'Whether its controller falls silent too is a fault of its own.',
    at: ['station'],
    rules: ['H05', 'H07', 'H02'],
    reaches: 'estate',
    params: strikes(nothing, () => loopStrike({ power: 'off' }, { power: 'on' })),
  },
  {
    fault: 'pump-slow',
    about: "The pump's frequency converter gives only `hz` (of 50): flow and pressure difference fall.",
    at: ['station'],
    rules: ['H05'],
    reaches: 'estate',
    params: strikes(z.strictObject({ hz: z.number().min(5).max(50).default(22) }).prefault({}), ({ hz }) =>
      loopStrike({ pumpHz: hz }, { pumpHz: ratedHz }),
    ),
  },
  {
    fault: 'strainer-clogged',
    about:
      'Dirt in the strainer before the pump: `open` is the share of its mesh that is left (0.05 to 0.6).',
    at: ['station'],
    rules: ['H12'],
    reaches: 'estate',
    params: strikes(z.strictObject({ open: share(0.05, 1).default(0.25) }).prefault({}), ({ open }) =>
      loopStrike({ strainer: open }, { strainer: 1 }),
    ),
  },
  {
    fault: 'air-lock',
    about:
      "Air in a building's pipes multiplies their resistance by `factor`; 25 leaves a fifth of the flow, and " +
      'the rooms at 15 °C two days later.',
    at: ['building'],
    rules: ['H08', 'H10'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ factor: z.number().min(2).max(1_000).default(25) }).prefault({}),
      ({ factor }) => buildingStrike('air', factor),
    ),
  },
  {
    fault: 'valve-shut',
    about:
      "A building's entrance valve was shut and forgotten: `open` is the share that it still is (0 to 0.5). " +
      'Its gauges, before the valve, see nothing of it.',
    at: ['building'],
    rules: ['H09', 'H08', 'H10'],
    reaches: 'place',
    params: strikes(z.strictObject({ open: share(0, 0.9).default(0.05) }).prefault({}), ({ open }) =>
      buildingStrike('valves', open),
    ),
  },
]

const heatFaults: readonly FaultKind[] = [
  {
    fault: 'primary-loss',
    about:
      'The heating company delivers only `left` of its heat (0 to 1): the supply leaves its curve, downwards.',
    at: ['station'],
    rules: ['H07', 'H10'],
    reaches: 'estate',
    params: strikes(z.strictObject({ left: share(0, 1).default(0) }).prefault({}), ({ left }) =>
      heatStrike({ primary: left }, { primary: 1 }),
    ),
  },
  {
    fault: 'off-curve',
    about:
      'The controller follows a wrong curve: `offsetK` above it, or below if negative. +25 K on a cold day ' +
      'brings the supply above 85 °C.',
    at: ['station'],
    rules: ['H07'],
    reaches: 'estate',
    params: strikes(
      z.strictObject({ offsetK: z.number().min(-40).max(40).default(25) }).prefault({}),
      ({ offsetK }) => heatStrike({ curveOffsetK: offsetK }, { curveOffsetK: 0 }),
    ),
  },
  {
    fault: 'primary-valve-stuck',
    about:
      'The primary control valve is stuck, `open` (0 to 1): its position no longer follows the command, and the ' +
      'supply goes where that leads.',
    at: ['station'],
    rules: ['H07'],
    reaches: 'estate',
    params: strikes(z.strictObject({ open: share(0, 1).default(1) }).prefault({}), ({ open }) =>
      heatStrike({ valveStuck: open }, { valveStuck: undefined }),
    ),
  },
  {
    fault: 'freezing',
    about:
      "A building's heating stands still and the weather blows into its cellar: below 5 °C in the entrance pipes " +
      'within hours, if it is cold enough.',
    at: ['building'],
    rules: ['H11', 'H09'],
    reaches: 'place',
    params: strikes(nothing, () => {
      const shut = buildingStrike('valves', 0)
      const opened = heatStrike(
        ({ openCellars }, building) => ({ openCellars: [...openCellars, building] }),
        ({ openCellars }, building) => ({ openCellars: openCellars.filter((each) => each !== building) }),
      )
      return both(shut, opened)
    }),
  },
  {
    fault: 'room-cold',
    about:
      'Radiators that stay cold, in one flat or on a riser with all its flats: they end up `belowK` colder than ' +
      'the house.',
    at: ['room', 'riser'],
    rules: ['H10'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ belowK: z.number().min(0.5).max(15).default(4) }).prefault({}),
      ({ belowK }) => flatStrike({ coldK: belowK }, { coldK: 0 }),
    ),
  },
  {
    fault: 'window-open',
    about:
      'A window stands open in a flat, `share` of the way: it cools by degrees an hour, and warms up again.',
    at: ['room'],
    rules: ['H10', 'H11'],
    reaches: 'place',
    params: strikes(
      z.strictObject({ share: share(0.05, 1).default(0.3) }).prefault({}),
      ({ share: window }) => flatStrike({ window }, { window: 0 }),
    ),
  },
]

export const heatingFaults: readonly FaultKind[] = [...waterFaults, ...flowFaults, ...heatFaults]
