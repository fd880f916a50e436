import { z } from 'zod'
import type { Records, RecordsTransaction } from './records.ts'

/** What people told the fault watch: acknowledge, shelve, take out of service … Each word is written down before it is
 *  acted on, with who said it and when, and its outcome in the transaction that also holds what came of it: so a crash
 *  in between loses none and does none twice. What an instruction means is not known here. */
export const outcomes = ['done', 'refused'] as const

const row = z.object({
  id: z.number(),
  at_ms: z.number(),
  who: z.string(),
  subject: z.string(),
  body: z.string().transform((text): unknown => JSON.parse(text)),
  outcome: z.enum(outcomes).nullable(),
  reason: z.string().nullable(),
})

export interface InstructionEntry {
  id: number
  atMs: number
  who: string
  /** Key of the alarm, or id of the place, that it is about. */
  subject: string
  body: unknown
  /** Absent while it waits. */
  outcome?: (typeof outcomes)[number]
  /** Why it was refused. */
  reason?: string
}

export class InstructionBook {
  readonly #records: Records

  constructor(records: Records) {
    this.#records = records
  }

  /** Returns its number. */
  async enter({
    atMs,
    who,
    subject,
    body,
  }: Omit<InstructionEntry, 'id' | 'outcome' | 'reason'>): Promise<number> {
    const { id } = await this.#records
      .insertInto('instruction')
      .values({ at_ms: atMs, who, subject, body: JSON.stringify(body), outcome: null, reason: null })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }

  /** In the order in which they were said. */
  async waiting(): Promise<InstructionEntry[]> {
    const rows = await this.#records
      .selectFrom('instruction')
      .selectAll()
      .where('outcome', 'is', null)
      .orderBy('id')
      .execute()
    return rows.map(entryOf)
  }

  async settle(trx: RecordsTransaction, id: number, refused: string | undefined): Promise<void> {
    const outcome = refused === undefined ? 'done' : 'refused'
    await trx
      .updateTable('instruction')
      .set({ outcome, reason: refused ?? null })
      .where('id', '=', id)
      .execute()
  }

  /** The newest first, below `before`. */
  async list({
    subject,
    before,
    limit,
  }: {
    subject?: string
    before?: number
    limit: number
  }): Promise<InstructionEntry[]> {
    let query = this.#records.selectFrom('instruction').selectAll().orderBy('id', 'desc').limit(limit)
    if (subject !== undefined) query = query.where('subject', '=', subject)
    if (before !== undefined) query = query.where('id', '<', before)
    return (await query.execute()).map(entryOf)
  }
}

function entryOf(found: unknown): InstructionEntry {
  const { at_ms: atMs, outcome, reason, ...entry } = row.parse(found)
  return { ...entry, atMs, ...(outcome && { outcome }), ...(reason !== null && { reason }) }
}
