import type { OrderBook } from '../estate/order-book.ts'
import type { RecordsTransaction } from '../estate/records.ts'
import type { Decoded, Reading } from '../firmware-contracts/message.ts'
import { assertNever } from '../platform/assert-never.ts'
import type { IncidentChange } from './faults/changes.ts'
import type { FaultEngine } from './faults/engine.ts'

/** What goes into the fault engine, and what comes of what it decides: the same for the watch, which lives on the
 *  intake log, as for whoever tries the engine on a simulated winter (`npm run score`). */

/** Tells the engine of one message as it was read, also of one that could not be. `receivedMs`: server time. */
export function tellEngine(
  engine: FaultEngine,
  decoded: Decoded,
  receivedMs: number,
): readonly IncidentChange[] {
  if (!decoded.ok) return tellUnread(engine, decoded, receivedMs)
  const { message } = decoded
  switch (message.type) {
    case 'readings':
      return tellReadings(engine, message.readings, receivedMs)
    case 'connection':
      return engine.connection(message, receivedMs)
    case 'birth':
      return engine.birth(message, receivedMs)
    case 'ack':
      return engine.numbered({ ...message, device: message.address.device }, receivedMs)
    default:
      return assertNever(message)
  }
}

/** Nearly always one reading, and nothing changes. */
function tellReadings(
  engine: FaultEngine,
  readings: readonly Reading[],
  receivedMs: number,
): readonly IncidentChange[] {
  const [first] = readings
  if (first && readings.length === 1) return engine.observe(first, receivedMs)
  return readings.flatMap((reading) => engine.observe(reading, receivedMs))
}

function tellUnread(
  engine: FaultEngine,
  { refusal, address }: Extract<Decoded, { ok: false }>,
  receivedMs: number,
): readonly IncidentChange[] {
  return address ? engine.refused(address.device, refusal, receivedMs) : []
}

/** Writes one decision into the order book; the id of the order it is about, if one is open. `nowMs`: server time. */
export async function writeChange(
  trx: RecordsTransaction,
  orders: OrderBook,
  { change, nowMs }: { change: IncidentChange; nowMs: number },
): Promise<string | undefined> {
  switch (change.type) {
    case 'opened':
      return orders.open(trx, change.report, nowMs)
    case 'updated':
      return orders.update(trx, change.report, nowMs)
    case 'recovered':
      return orders.recover(trx, change)
    case 'merged':
      return orders.merge(trx, change)
    default:
      return assertNever(change)
  }
}
