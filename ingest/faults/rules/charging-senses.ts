import { z } from 'zod'
import type { Place } from '../places.ts'
import { numberIn, type Values } from '../sample.ts'
import { emptyWarmth, followWarmth, portWarmth } from './port-warmth.ts'
import { followSessions, noSessions, portSessions } from './port-sessions.ts'

/** What is remembered of a charging shed, or of one of its ports. */

/** What a controller last said of its shed, each in a message of its own; null before. */
const shed = z.object({
  supplyDv: z.number().nullable(),
  powerW: z.number().nullable(),
  breakerOpen: z.boolean(),
  /** It was opened on purpose: smoke, the extinguisher, or the emergency stop. */
  cutOff: z.boolean(),
})

export const chargingSenses = {
  /** Since when the relay has been told to open, sample time; null = told to close, or never heard. */
  relay: z.object({ openSinceMs: z.number().nullable(), told: z.boolean() }).exactOptional(),
  warmth: portWarmth.exactOptional(),
  sessions: portSessions.exactOptional(),
  shed: shed.exactOptional(),
}
const shape = z.object(chargingSenses)
type ChargingSenses = z.infer<typeof shape>

export function freshCharging({ port }: Place): ChargingSenses {
  if (port === undefined) return { shed: { supplyDv: null, powerW: null, breakerOpen: false, cutOff: false } }
  return {
    relay: { openSinceMs: null, told: false },
    warmth: emptyWarmth(),
    sessions: noSessions(),
  }
}

export function senseCharging(of: ChargingSenses, place: Place, values: Values, atMs: number): void {
  const { shed: told, relay, warmth, sessions } = of
  if (told) senseShed(told, values)
  if (relay) senseRelay(relay, values, atMs)
  const warmC10 = numberIn(values, 't_port_c10')
  if (warmth && warmC10 !== undefined) followWarmth(warmth, atMs, warmC10, place.limits.C02.riseWithinMs)
  if (sessions) followSessions(sessions, place, values, atMs)
}

function senseShed(told: z.infer<typeof shed>, values: Values): void {
  told.supplyDv = numberIn(values, 'u_dv') ?? told.supplyDv
  told.powerW = numberIn(values, 'p_total_w') ?? told.powerW
  const breaker = numberIn(values, 'breaker')
  if (breaker === undefined) return
  told.breakerOpen = breaker === 0
  told.cutOff = ['smoke', 'extinguisher', 'estop'].some((contact) => values[contact] === 1)
}

function senseRelay(relay: NonNullable<ChargingSenses['relay']>, values: Values, atMs: number): void {
  const command = numberIn(values, 'relay_cmd')
  if (command === undefined) return
  relay.told = true
  if (command !== 0) relay.openSinceMs = null
  else relay.openSinceMs ??= atMs
}
