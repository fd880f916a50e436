import type { Reading } from '../../../firmware-contracts/message.ts'
import type { IncidentChange } from '../changes.ts'
import {
  connects,
  inOrder,
  minute,
  morning,
  newEngine,
  opened,
  says,
  tellAll,
  ticks,
  type Event,
} from '../twenty-houses.fixture.ts'

/** For tests only: what the sheds of the estate of twenty houses say. Times in seconds after seven in the morning. */

export const charger = 'hengkang-shed1-charger'
export const shedNode = 'hengkang-shed1-ctl'
export const portNode = (port = 'p02') => `hengkang-shed1-${port}`

export function port(
  atSecond: number,
  values: Reading['values'],
  { name = 'p02', class: kind = 'tele' }: { name?: string; class?: Reading['class'] } = {},
): Event {
  return says({ device: charger, port: name, atMs: morning + atSecond * 1_000, values, class: kind })
}

export function shed(atSecond: number, values: Reading['values'], kind: Reading['class'] = 'tele'): Event {
  return says({ device: charger, atMs: morning + atSecond * 1_000, values, class: kind })
}

/** As `[second, value]`. */
export type Curve = readonly (readonly [atSecond: number, value: number])[]

/** What happens, while the controller says every minute that it lives, and until every hold-off is over. */
export function tellShed(events: readonly Event[], engine = newEngine()): IncidentChange[] {
  const told = inOrder(events)
  const [fromMs, untilMs] = [told[0]?.atMs ?? morning, (told.at(-1)?.atMs ?? morning) + 3 * minute]
  const beats = Math.floor((untilMs - fromMs) / minute)
  const lives = Array.from({ length: beats }, (_, beat) => connects(charger, fromMs + (beat + 0.5) * minute))
  return tellAll(engine, inOrder([...told, ...lives, ...ticks(fromMs, untilMs)]))
}

/** The orders that come of it: rule, severity, place. */
export function ordersAfter(events: readonly Event[]): string[] {
  return opened(tellShed(events)).map(({ rule, severity, root }) => `${rule} ${severity} ${root}`)
}
