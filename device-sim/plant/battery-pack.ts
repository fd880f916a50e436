import { pick, type Random } from '../random.ts'

/** The four packs that residents ride on, and how a charger feeds them: full power, then a taper that dies
 *  away exponentially. domain.md E3. */
export interface Pack {
  name: string
  wh: number
  chargerW: number
  /** State of charge at which the taper begins. */
  taperFrom: number
  taperTimeS: number
  powerFactor: number
}

const lead = { taperFrom: 0.8, taperTimeS: 3600, powerFactor: 0.72 }
const lithium = { taperFrom: 0.92, taperTimeS: 1500, powerFactor: 0.9 }

export const packs: readonly [Pack, Pack, Pack, Pack] = [
  { name: 'lead 48 V 12 Ah', wh: 576, chargerW: 110, ...lead },
  { name: 'lead 48 V 20 Ah', wh: 960, chargerW: 160, ...lead },
  { name: 'lead 72 V 32 Ah', wh: 2304, chargerW: 420, ...lead },
  { name: 'lithium 48 V 24 Ah', wh: 1152, chargerW: 240, ...lithium },
]

/** What a full charger still draws. */
const floorW = 4
const efficiency = 0.86

export interface Charge {
  /** 0 to 1. */
  soc: number
  /** Seconds spent in the taper so far. */
  taperS: number
}

export function somePack(random: Random): Pack {
  return pick(random, packs)
}

/** Charge left after the day's errands: beta(2, 5), by the second smallest of six. */
export function arrivingSoc(random: Random): number {
  const six = [random(), random(), random(), random(), random(), random()].sort((a, b) => a - b)
  return six[1] ?? 0
}

/** Power the charger draws from the mains now, W. */
export function chargerPowerW(pack: Pack, { soc, taperS }: Charge): number {
  if (soc < pack.taperFrom) return pack.chargerW
  return Math.max(pack.chargerW * Math.exp(-taperS / pack.taperTimeS), floorW)
}

/** The charge after `dtS` at a constant `powerW` above 0. */
export function chargeFor(pack: Pack, was: Charge, powerW: number, dtS: number): Charge {
  const soc = Math.min(1, was.soc + (powerW * efficiency * dtS) / 3600 / pack.wh)
  return { soc, taperS: was.taperS + Math.max(0, dtS - timeToTaperS(pack, was, powerW)) }
}

/** Time at `powerW` until the taper begins, s; 0 when it has begun. */
export function timeToTaperS(pack: Pack, { soc }: Charge, powerW: number): number {
  return Math.max(0, ((pack.taperFrom - soc) * pack.wh * 3600) / (powerW * efficiency))
}
