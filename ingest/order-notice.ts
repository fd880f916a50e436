import type { WorkOrder } from '../estate/work-order.ts'
import type { OrderNotice } from '../firmware-contracts/server-messages.ts'

/** What automations are told of an order that has just changed, whoever changed it. */
export function orderNotice({ id, history, ...order }: WorkOrder, t: number): OrderNotice {
  const { state, severity, rule, site, root, title } = order
  const escalation = history.at(-1)?.escalation
  return {
    ...{ order: id, state, severity, rule, site, root, title },
    ...(escalation && { escalation: { clock: escalation.clock, level: escalation.level } }),
    t,
  }
}
