import { isClosed, type WorkOrder } from '../../estate/work-order.ts'
import type { OrderDesk } from './ports.ts'

/** The open work orders at hand: what a port or a screen asks for many times a second. As many as the desk has
 *  open; the desk limits that. */
export class OpenOrders {
  readonly #desk: OrderDesk
  readonly #open = new Map<string, WorkOrder>()
  #stopListening: (() => void) | undefined

  constructor(desk: OrderDesk) {
    this.#desk = desk
  }

  /** Listens before it reads the list, so that a change in between is not lost: what was heard is newer. */
  async start(changed: (order: WorkOrder) => void): Promise<void> {
    const heard = new Set<string>()
    this.#stopListening = this.#desk.onChange((order) => {
      heard.add(order.id)
      this.#keep(order)
      changed(order)
    })
    const listed = await this.#desk.list({ openOnly: true })
    for (const order of listed) if (!heard.has(order.id)) this.#keep(order)
  }

  stop(): void {
    this.#stopListening?.()
  }

  all(): readonly WorkOrder[] {
    return [...this.#open.values()]
  }

  #keep(order: WorkOrder): void {
    if (isClosed(order.state)) this.#open.delete(order.id)
    else this.#open.set(order.id, order)
  }
}
