import type { OrderView } from '../../protocol.ts'

/** Gravest first; among equals the one that has waited longest. */
export function byUrgency(orders: readonly OrderView[]): readonly OrderView[] {
  return [...orders].sort(
    (a, b) => order(a.severity, b.severity) || a.openedAt - b.openedAt || order(a.id, b.id),
  )
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
