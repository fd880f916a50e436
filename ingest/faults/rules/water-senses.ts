import { z } from 'zod'
import { emptyFall, fallWindow, follow } from '../fall-window.ts'
import { emptyBaseline, flowBaseline, learn, turnTo } from '../flow-baseline.ts'
import type { LocalHour } from '../local-hour.ts'
import type { Place } from '../places.ts'
import { numberIn, type Values } from '../sample.ts'

/** What is remembered of a water meter. */
export const waterSenses = {
  /** Pressure in a building's water main. */
  mainFall: fallWindow.exactOptional(),
  mainFlow: flowBaseline.exactOptional(),
}
const shape = z.object(waterSenses)
type WaterSenses = z.infer<typeof shape>

export function freshWater({ buildingMeter }: Place): WaterSenses {
  return buildingMeter ? { mainFall: emptyFall(), mainFlow: emptyBaseline() } : {}
}

export function senseWater(
  of: WaterSenses,
  { place, localHour }: { place: Place; localHour: LocalHour },
  values: Values,
  atMs: number,
): void {
  const { mainFall, mainFlow } = of
  const kpa = numberIn(values, 'p_kpa')
  if (mainFall && kpa !== undefined) follow(mainFall, atMs, kpa)
  const lph = numberIn(values, 'flow_lph')
  if (!mainFlow || lph === undefined) return
  turnTo(mainFlow, localHour(atMs))
  const limitLph = burstFlowLph(of, place)
  if (limitLph === undefined || lph <= limitLph) learn(mainFlow, lph)
}

/** The flow that a building main exceeds only when it has burst (W01), L/h; undefined while it is unknown. */
export function burstFlowLph({ mainFlow }: WaterSenses, { q3Lph, limits }: Place): number | undefined {
  const usualLph = mainFlow?.usualLph ?? undefined
  if (usualLph === undefined || q3Lph === undefined) return undefined
  const { timesUsual, shareOfQ3 } = limits.W01
  return Math.max(timesUsual * usualLph, shareOfQ3 * q3Lph)
}
