import { kinds } from '../../../firmware-contracts/message.ts'
import type { Place } from '../places.ts'
import { isStuck, timesImpossible } from '../sensor-health.ts'
import type { Condition } from './rule.ts'
import { sensorsOf, type SensorFacts } from './sensor-table.ts'

/** Is a sensor itself what is wrong (D03, D04)? A condition for each, so that each has an alarm of its own. */

const everySensor = [
  ...kinds.flatMap((kind) => sensorsOf({ kind })),
  ...sensorsOf({ kind: 'charger', port: 'p01' }),
]
const names = [...new Set(everySensor.map(({ signal }) => signal))]
const mayStick = [
  ...new Set(everySensor.flatMap(({ signal, movesBy }) => (movesBy === undefined ? [] : [signal]))),
]

function factsAt(place: Place, signal: string): SensorFacts | undefined {
  return sensorsOf(place).find((facts) => facts.signal === signal)
}

/** D03 */
export const stuckSensors: readonly Condition[] = mayStick.map((signal) => ({
  name: signal,
  signal,
  ofSensor: true,
  at: (place) => factsAt(place, signal)?.movesBy !== undefined,
  timing: ({ D03 }) => ({ onDelayMs: 0, offDelayMs: D03.offDelayMs }),
  judge({ senses: { sensors }, place, t }, values) {
    const sensor = sensors?.[signal]
    const facts = factsAt(place, signal)
    if (!sensor?.standing || !facts || !(signal in values)) return 'nothing'
    if (isStuck(sensor, facts, t, place.limits)) return 'breach'
    return t - sensor.standing.sinceMs < place.limits.D03.offDelayMs ? 'calm' : 'between'
  },
  limit: () => undefined,
}))

/** D04 */
export const impossibleSensors: readonly Condition[] = names.map((signal) => ({
  name: signal,
  signal,
  ofSensor: true,
  at: (place) => factsAt(place, signal) !== undefined,
  timing: ({ D04 }) => ({ onDelayMs: 0, offDelayMs: D04.offDelayMs }),
  judge({ senses: { sensors }, place }, values) {
    const sensor = sensors?.[signal]
    if (!sensor) return 'nothing'
    const times = timesImpossible(sensor)
    if (times >= place.limits.D04.inARow) return 'breach'
    if (times > 0) return 'between'
    return signal in values ? 'calm' : 'nothing'
  },
  limit: () => undefined,
}))
