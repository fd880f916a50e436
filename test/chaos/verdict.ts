import type { Acknowledged, Meters } from './meters.ts'
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

/** The ledger's total, when nothing is pending. */
export interface Books {
  accepted: number
  stored: number
  quarantined: number
  duplicate: number
  /** What the lines of the devices are out by. */
  imbalance: number
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

/** What is wrong with the readings and with the books, in words; nothing where all is well. */
export function aboutReadings({ lost, doubled, changed }: Verdict, total: Books, meters: Meters): string[] {
  const { accepted, stored, quarantined, duplicate, imbalance } = total
  const shown = (readings: readonly object[]) => JSON.stringify(readings.slice(0, 5))
  return [
    lost.length > 0 && `lost: ${shown(lost)}`,
    doubled.length > 0 && `doubled: ${shown(doubled)}`,
    changed.length > 0 && `overwritten: ${shown(changed)}`,
    accepted !== stored + quarantined + duplicate &&
      `the ledger does not add up: ${accepted} accepted, ${stored} + ${quarantined} + ${duplicate}`,
    imbalance !== 0 && `the ledger of the devices is out by ${imbalance}`,
    quarantined < meters.garbage && `${meters.garbage} said garbage, ${quarantined} quarantined`,
    duplicate < meters.twice && `${meters.twice} said twice, ${duplicate} duplicates`,
    meters.acknowledged.length === 0 && 'nothing was acknowledged',
  ].filter((complaint) => complaint !== false)
}

/** The same of the durable subscriber, and of what is retained for those who come late. */
export function aboutStates(
  { states, retained: last }: Meters,
  unheard: readonly string[],
  retained: ReadonlyMap<string, string>,
): string[] {
  const stale = [...last].filter(([topic, payload]) => retained.get(topic) !== payload)
  return [
    unheard.length > 0 &&
      `${unheard.length} of ${states.size} states never came to the subscriber: ${unheard.slice(0, 5).join(', ')}`,
    stale.length > 0 &&
      `${stale.length} of ${last.size} retained states are not the last acknowledged: ${JSON.stringify(
        stale.slice(0, 3).map(([topic, said]) => ({ topic, said, retained: retained.get(topic) })),
      )}`,
    states.size === 0 && 'no state was acknowledged',
  ].filter((complaint) => complaint !== false)
}
