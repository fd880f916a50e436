import type { Records, RecordsTransaction } from './records.ts'

/** Where the fault watch stands: its cursor in the intake log and everything it remembers at that point, as one
 *  row that moves in the transaction of the orders it led to. */
export interface FaultMemory {
  cursor: number
  /** JSON, parsed by whoever wrote it. */
  snapshot: unknown
}

export async function loadFaultMemory(records: Records): Promise<FaultMemory | undefined> {
  const row = await records.selectFrom('fault_memory').select(['cursor', 'snapshot']).executeTakeFirst()
  return row && { cursor: row.cursor, snapshot: JSON.parse(row.snapshot) }
}

export async function saveFaultMemory(trx: RecordsTransaction, memory: FaultMemory): Promise<void> {
  const row = { cursor: memory.cursor, snapshot: JSON.stringify(memory.snapshot) }
  await trx
    .insertInto('fault_memory')
    .values({ only: 1, ...row })
    .onConflict((conflict) => conflict.column('only').doUpdateSet(row))
    .execute()
}
