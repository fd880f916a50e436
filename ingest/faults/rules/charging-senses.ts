import { z } from 'zod'
import type { Place } from '../places.ts'
import { numberIn, type Values } from '../sample.ts'

/** What is remembered of a charging shed, or of one of its ports. */
export const chargingSenses = {
  /** Since when the relay has been told to open, sample time; null = told to close, or never heard. */
  relay: z.object({ openSinceMs: z.number().nullable(), told: z.boolean() }).exactOptional(),
}
const shape = z.object(chargingSenses)
type ChargingSenses = z.infer<typeof shape>

export function freshCharging({ port }: Place): ChargingSenses {
  return port === undefined ? {} : { relay: { openSinceMs: null, told: false } }
}

export function senseCharging({ relay }: ChargingSenses, values: Values, atMs: number): void {
  const command = numberIn(values, 'relay_cmd')
  if (!relay || command === undefined) return
  relay.told = true
  if (command !== 0) relay.openSinceMs = null
  else relay.openSinceMs ??= atMs
}
