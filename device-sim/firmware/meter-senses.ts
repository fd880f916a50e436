import type { EstatePlant } from '../plant/estate-plant.ts'
import { asInstalled, shownMl, type MeterFittings } from '../plant/meter-fittings.ts'
import { closedShaftC } from '../plant/meter-shaft.ts'
import { mainMeter, throughMeter } from '../plant/water-network.ts'

/** What a water meter can know of the world: what its register shows, and what its contacts feel. */
export interface MeterSenses extends Pick<MeterFittings, 'seal' | 'valve' | 'valveSticks' | 'exchanged'> {
  forwardL: number
  reverseL: number
  /** Through its measuring part; 0 where that stands still. */
  flowLph: number
  pipe: 'full' | 'empty'
  airC: number
  pressureKpa: number
}

/** `home` is the flat's index, or `mainMeter`. */
export function senseMeter({ water, outdoorC }: EstatePlant, building: number, home: number): MeterSenses {
  const supply = water.buildings[building]
  const meter = supply?.meters.get(home) ?? asInstalled
  const through = supply && throughMeter(water, supply, home)
  const isThere = (trouble: { home: number | 'all' }) =>
    trouble.home === 'all' || (home !== mainMeter && trouble.home === home)
  const shaft = supply?.shafts.find(({ homes }) => homes.includes(home === mainMeter ? 'all' : home))
  const isEmpty = supply?.troubles.some(
    (trouble) =>
      trouble.is === 'dry' &&
      trouble.cause === 'main-shut' &&
      isThere(trouble) &&
      trouble.untilMs > water.atMs,
  )
  return {
    forwardL: Math.max(0, Math.floor(shownMl(meter, through?.forwardMl ?? 0) / 1000)),
    reverseL: Math.max(0, Math.floor(((through?.reverseMl ?? 0) + meter.reverseOffsetMl) / 1000)),
    flowLph: meter.stoppedAtMl === undefined ? Math.round(through?.flowLph ?? 0) : 0,
    pipe: isEmpty ? 'empty' : 'full',
    airC: shaft?.airC ?? closedShaftC(outdoorC),
    pressureKpa: supply?.pressureKpa ?? 0,
    seal: meter.seal,
    valve: meter.valve,
    valveSticks: meter.valveSticks,
    exchanged: meter.exchanged,
  }
}
