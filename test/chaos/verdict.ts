import type { Acknowledged } from './meters.ts'
import type { StoredReading } from './stored.ts'

/** Reading by reading: is all that was acknowledged in the store, once, with the value it was said with? */
export interface Verdict {
  /** Acknowledged, and not in the store. */
  lost: Acknowledged[]
  /** In the store more than once. */
  doubled: StoredReading[]
  /** In the store with another value. */
  changed: StoredReading[]
}

export function compare(acknowledged: readonly Acknowledged[], stored: readonly StoredReading[]): Verdict {
  const found = new Map<string, StoredReading>()
  const doubled: StoredReading[] = []
  for (const reading of stored) {
    const key = identityOf(reading)
    if (found.has(key)) doubled.push(reading)
    found.set(key, reading)
  }
  const lost: Acknowledged[] = []
  const changed: StoredReading[] = []
  for (const reading of acknowledged) {
    const kept = found.get(identityOf(reading))
    if (!kept) lost.push(reading)
    else if (kept.volL !== reading.volL) changed.push(kept)
  }
  return { lost, doubled, changed }
}

const identityOf = ({ device, boot, seq }: { device: string; boot: number; seq: number }) =>
  `${device} ${boot} ${seq}`
