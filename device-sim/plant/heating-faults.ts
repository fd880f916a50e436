import { z } from 'zod'
import { plantStrike, strikes, type FaultKind } from '../scenarios/fault-kind.ts'
import type { PipeBreak } from './heating-loop.ts'

/** What can break between the heat station and the radiators (domain.md E1). */
export const heatingFaults: readonly FaultKind[] = [
  {
    fault: 'burst',
    about: 'A heating pipe breaks at a building: nominal flow `m3h` at 300 kPa, m³/h.',
    at: ['building'],
    rules: ['H01'],
    reaches: 'estate',
    params: strikes(z.strictObject({ m3h: z.number().min(0.1).max(60) }), ({ m3h }) =>
      plantStrike(
        (plant, place) => {
          const building = place.at === 'building' ? place.building : 0
          return { ...plant, loop: { ...plant.loop, breaks: [...plant.loop.breaks, { building, m3h }] } }
        },
        (plant, place) => {
          const mended = ({ building, m3h: flow }: PipeBreak) =>
            place.at === 'building' && building === place.building && flow === m3h
          const at = plant.loop.breaks.findIndex(mended)
          return {
            ...plant,
            loop: { ...plant.loop, breaks: plant.loop.breaks.toSpliced(at, at < 0 ? 0 : 1) },
          }
        },
      ),
    ),
  },
]
