import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import { parseConfig } from '../platform/config.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import { countedFor, type IntakeReader } from '../platform/intake-message.ts'
import { Lifecycle } from '../platform/lifecycle.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { Audit } from './audit.ts'
import { DecodedLog } from './decoded-log.ts'
import { openHistory } from './history/open-history.ts'
import type { HistoryStore } from './history/store.ts'
import { dayMs, device, openIntake } from './history-writer.fixture.ts'
import { HistoryWriter } from './history-writer.ts'
import { IngestMemory } from './memory.ts'
import type { QuarantineSelection } from './quarantine.ts'
import { QuarantineReplays } from './quarantine-replay.ts'
import type { Refused } from './sorting.ts'

/** The history consumer with a real intake log, a real memory and the embedded store, one life after another. */
interface LifeOptions {
  /** Stands between the consumer and the store. */
  wrap?: (store: HistoryStore) => HistoryStore
  /** Asked for when everything in the log is dealt with. */
  replay?: QuarantineSelection
  /** Happens when everything in the log is dealt with. */
  meanwhile?: () => Promise<void>
  /** Resolves when this life is to end with the replay in the middle. */
  dies?: Promise<void>
}

/** A page of the ledger that has them all. */
export const everyDevice = { part: '', after: '', limit: 1_000 }

/** Leaves in `memoryFile` what a software that did not know the contract yet would have left there: everything in
 *  the log dealt with, and refused. */
export function refuseAll(reader: IntakeReader, memoryFile: string): void {
  const memory = new IngestMemory(memoryFile)
  memory.start()
  const messages = reader.read(memory.cursor(), 1_000)
  const refusal = {
    reason: 'contract-unknown',
    path: 'c',
    expected: 'an older one',
    got: 'this one',
  } as const
  const outcome = { outcome: 'quarantined', readings: 0, repeated: 0 } as const
  const refused = messages.map((intake) => {
    const decoded = { ok: false, refusal } as const
    return { message: { intake, decoded }, device: countedFor(intake), refusal }
  })
  const outcomes = refused.map(({ device }) => ({ device, ...outcome }))
  memory.countFor(reader.origin())
  memory.commit({ points: [], refused, outcomes }, messages.at(-1)?.position ?? 0)
  memory.stop()
}

export class Consumers {
  readonly folder = mkdtempSync(join(tmpdir(), 'writer-'))
  readonly #lifecycle = new Lifecycle(silentLog)

  openIntake(): Promise<{ log: IntakeLog; reader: IntakeReader }> {
    return openIntake(this.folder, this.#lifecycle)
  }

  refuseAll(reader: IntakeReader): void {
    refuseAll(reader, join(this.folder, 'ingest.db'))
  }

  discard(group: number): void {
    const memory = new IngestMemory(join(this.folder, 'ingest.db'))
    memory.start()
    expect(memory.discard(group)).toBe(true)
    memory.stop()
  }

  async stop(): Promise<void> {
    await this.#lifecycle.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** One life of the consumer: everything in the log is dealt with, then it stops. */
  async live(reader: IntakeReader, { wrap = (store) => store, replay, meanwhile, dies }: LifeOptions = {}) {
    const told: Refused[] = []
    const life = new Lifecycle(silentLog)
    const history = openHistory(parseConfig({ DATA_DIR: this.folder }), systemClock)
    await history.start()
    life.onStop('history', () => history.stop())
    const memory = new IngestMemory(join(this.folder, 'ingest.db'))
    memory.start()
    life.onStop('memory', () => memory.stop())
    const log = new DecodedLog({ reader, clock: systemClock })
    log.start()
    life.onStop('log', () => log.stop())
    const metrics = openMetrics('test')
    const audit = new Audit({ reader, memory, clock: systemClock, logger: silentLog, metrics })
    const replays = new QuarantineReplays({ memory, clock: systemClock, onAsked: () => log.wake() })
    const writer = new HistoryWriter({
      log,
      origin: () => reader.origin(),
      store: wrap(history),
      memory,
      replays,
      onDealt: (messages, to) => audit.dealt(messages, to),
      onRefused: (refused) => told.push(...refused),
      onCursor: () => {},
      clock: systemClock,
      logger: silentLog,
      metrics,
    })
    writer.start((cause) => {
      throw cause
    })
    life.onStop('writer', () => writer.stop())
    await expect.poll(() => memory.cursor(), { timeout: 10_000 }).toBe(reader.end())
    await meanwhile?.()
    const replayed = replay && replays.ask(replay)
    await Promise.race([replayed?.done, ...(dies ? [dies] : [])])
    const stored = await history.range({
      kind: 'heat-entrance',
      device,
      signal: 'p_ret_kpa',
      fromMs: 0,
      toMs: 2 * dayMs,
      points: 1,
    })
    const result = {
      told,
      health: writer.health(),
      replayed: replayed?.result,
      ledger: await audit.ledger(everyDevice),
      quarantine: memory.quarantine.list({}, 100),
      samples: stored.reduce((sum, { count }) => sum + count, 0),
    }
    await life.stop()
    return result
  }
}
