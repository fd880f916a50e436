import { portions, type Records, type RecordsTransaction } from './records.ts'
import { foldOrder, orderEvent, type WorkOrder } from './work-order.ts'

/** Work orders as the fold of their events, at hand. Parsing the events of a thousand orders takes a tenth of a second,
 *  in which nothing else is done; they change seldom and are listed often. Events are only ever added, so an order
 *  with as many of them as before is as it was before, whoever may have added them. */

/** Orders at hand, about 4 KB each: a list, and those that are looked at besides. When it is full it starts over. */
const atHandLimit = 2_000

interface Folded {
  order: WorkOrder
  events: number
}

export class FoldedOrders {
  readonly #records: Records
  readonly #atHand = new Map<string, Folded>()

  constructor(records: Records) {
    this.#records = records
  }

  /** In the order asked for, without those that do not exist; as committed. */
  async all(ids: readonly string[]): Promise<WorkOrder[]> {
    const counts = await this.#eventCounts(ids)
    const changed = ids.filter((id) => this.#atHand.get(id)?.events !== counts.get(id))
    const fresh = await foldAll(this.#records, changed)
    const found = ids.flatMap((id) => fresh.get(id) ?? this.#atHand.get(id) ?? [])
    if (this.#atHand.size + fresh.size > atHandLimit) this.#atHand.clear()
    for (const [id, folded] of fresh) this.#atHand.set(id, folded)
    return found.map(({ order }) => order)
  }

  async one(id: string): Promise<WorkOrder | undefined> {
    const [order] = await this.all([id])
    return order
  }

  async #eventCounts(ids: readonly string[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const portion of portions(ids)) {
      const rows = await this.#records
        .selectFrom('order_event')
        .select(['work_order', ({ fn }) => fn.countAll<number | string>().as('count')])
        .where('work_order', 'in', portion)
        .groupBy('work_order')
        .execute()
      for (const row of rows) counts.set(row.work_order, Number(row.count))
    }
    return counts
  }
}

/** As the transaction sees it: what may yet be undone is not kept at hand. */
export async function foldIn(trx: RecordsTransaction, id: string): Promise<WorkOrder | undefined> {
  return (await foldAll(trx, [id])).get(id)?.order
}

async function foldAll(
  records: Records | RecordsTransaction,
  ids: readonly string[],
): Promise<Map<string, Folded>> {
  const folded = new Map<string, Folded>()
  for (const portion of portions(ids)) {
    const rows = await records
      .selectFrom('order_event')
      .select(['work_order', 'body'])
      .where('work_order', 'in', portion)
      .orderBy('id')
      .execute()
    for (const [id, own] of Map.groupBy(rows, (row) => row.work_order)) {
      const events = own.map(({ body }) => orderEvent.parse(JSON.parse(body)))
      folded.set(id, { order: foldOrder(id, events), events: events.length })
    }
  }
  return folded
}
