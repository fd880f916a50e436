import { portName } from '../fleet.ts'
import type { Place, PlaceKind } from '../place.ts'
import { randomFor, type Random } from '../random.ts'
import type { RunningEstate, Strike } from '../scenarios/fault-kind.ts'
import type { Device } from './device.ts'

/** Which devices a fault strikes, and how: a strike that changes nothing but devices. */

/** Where one device stands. */
export const devicePlaces: readonly PlaceKind[] = [
  'station',
  'building',
  'main-meter',
  'gateway',
  'flat',
  'room',
  'shed',
]

/** The device at the place; at a site all of its devices, by id; at a riser none. */
export function devicesAt({ devices }: RunningEstate, place: Place): readonly Device[] {
  if (place.at === 'site') return [...devices.values()]
  const device = 'device' in place ? devices.get(place.device) : undefined
  return device ? [device] : []
}

/** Who dials the broker, and hangs on the mains; who speaks through a gateway has a battery. */
export function isOnMains({ identity }: Device): boolean {
  return identity.gateway === undefined
}

export interface Struck {
  device: Device
  nowMs: number
  place: Place
  /** The device's own chance in this kind of fault. */
  chance: (purpose: string) => Random
}

type Change = (struck: Struck) => void

/** A strike at each device of the place that `which` lets through. */
export function deviceStrike(
  begin: Change,
  end?: Change,
  which: (device: Device) => boolean = () => true,
): Strike {
  const by =
    (change: Change): Strike['begin'] =>
    (estate, place) => {
      const { seed } = estate.design
      for (const device of devicesAt(estate, place).filter(which)) {
        const chance = (purpose: string) => randomFor(seed, device.identity.device, purpose)
        change({ device, nowMs: estate.plant.nowMs, place, chance })
      }
    }
  return { begin: by(begin), ...(end && { end: by(end) }) }
}

/** A signal of the place, as its device knows it: `p03/i_ma` for one of a port. */
export function signalAt(place: Place, signal: string): string {
  return place.at === 'port' ? `${portName(place.port + 1)}/${signal}` : signal
}
