import { z } from 'zod'
import { emptyFall, fallWindow, follow } from '../fall-window.ts'
import type { Place } from '../places.ts'
import { numberIn, type Values } from '../sample.ts'

/** What is remembered of a heat station, of an entrance, or of a room. */
export const heatingSenses = {
  /** Return pressure of a heat station or entrance. */
  returnFall: fallWindow.exactOptional(),
}
const shape = z.object(heatingSenses)
type HeatingSenses = z.infer<typeof shape>

export function freshHeating({ kind }: Place): HeatingSenses {
  return kind === 'room-sensor' ? {} : { returnFall: emptyFall() }
}

export function senseHeating({ returnFall }: HeatingSenses, values: Values, atMs: number): void {
  const kpa = numberIn(values, 'p_ret_kpa')
  if (returnFall && kpa !== undefined) follow(returnFall, atMs, kpa)
}
