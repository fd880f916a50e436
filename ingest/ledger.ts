import type { IntakeCount } from '../platform/intake-message.ts'
import type { DeviceOutcomes } from './outcome-books.ts'

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

export interface DeviceLine extends LedgerLine {
  device: string
}

export interface LedgerTotal extends LedgerLine {
  /** Among the quarantined. */
  unreadable: number
}

/** What may be the matter with a device's books, the worst first. */
export const concerns = ['out', 'cloned', 'pending', 'quarantined', 'missing'] as const
export type Concern = (typeof concerns)[number]

export const hasConcern: Readonly<Record<Concern, (line: LedgerLine) => boolean>> = {
  out: ({ difference }) => difference !== 0,
  cloned: ({ clones, regresses }) => clones > 0 || regresses > 0,
  pending: ({ pending }) => pending > 0,
  quarantined: ({ quarantined }) => quarantined > 0,
  missing: ({ missing }) => missing > 0,
}

const nothingAccepted: Readonly<IntakeCount> = { accepted: 0, wills: 0, refused: 0 }
const nothingDealt: Readonly<DeviceOutcomes> = {
  stored: 0,
  quarantined: 0,
  duplicate: 0,
  carried: 0,
  readings: 0,
  repeated: 0,
  missing: 0,
  givenUp: 0,
  filled: 0,
  reboots: 0,
  wraps: 0,
  regresses: 0,
  clones: 0,
}

/** A line, of one device or of all together. Of one that was only ever turned away there are no outcomes, of one that
 *  spoke into an earlier intake log there are no counts. */
export function lineOf({
  count: { accepted: counted, wills, refused } = nothingAccepted,
  dealt: { carried, ...dealt } = nothingDealt,
  pending,
}: {
  count: IntakeCount | undefined
  dealt: DeviceOutcomes | undefined
  pending: number
}): LedgerLine {
  const accepted = counted + carried
  const difference = accepted - dealt.stored - dealt.quarantined - dealt.duplicate - pending
  return { ...dealt, accepted, wills, refused, pending, difference }
}
