import { damagedPublisher, type IntakeCount } from '../platform/intake-message.ts'
import type { DeviceOutcomes } from './memory.ts'
import type { Waiting } from './pending.ts'

/** Promise 2: accepted = stored + quarantined + duplicate + pending, per device and in total.
 *
 *  Each term comes from somebody else: `accepted` and `refused` are the broker's own counts, the outcomes are
 *  those of the history consumer, `pending` is counted from the messages that wait in the log. So the sum is a
 *  check and not a definition, and what it is out by is said. What a damaged log can no longer read is
 *  quarantined like anything that is not understood, but nobody can tell any more whose it was: it stands in the
 *  total, as `unreadable` among the quarantined, and is missing from the lines of its devices. */
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
  /** The second count, of what carries (boot, seq): stored, and seen before. */
  readings: number
  repeated: number
  /** Sequence numbers missing between those seen; of these given up; missing once and come since. */
  missing: number
  givenUp: number
  filled: number
  reboots: number
  wraps: number
  /** A later sample under an earlier number; one number with two contents. */
  regresses: number
  clones: number
  /** accepted minus what became of it; 0 when the books are right. */
  difference: number
}

export interface LedgerTotal extends LedgerLine {
  /** Among the quarantined. */
  unreadable: number
}

export interface Ledger {
  total: LedgerTotal
  devices: readonly ({ device: string } & LedgerLine)[]
  /** Messages that no count explains; 0 when the books are right. */
  imbalance: number
  /** Waiting messages that are in the total but not yet counted for their devices. */
  uncounted: number
  /** Epoch ms. */
  atMs: number
}

export interface Books {
  accepted: ReadonlyMap<string, IntakeCount>
  dealt: ReadonlyMap<string, DeviceOutcomes>
  waiting: Waiting
  atMs: number
}

export function balance({ accepted, dealt, waiting, atMs }: Books): Ledger {
  const lineFor = (device: string) =>
    lineOf(accepted.get(device), dealt.get(device), waiting.devices.get(device) ?? 0)
  const names = new Set([...accepted.keys(), ...dealt.keys(), ...waiting.devices.keys()])
  names.delete(damagedPublisher)
  const devices = [...names].map((device) => ({ device, ...lineFor(device) }))
  const damaged = lineFor(damagedPublisher)
  const sum = devices.reduce(add, damaged)
  const { uncounted } = waiting
  const difference = sum.difference - uncounted
  const total = { ...sum, pending: sum.pending + uncounted, difference, unreadable: damaged.quarantined }
  const out = devices.reduce((all, line) => all + Math.abs(line.difference), 0)
  // What was damaged, and what is not counted for its device yet, is a difference there and none in the total.
  const explained = -damaged.difference
  const imbalance = Math.max(Math.abs(difference), uncounted > 0 ? 0 : out - explained)
  return { total, devices, imbalance, uncounted, atMs }
}

const emptyLine: Readonly<LedgerLine> = {
  accepted: 0,
  stored: 0,
  quarantined: 0,
  duplicate: 0,
  pending: 0,
  refused: 0,
  wills: 0,
  readings: 0,
  repeated: 0,
  missing: 0,
  givenUp: 0,
  filled: 0,
  reboots: 0,
  wraps: 0,
  regresses: 0,
  clones: 0,
  difference: 0,
}

const counts = [
  ...(['accepted', 'stored', 'quarantined', 'duplicate', 'pending', 'refused', 'wills'] as const),
  ...(['readings', 'repeated', 'missing', 'givenUp', 'filled', 'reboots', 'wraps'] as const),
  ...(['regresses', 'clones', 'difference'] as const),
] satisfies readonly (keyof LedgerLine)[]

function lineOf(
  count: IntakeCount | undefined,
  outcomes: DeviceOutcomes | undefined,
  pending: number,
): LedgerLine {
  const { carried = 0, ...dealt } = outcomes ?? {}
  const line = { ...emptyLine, ...dealt, ...count, pending }
  const accepted = line.accepted + carried
  return {
    ...line,
    accepted,
    difference: accepted - line.stored - line.quarantined - line.duplicate - pending,
  }
}

function add(total: LedgerLine, line: LedgerLine): LedgerLine {
  const sum = { ...total }
  for (const count of counts) sum[count] += line[count]
  return sum
}
