import type { BilingualText } from '../../estate/registry.ts'
import type { IncidentReport } from '../../estate/work-order.ts'

/** What the fault engine decided, in order; the caller turns each into work-order events exactly once.
 *
 *  A key names an incident for its whole life. It is made of the first root and class, and stays when a higher
 *  root is found: then the report's root, title and severity change and the key does not. */
export type IncidentChange =
  /** A new incident: opens one work order, or reopens the one of the same key within 24 h. */
  | { type: 'opened'; report: IncidentReport }
  /** The same incident knows more: more evidence, a wider effect, a higher severity, a higher root. */
  | { type: 'updated'; report: IncidentReport }
  /** The machine says it is over; people confirm. */
  | { type: 'recovered'; key: string; site: string; atMs: number; reason: BilingualText }
  /** A higher root was found: the younger incident `from` becomes part of the older `into`, whose report comes
   *  with it. */
  | { type: 'merged'; from: string; into: string; site: string; atMs: number; reason: BilingualText }

/** An alarm that another one explains from now on; without `by` it stands for itself again. */
export interface Explained {
  key: string
  by?: string
}
