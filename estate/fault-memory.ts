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

/** As it was at this moment: the memory may share its parts with an engine that goes on. */
export interface WrittenMemory {
  cursor: number
  snapshot: string
  devices: readonly { device: string; memory: string }[]
}

/** `devices`: those that have changed since the last time. */
export function writeDown({ cursor, snapshot, devices }: FaultMemory): WrittenMemory {
  return {
    cursor,
    snapshot: JSON.stringify(snapshot),
    devices: [...devices].map(([device, remembered]) => ({ device, memory: JSON.stringify(remembered) })),
  }
}

export async function saveFaultMemory(trx: RecordsTransaction, written: WrittenMemory): Promise<void> {
  const row = { cursor: written.cursor, snapshot: written.snapshot }
  await trx
    .insertInto('fault_memory')
    .values({ only: 1, ...row })
    .onConflict((conflict) => conflict.column('only').doUpdateSet(row))
    .execute()
  for (const portion of portions(written.devices))
    await trx
      .insertInto('device_memory')
      .values(portion)
      .onConflict((conflict) =>
        conflict.column('device').doUpdateSet((excluded) => ({ memory: excluded.ref('excluded.memory') })),
      )
      .execute()
}
