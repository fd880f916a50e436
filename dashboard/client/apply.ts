import type { OpsDelta, OpsSnapshot, ResidentDelta, ResidentSnapshot } from '../protocol.ts'

/** A late joiner and a browser that stayed must see the same. So a delta is applied only where it fits: the
 *  snapshot's number plus one. An older one is already in the snapshot; a younger one means that something in
 *  between was lost, and only a new snapshot repairs that. */
export type Applied<Snapshot> =
  { outcome: 'applied'; snapshot: Snapshot } | { outcome: 'already-known' } | { outcome: 'gap' }

export function applyResidentDelta(was: ResidentSnapshot, delta: ResidentDelta): Applied<ResidentSnapshot> {
  return inSequence(was, delta, () => ({
    ...was,
    seq: delta.seq,
    serverMs: delta.serverMs,
    ports: withChanges(was.ports, delta.ports),
  }))
}

/** A snapshot lists open orders only, so one that was closed leaves the list here too. */
export function applyOpsDelta(was: OpsSnapshot, delta: OpsDelta): Applied<OpsSnapshot> {
  return inSequence(was, delta, () => ({
    ...was,
    seq: delta.seq,
    serverMs: delta.serverMs,
    heat: withChanges(was.heat, delta.heat),
    orders: withChanges(was.orders, delta.orders).filter(({ state }) => !closedStates.has(state)),
    devices: withChanges(was.devices, delta.devices),
  }))
}

const closedStates: ReadonlySet<string> = new Set(['verified', 'cancelled'])

function inSequence<Snapshot extends { seq: number }>(
  was: Snapshot,
  delta: { seq: number },
  next: () => Snapshot,
): Applied<Snapshot> {
  if (delta.seq <= was.seq) return { outcome: 'already-known' }
  if (delta.seq > was.seq + 1) return { outcome: 'gap' }
  return { outcome: 'applied', snapshot: next() }
}

/** Changed rows keep their place, new ones go to the end. */
function withChanges<Row extends { id: string }>(
  rows: readonly Row[],
  changes: readonly Row[],
): readonly Row[] {
  if (changes.length === 0) return rows
  const changed = new Map(changes.map((row) => [row.id, row]))
  const known = new Set(rows.map(({ id }) => id))
  return [
    ...rows.map((row) => changed.get(row.id) ?? row),
    ...[...changed.values()].filter(({ id }) => !known.has(id)),
  ]
}
