import type { IncidentReport } from '../../estate/work-order.ts'

/** What the fault engine decided, in order; the caller turns each into work-order events exactly once. */
export type IncidentChange =
  /** A new incident: opens one work order, or reopens the one of the same key within 24 h. */
  | { type: 'opened'; report: IncidentReport }
  /** The same incident knows more: more evidence, a wider effect, a higher severity. */
  | { type: 'updated'; report: IncidentReport }
  /** The machine says it is over; people confirm. */
  | { type: 'recovered'; key: string; atMs: number; reason: string }
  /** A higher root was found: `from` becomes part of `into`. */
  | { type: 'merged'; from: string; into: string; atMs: number; reason: string }
