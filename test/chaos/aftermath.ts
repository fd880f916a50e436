import { setTimeout as pause } from 'node:timers/promises'
import * as answers from '../support/answers.ts'
import { until, type RunningSystem } from '../support/system.ts'
import { heal, type Patient } from './injuries.ts'
import { retainedStates, type Listener, type ListenerOptions } from './listener.ts'
import type { Meters } from './meters.ts'
import { storedInDuckDb, storedInInflux, type StoredReading } from './stored.ts'
import { aboutReadings, aboutStates, compare } from './verdict.ts'

export const database = 'chaos'
const drainLimitMs = 120_000
const hearLimitMs = 30_000

/** After the load: everything comes to rest, and the books are read. */
export interface Aftermath {
  /** Where the embedded store has its file; nothing when InfluxDB is the store. */
  dataDir: string
  patient: Patient
  meters: Meters
  follower: ListenerOptions
  listener: Listener
  kills: number
}

export interface Findings {
  line: string
  complaints: string[]
}

export async function settle(aftermath: Aftermath): Promise<Findings> {
  const { patient, meters, follower, listener, kills } = aftermath
  const { system } = patient
  heal(patient)
  meters.quiet()
  await until('every reading acknowledged', () => meters.waiting() === 0 || undefined, drainLimitMs)
  // Whatever the broker has acknowledged and not yet done, it must do in its next life.
  await system.killRole('broker')
  await listener.stay()
  const unheard = await unheardStates(listener, meters)
  const retained = await retainedStates(follower, meters.retained.size)
  await Promise.all([meters.stop(), listener.stop()])
  const { atMs } = await until('an empty queue', () => emptyLedger(system), drainLimitMs)
  const total = await until('every line checked', () => emptyLedger(system, atMs), drainLimitMs)
  const verdict = compare(meters.acknowledged, await storedReadings(aftermath))
  const complaints = [...aboutReadings(verdict, total, meters), ...aboutStates(meters, unheard, retained)]
  const { accepted, quarantined, duplicate, refused } = total
  const line =
    `acknowledged ${accepted} stored ${total.stored} quarantined ${quarantined} duplicate ${duplicate} ` +
    `lost ${verdict.lost.length} doubled ${verdict.doubled.length} refused ${refused} kills ${kills + 1}`
  return { line, complaints }
}

/** What the subscriber still misses when he has had time enough. */
async function unheardStates(listener: Listener, { states }: Meters): Promise<string[]> {
  const endMs = performance.now() + hearLimitMs
  while (listener.missing(states).length > 0 && performance.now() < endMs) await pause(50)
  return listener.missing(states)
}

async function storedReadings({
  patient: { system, influxd },
  dataDir,
}: Aftermath): Promise<StoredReading[]> {
  if (influxd) return storedInInflux(influxd.url, database)
  await system.stop()
  return storedInDuckDb(dataDir)
}

/** When nothing waits any longer, and every line was looked at since `checkedMs`. */
async function emptyLedger(system: RunningSystem, checkedMs = 0) {
  try {
    const { total, imbalance, checked, atMs } = await system.api('/api/v1/ledger', answers.ledger)
    if (total.pending > 0 || total.accepted === 0 || (checked?.sinceMs ?? 0) < checkedMs) return undefined
    return { ...total, imbalance, atMs }
  } catch {
    return undefined
  }
}
