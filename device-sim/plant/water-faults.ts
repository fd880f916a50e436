import { z } from 'zod'
import type { Place } from '../place.ts'
import { plantStrike, strikes, type FaultKind } from '../scenarios/fault-kind.ts'
import type { EstatePlant } from './estate-plant.ts'

/** What can break in the cold water (domain.md E2). */
export const waterFaults: readonly FaultKind[] = [
  {
    fault: 'water-burst',
    about: "A building's water main breaks behind its meter: `lph` at 350 kPa, L/h.",
    at: ['building', 'main-meter'],
    rules: ['W01'],
    reaches: 'place',
    params: strikes(z.strictObject({ lph: z.number().min(1).max(60_000) }), ({ lph }) =>
      plantStrike(
        (plant, place) => withLeak(plant, place, lph),
        (plant, place) => withLeak(plant, place, -lph),
      ),
    ),
  },
]

function withLeak(plant: EstatePlant, place: Place, lph: number): EstatePlant {
  const struck = 'building' in place ? place.building : -1
  const buildings = plant.water.buildings.map((water, index) =>
    index === struck ? { ...water, leakLphNominal: water.leakLphNominal + lph } : water,
  )
  return { ...plant, water: { ...plant.water, buildings } }
}
