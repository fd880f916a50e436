import { z } from 'zod'
import type { LocalHour } from './local-hour.ts'
import type { Place } from './places.ts'
import { chargingSenses, freshCharging, senseCharging } from './rules/charging-senses.ts'
import { deviceSenses, senseDevice } from './rules/device-senses.ts'
import { freshHeating, heatingSenses, senseHeating } from './rules/heating-senses.ts'
import { freshWater, senseWater, waterSenses } from './rules/water-senses.ts'
import type { Seen } from './rules/rule.ts'
import type { Values } from './sample.ts'
import { sensorSenses } from './sensor-health.ts'

/** What one stream of samples remembers of its past, each part bounded; the conditions of the rules read it.
 *  A stream has only the senses of its place. */
export const senses = z.object({
  ...heatingSenses,
  ...waterSenses,
  ...chargingSenses,
  ...deviceSenses,
  ...sensorSenses,
})
export type Senses = z.infer<typeof senses>

export function freshSenses(place: Place): Senses {
  switch (place.kind) {
    case 'heat-station':
    case 'heat-entrance':
    case 'room-sensor':
      return freshHeating(place)
    case 'water-meter':
      return freshWater(place)
    case 'charger':
      return freshCharging(place)
    case 'gateway':
      return {}
  }
}

/** Takes in the sample of `atMs`, newer than all before it; `seen` still stands at the one before. */
export function sense(
  seen: Seen,
  values: Values,
  { atMs, boot }: { atMs: number; boot: number },
  localHour: LocalHour,
): void {
  const { senses: of, place } = seen
  senseDevice(of, place, values, atMs)
  switch (place.kind) {
    case 'heat-station':
    case 'heat-entrance':
    case 'room-sensor':
      return senseHeating(seen, values, { atMs, boot })
    case 'water-meter':
      return senseWater(of, { place, localHour }, values, atMs)
    case 'charger':
      return senseCharging(of, place, values, atMs)
    case 'gateway':
  }
}
