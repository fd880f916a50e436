import { portions, type Records, type RecordsTransaction } from './records.ts'

/** Where the fault watch stands: its cursor in the intake log and everything it remembers at that point. It moves in
 *  the transaction of the orders it led to. What it remembers of a device has a row of its own, which is written when
 *  it has changed: all that is remembered is the rows of all devices, each as it was last written. */
export interface FaultMemory {
  cursor: number
  /** JSON, parsed by whoever wrote it. */
  snapshot: unknown
  /** The same, of the devices. */
  devices: ReadonlyMap<string, unknown>
}

export async function loadFaultMemory(records: Records): Promise<FaultMemory | undefined> {
  const row = await records.selectFrom('fault_memory').select(['cursor', 'snapshot']).executeTakeFirst()
  if (!row) return undefined
  const rows = await records.selectFrom('device_memory').selectAll().orderBy('device').execute()
  const devices = new Map(rows.map(({ device, memory }): [string, unknown] => [device, JSON.parse(memory)]))
  return { cursor: row.cursor, snapshot: JSON.parse(row.snapshot), devices }
}

/** `devices`: those that have changed since the last time. */
export async function saveFaultMemory(trx: RecordsTransaction, memory: FaultMemory): Promise<void> {
  const row = { cursor: memory.cursor, snapshot: JSON.stringify(memory.snapshot) }
  await trx
    .insertInto('fault_memory')
    .values({ only: 1, ...row })
    .onConflict((conflict) => conflict.column('only').doUpdateSet(row))
    .execute()
  for (const portion of portions([...memory.devices]))
    await trx
      .insertInto('device_memory')
      .values(portion.map(([device, remembered]) => ({ device, memory: JSON.stringify(remembered) })))
      .onConflict((conflict) =>
        conflict.column('device').doUpdateSet((excluded) => ({ memory: excluded.ref('excluded.memory') })),
      )
      .execute()
}
