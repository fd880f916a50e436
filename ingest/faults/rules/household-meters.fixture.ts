import { meterStatusOf, type MeterStatusBit } from '../../../firmware-contracts/words.ts'
import {
  morning,
  newEngine,
  opened,
  says,
  tellAll,
  ticks,
  twentyHouses,
  type Event,
} from '../twenty-houses.fixture.ts'

/** For tests only: what a flat's meter samples every quarter of an hour, uploads once a day, and tells at once. */

export const quarterMs = 900_000
export const quartersPerDay = 96
export const flatMeter = 'hengkang-b05-f101-water'
export const flatNode = 'hengkang-b05-f101'

/** Quarters of an hour with the same litres each. */
export const quarters = (count: number, litres: number): number[] =>
  Array.from({ length: count }, () => litres)

/** A day from seven to seven, seen by the quarter: showers, cooking, an evening, and a dry night. */
export const usualDay: readonly number[] = [
  ...[30, 40, 12, 0, 0, 8, 0, 0],
  ...quarters(16, 3),
  ...[10, 14, 6, 0],
  ...quarters(20, 2),
  ...[12, 20, 18, 6, 25, 40, 10, 3],
  ...[6, 0, 6, 0],
  ...quarters(24, 0),
  ...[6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0],
]

interface Story {
  device?: string
  /** Register before the first quarter, litres. */
  registerL?: number
  /** Quarters between two uploads. */
  uploadEvery?: number
  /** Samples that the meter never takes or that are lost, by their number. */
  without?: (quarter: number) => boolean
  fromMs?: number
}

/** The uploads of a meter through which so many litres went in each quarter of an hour. */
export function uploads(
  litres: readonly number[],
  {
    device = flatMeter,
    registerL = 5_000,
    uploadEvery = quartersPerDay,
    without,
    fromMs = morning,
  }: Story = {},
): Event[] {
  let shown = registerL
  return [0, ...litres].flatMap((drawn, quarter) => {
    shown += drawn
    if (without?.(quarter)) return []
    const sentMs = fromMs + Math.ceil(quarter / uploadEvery) * uploadEvery * quarterMs
    return [
      {
        ...says({ device, atMs: fromMs + quarter * quarterMs, class: 'batch', values: { vol_l: shown } }),
        atMs: sentMs,
      },
    ]
  })
}

/** A word said at once, of the bits that are set. */
export function bits(
  names: readonly MeterStatusBit[],
  atMs: number,
  { device = flatMeter, event = false }: { device?: string; event?: boolean } = {},
): Event {
  const values = { status: meterStatusOf(names), ...(event && { ev: 'alarm' }) }
  return says({ device, atMs, class: event ? 'event' : 'state', values })
}

/** An engine that knows the meters of two of the twenty houses only: their stories last for weeks. */
export function meterEngine() {
  const devices = twentyHouses.devices.filter(({ id }) => /-b0[56]-.*water$|-b0[56]-gw$/.test(id))
  return newEngine({ ...twentyHouses, devices })
}

/** The orders that have been opened two minutes after a story, without what is said about silence. */
export function ordersOf(events: readonly Event[]) {
  const endMs = events.at(-1)?.atMs ?? morning
  const changes = tellAll(meterEngine(), [...events, ...ticks(endMs, endMs + 120_000)])
  return opened(changes).filter(({ causeClass }) => causeClass !== 'silence')
}
