import type { LiveDevice } from '../../estate/live.ts'
import type { Registry } from '../../estate/registry.ts'
import type { WorkOrder } from '../../estate/work-order.ts'
import { staleAfterMs } from '../../firmware-contracts/kinds.ts'

/** What every view is made of. A view is a function of these and of nothing else: the same sources give the
 *  same rows, to whoever asks and however long he has been looking. */
export interface Sources {
  registry: Registry
  live: (device: string) => LiveDevice | undefined
  /** The open work orders. */
  orders: readonly WorkOrder[]
  nowMs: number
}

/** Nobody is there any more, whether the device said so itself (`bye`) or its last will did. What it said
 *  before may be hours old by the time it returns, so none of it is shown as live. */
export function isGone({ connection }: LiveDevice): boolean {
  return connection === 'lost' || connection === 'bye'
}

/** True when a value sampled at `t` (epoch ms) may no longer be believed at `nowMs`. */
export function isStale(
  live: LiveDevice,
  { signal, t }: { signal: string; t: number },
  nowMs: number,
): boolean {
  return isGone(live) || nowMs - t > staleAfterMs(live.kind, signal, live.periodS)
}
