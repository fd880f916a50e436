import { z } from 'zod'
import type { Records, RecordsTransaction } from './records.ts'

/** The readings around the moment an order's fault began, kept with the order: history forgets after months, and
 *  an order is read after years.
 *
 *  A *moment* is one beginning, the first or a relapse. Its row is the to-do, written in the transaction of the
 *  order event that asks for it, and afterwards the record that it is done: `due_ms` says when it is to be copied
 *  next and is null when there is nothing more to come. Copying twice changes nothing: a series has one row, and a
 *  fuller copy replaces a poorer one, never the other way round, so that what retention has taken from history
 *  since is not taken from here. */

/** How far before and after its beginning the evidence of a fault reaches. */
export const evidenceReachMs = 30 * 60_000
/** Beginnings kept of one order; of one that relapses more often the first. */
export const momentsLimit = 8
/** Series kept of a moment, and the width of their buckets: at most 720 of them, about 30 bytes each. */
export const seriesLimit = 24
export const evidenceBucketMs = 5_000

const bucket = z.object({
  t: z.number(),
  min: z.number(),
  max: z.number(),
  mean: z.number(),
  count: z.int(),
})
const buckets = z.array(bucket)

export interface KeptSeries {
  device: string
  port?: string
  /** Wire name. */
  signal: string
  buckets: readonly z.infer<typeof bucket>[]
}

export interface KeptMoment {
  /** When the fault began, event time. */
  atMs: number
  /** False while readings are still to come. */
  complete: boolean
  /** Series that found no room. */
  leftOut: number
  series: readonly KeptSeries[]
}

/** What is to be copied now. */
export interface EvidenceTask {
  order: string
  atMs: number
  /** How often it was asked for: if that has gone up meanwhile, once more. */
  asked: number
}

/** Asks for the readings around a moment, again if they were copied before: the order knows more now. `dueMs`: not
 *  before then; 0 for as soon as can be. */
export async function askForEvidence(
  trx: RecordsTransaction,
  { order, atMs, dueMs }: Pick<EvidenceTask, 'order' | 'atMs'> & { dueMs: number },
): Promise<void> {
  const others = await trx
    .selectFrom('evidence_moment')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('work_order', '=', order)
    .where('at_ms', '!=', atMs)
    .executeTakeFirstOrThrow()
  if (Number(others.count) >= momentsLimit) return
  await trx
    .insertInto('evidence_moment')
    .values({ work_order: order, at_ms: atMs, due_ms: dueMs, asked: 1, left_out: 0 })
    .onConflict((conflict) =>
      conflict.columns(['work_order', 'at_ms']).doUpdateSet((was) => ({
        due_ms: was
          .case()
          .when('evidence_moment.due_ms', '<', dueMs)
          .then(was.ref('evidence_moment.due_ms'))
          .else(dueMs)
          .end(),
        asked: was('evidence_moment.asked', '+', 1),
      })),
    )
    .execute()
}

export class EvidenceBook {
  readonly #records: Records

  constructor(records: Records) {
    this.#records = records
  }

  /** What is due, the longest due first. */
  async due(nowMs: number, limit: number): Promise<EvidenceTask[]> {
    const rows = await this.#records
      .selectFrom('evidence_moment')
      .select(['work_order', 'at_ms', 'asked'])
      .where('due_ms', '<=', nowMs)
      .orderBy('due_ms')
      .orderBy('at_ms')
      .limit(limit)
      .execute()
    return rows.map((row) => ({ order: row.work_order, atMs: row.at_ms, asked: row.asked }))
  }

  /** Moments of which something is still to come. */
  async waiting(): Promise<number> {
    const row = await this.#records
      .selectFrom('evidence_moment')
      .select(({ fn }) => fn.countAll<number | string>().as('count'))
      .where('due_ms', 'is not', null)
      .executeTakeFirstOrThrow()
    return Number(row.count)
  }

  /** Series and what is to be done next in one transaction. `nextMs`: when to copy again; null when all is there. */
  async keep(
    { order, atMs, asked }: EvidenceTask,
    { series, leftOut, nextMs }: { series: readonly KeptSeries[]; leftOut: number; nextMs: number | null },
  ): Promise<void> {
    await this.#records.transaction().execute(async (trx) => {
      for (const each of series) await keepSeries(trx, { order, atMs, ...each })
      await trx
        .updateTable('evidence_moment')
        .set({ due_ms: nextMs, left_out: leftOut })
        .where('work_order', '=', order)
        .where('at_ms', '=', atMs)
        .where('asked', '=', asked)
        .execute()
    })
  }

  /** The first beginning first. */
  async of(order: string): Promise<KeptMoment[]> {
    const moments = await this.#records
      .selectFrom('evidence_moment')
      .selectAll()
      .where('work_order', '=', order)
      .orderBy('at_ms')
      .execute()
    const rows = await this.#records
      .selectFrom('kept_evidence')
      .selectAll()
      .where('work_order', '=', order)
      .orderBy('device')
      .orderBy('port')
      .orderBy('signal')
      .execute()
    const byMoment = Map.groupBy(rows, (row) => row.at_ms)
    return moments.map((moment) => ({
      atMs: moment.at_ms,
      complete: moment.due_ms === null,
      leftOut: moment.left_out,
      series: (byMoment.get(moment.at_ms) ?? []).map(({ device, port, signal, body }) => ({
        device,
        ...(port !== '' && { port }),
        signal,
        buckets: buckets.parse(JSON.parse(body)),
      })),
    }))
  }
}

async function keepSeries(
  trx: RecordsTransaction,
  series: KeptSeries & Pick<EvidenceTask, 'order' | 'atMs'>,
): Promise<void> {
  const { order, atMs, device, port = '', signal } = series
  const readings = series.buckets.reduce((sum, { count }) => sum + count, 0)
  if (readings === 0) return
  const body = JSON.stringify(
    series.buckets.map(({ t, min, max, mean, count }) => ({ t, min, max, mean, count })),
  )
  await trx
    .insertInto('kept_evidence')
    .values({ work_order: order, at_ms: atMs, device, port, signal, readings, body })
    .onConflict((conflict) =>
      conflict
        .columns(['work_order', 'at_ms', 'device', 'port', 'signal'])
        .doUpdateSet({ readings, body })
        .where('kept_evidence.readings', '<=', readings),
    )
    .execute()
}
