import type { IntakeReader } from '../platform/intake-message.ts'
import type { IngestMemory } from './memory.ts'

/** Promise 2: accepted = stored + quarantined + duplicate + pending, per device and in total. `accepted` and
 *  `refused` are the broker's own counts, the outcomes are the history consumer's, and `pending` is counted
 *  from the messages that wait in the log, so that the sum is a check and not a definition. */
export interface LedgerLine {
  accepted: number
  stored: number
  quarantined: number
  duplicate: number
  pending: number
  /** Refused at the door, never accepted. */
  refused: number
  /** Last wills among the accepted; they carry no sequence number. */
  wills: number
}

export interface Ledger {
  total: LedgerLine
  devices: readonly ({ device: string } & LedgerLine)[]
}

/** Waiting messages counted for one ledger; a longer queue is a store that is down, which `/readyz` tells. */
const pendingLimit = 200_000
const stretch = 10_000

export function ledger(reader: IntakeReader, memory: IngestMemory): Ledger {
  // The order matters: what is stored between the looks would otherwise be missing from the sum.
  const cursor = memory.cursor()
  const outcomes = memory.outcomes()
  const lines = new Map<string, LedgerLine>()
  const line = (device: string) => {
    const known = lines.get(device) ?? emptyLine()
    lines.set(device, known)
    return known
  }
  for (const [device, counts] of outcomes) Object.assign(line(device), counts)
  for (const [device, pending] of pendingAfter(reader, cursor)) line(device).pending = pending
  for (const [device, counts] of reader.counts()) Object.assign(line(device), counts)
  const devices = [...lines].map(([device, counts]) => ({ device, ...counts }))
  return { total: devices.reduce(add, emptyLine()), devices }
}

function pendingAfter(reader: IntakeReader, cursor: number): Map<string, number> {
  const pending = new Map<string, number>()
  let counted = 0
  let after = Math.max(cursor, reader.origin())
  while (counted < pendingLimit) {
    const messages = reader.read(after, stretch)
    for (const { topic } of messages) {
      const device = topic.split('/')[4] ?? ''
      pending.set(device, (pending.get(device) ?? 0) + 1)
    }
    counted += messages.length
    const last = messages.at(-1)
    if (!last) break
    after = last.position
  }
  return pending
}

function emptyLine(): LedgerLine {
  return { accepted: 0, stored: 0, quarantined: 0, duplicate: 0, pending: 0, refused: 0, wills: 0 }
}

function add(total: LedgerLine, line: LedgerLine): LedgerLine {
  return {
    accepted: total.accepted + line.accepted,
    stored: total.stored + line.stored,
    quarantined: total.quarantined + line.quarantined,
    duplicate: total.duplicate + line.duplicate,
    pending: total.pending + line.pending,
    refused: total.refused + line.refused,
    wills: total.wills + line.wills,
  }
}
