import { z } from 'zod'
import { plantStrike, strikes, type FaultKind } from '../scenarios/fault-kind.ts'
import { weldRelay } from './charging-shed.ts'

/** What can break in a charging shed (domain.md E3). */
export const chargingFaults: readonly FaultKind[] = [
  {
    fault: 'relay-welded',
    about: "A charging port's relay no longer opens. Only a new relay ends it.",
    at: ['port'],
    rules: ['C04'],
    reaches: 'place',
    params: strikes(z.strictObject({}).prefault({}), () =>
      plantStrike((plant, place) => ({
        ...plant,
        sheds: plant.sheds.map((shed, index) =>
          place.at === 'port' && index === place.shed ? weldRelay(shed, place.port, plant.nowMs) : shed,
        ),
      })),
    ),
  },
]
