import { z } from 'zod'
import type { Kind } from '../../firmware-contracts/message.ts'
import type { PressureBand } from '../../estate/pressure-band.ts'
import { emptyFall, fallWindow, follow } from './fall-window.ts'
import { emptyBaseline, flowBaseline, learn, turnTo } from './flow-baseline.ts'
import type { LocalHour } from './local-hour.ts'
import type { SiteParameters } from './parameters.ts'

/** What one stream of samples remembers of its past, each part bounded; the conditions of the rules read it.
 *  A stream has only the senses of its place. */
export const senses = z.object({
  /** Return pressure of a heat station or entrance. */
  returnFall: fallWindow.exactOptional(),
  /** Pressure in a building's water main. */
  mainFall: fallWindow.exactOptional(),
  mainFlow: flowBaseline.exactOptional(),
  /** Since when the relay has been told to open, sample time; null = told to close, or never heard. */
  relay: z.object({ openSinceMs: z.number().nullable(), told: z.boolean() }).exactOptional(),
})
export type Senses = z.infer<typeof senses>

export type Values = Readonly<Record<string, number | string>>

/** The facts of the registry that judging a sample needs. */
export interface Place {
  node: string
  site: string
  device: string
  kind: Kind
  port?: string
  /** A water meter with no meter above it: it measures a whole building. */
  buildingMeter: boolean
  band?: PressureBand
  /** Permanent flow rate of the meter, L/h. */
  q3Lph?: number
  limits: SiteParameters
}

export function freshSenses(place: Place): Senses {
  if (place.port !== undefined) return { relay: { openSinceMs: null, told: false } }
  if (place.kind === 'heat-station' || place.kind === 'heat-entrance') return { returnFall: emptyFall() }
  if (place.buildingMeter) return { mainFall: emptyFall(), mainFlow: emptyBaseline() }
  return {}
}

/** Takes in the sample of `atMs`, newer than all before it. */
export function sense(of: Senses, place: Place, values: Values, atMs: number, localHour: LocalHour): void {
  const { returnFall, mainFall, mainFlow, relay } = of
  if (returnFall) {
    const kpa = numberIn(values, 'p_ret_kpa')
    if (kpa !== undefined) follow(returnFall, atMs, kpa)
  }
  if (mainFall) {
    const kpa = numberIn(values, 'p_kpa')
    if (kpa !== undefined) follow(mainFall, atMs, kpa)
  }
  if (mainFlow) {
    const lph = numberIn(values, 'flow_lph')
    if (lph !== undefined) {
      turnTo(mainFlow, localHour(atMs))
      const limitLph = burstFlowLph(of, place)
      if (limitLph === undefined || lph <= limitLph) learn(mainFlow, lph)
    }
  }
  if (relay) {
    const command = numberIn(values, 'relay_cmd')
    if (command === undefined) return
    relay.told = true
    if (command !== 0) relay.openSinceMs = null
    else relay.openSinceMs ??= atMs
  }
}

/** The flow that a building main exceeds only when it has burst (W01), L/h; undefined while it is unknown. */
export function burstFlowLph(of: Senses, place: Place): number | undefined {
  const usualLph = of.mainFlow?.usualLph ?? undefined
  if (usualLph === undefined || place.q3Lph === undefined) return undefined
  const { timesUsual, shareOfQ3 } = place.limits.W01
  return Math.max(timesUsual * usualLph, shareOfQ3 * place.q3Lph)
}

export function numberIn(values: Values, signal: string): number | undefined {
  const value = values[signal]
  return typeof value === 'number' ? value : undefined
}
