import type { EstateDesign, EstatePlant } from './estate-plant.ts'
import { asInstalled } from './meter-fittings.ts'
import { withoutTrouble, withTrouble } from './water-network.ts'

/** The valve in a flat's meter, turned from afar. */
export interface FlatPlace {
  building: number
  flat: number
}

const cause = 'valve'

/** The estate after the valve was told to move; a stuck one stays where it is. */
export function turnValve(
  design: EstateDesign,
  plant: EstatePlant,
  { building, flat }: FlatPlace,
  to: 'open' | 'closed',
): EstatePlant {
  const was = plant.water.buildings[building]
  const meter = was?.meters.get(flat) ?? asInstalled
  if (!was || meter.valveSticks || meter.valve === to) return plant
  const { atMs } = plant.water
  const turned =
    to === 'closed'
      ? withTrouble(design.water, building, was, {
          is: 'dry',
          home: flat,
          cause,
          fromMs: atMs,
          untilMs: Infinity,
        })
      : withoutTrouble(design.water, building, was, { home: flat, cause, atMs })
  const meters = new Map([...was.meters, [flat, { ...meter, valve: to }]])
  const buildings = plant.water.buildings.with(building, { ...turned, meters })
  return { ...plant, water: { ...plant.water, buildings } }
}
