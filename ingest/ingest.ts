import { join } from 'node:path'
import { Counter } from 'prom-client'
import { AlarmLog, type QualityWish } from '../estate/alarm-log.ts'
import type { AlarmQuality } from '../estate/alarm-quality.ts'
import type { CurrentRegistry } from '../estate/current-registry.ts'
import type { OrderBook } from '../estate/order-book.ts'
import type { Records } from '../estate/records.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config, MqttAccess } from '../platform/config.ts'
import type { intakeConsumers, IntakeReader } from '../platform/intake-message.ts'
import { openIntakeReader } from '../platform/intake-reader.ts'
import { Lifecycle } from '../platform/lifecycle.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { DecodedLog } from './decoded-log.ts'
import { Escalator } from './escalator.ts'
import type { Instruction } from './faults/instructions.ts'
import type { FloodWatch } from './faults/flood.ts'
import { openHistory } from './history/open-history.ts'
import type { HistoryStore } from './history/store.ts'
import { HistoryUpkeep } from './history-upkeep.ts'
import { HistoryWriter } from './history-writer.ts'
import { Audit, type Ledger } from './audit.ts'
import type { PageWish } from './device-lines.ts'
import { EvidenceKeeper } from './evidence-keeper.ts'
import { InstructionDesk } from './instruction-desk.ts'
import { LiveState } from './live-state.ts'
import { IngestMemory } from './memory.ts'
import { Notices } from './notices.ts'
import { ReplayAsker } from './replay-asker.ts'
import { ParameterDesk } from './parameter-desk.ts'
import { PromisedLevels } from './promised-levels.ts'
import { QuarantineDesk } from './quarantine-desk.ts'
import { RejectBudget } from './reject-budget.ts'
import { QuarantineReplays } from './quarantine-replay.ts'
import type { Refused } from './sorting.ts'
import { WhatIfDesk } from './what-if-desk.ts'
import { Watch } from './watch.ts'
import { WebhookDesk } from './webhook-desk.ts'

/** Ingest as one thing to start and stop: the intake log on one side, history, live state and work orders on
 *  the other. */
export interface IngestOptions {
  config: Config
  mqtt: MqttAccess
  records: Records
  registry: CurrentRegistry
  orders: OrderBook
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class Ingest {
  readonly history: HistoryStore
  readonly live: LiveState
  readonly quarantine: QuarantineDesk
  readonly parameters: ParameterDesk
  readonly levels: PromisedLevels
  readonly whatIf: WhatIfDesk
  /** Alarms, and what people say to them. */
  readonly faults = {
    alarms: () => this.#watch.alarms(),
    outOfService: () => this.#watch.outOfService(),
    say: (said: Instruction) => this.#instructions.say(said),
    said: (page: { subject?: string; before?: number; limit: number }) => this.#instructions.list(page),
  }
  readonly #clock: Clock
  readonly #lifecycle: Lifecycle
  readonly #reader: IntakeReader
  readonly #memory: IngestMemory
  readonly #audit: Audit
  readonly #replays: QuarantineReplays
  readonly #rejectBudget = new RejectBudget()
  readonly #withheld: Counter
  readonly #notices: Notices
  readonly #writer: HistoryWriter
  readonly #upkeep: HistoryUpkeep
  readonly #asker: ReplayAsker
  readonly #evidence: EvidenceKeeper
  readonly #instructions: InstructionDesk
  readonly #watch: Watch
  readonly #escalator: Escalator
  readonly #alarmLog: AlarmLog
  readonly webhooks: WebhookDesk
  readonly #log: DecodedLog
  readonly #cursors = new Map<(typeof intakeConsumers)[number], number>()

  constructor(options: IngestOptions) {
    const { config, clock, logger, metrics, registry } = options
    this.#clock = clock
    this.#lifecycle = new Lifecycle(logger)
    this.#reader = openIntakeReader(join(config.dataDir, 'intake.db'))
    this.#memory = new IngestMemory(join(config.dataDir, 'ingest.db'))
    this.#withheld = withheldCounter(metrics)
    this.#audit = new Audit({ reader: this.#reader, memory: this.#memory, clock, logger, metrics })
    this.#replays = new QuarantineReplays({ memory: this.#memory, clock, onAsked: () => this.#log.wake() })
    this.#log = new DecodedLog({ reader: this.#reader, clock })
    this.#notices = new Notices({ ...options.mqtt, clock, logger, metrics })
    this.history = openHistory(config, clock)
    this.live = new LiveState({ clock })
    this.#upkeep = new HistoryUpkeep({ store: this.history, clock, logger, metrics })
    const origin = () => this.#reader.origin()
    this.#writer = new HistoryWriter({
      log: this.#log,
      origin,
      store: this.history,
      memory: this.#memory,
      replays: this.#replays,
      onDealt: (messages, to) => this.#audit.dealt(messages, to),
      onRefused: (refused) => this.#tellRefused(refused),
      onCursor: (position) => this.#cursors.set('history', position),
      clock,
      logger,
      metrics,
    })
    const readUpToMs = () => this.#writer.readUpToMs()
    const [memory, notices, history] = [this.#memory, this.#notices, this.history]
    this.#asker = new ReplayAsker({ ...options, memory, notices, readUpToMs })
    this.#evidence = new EvidenceKeeper({ ...options, store: history, readUpToMs })
    const health = () => this.#writer.health()
    this.quarantine = new QuarantineDesk({ memory, replays: this.#replays, health, clock })
    this.parameters = new ParameterDesk({ ...options, isSite: (id) => registry.get().site(id) !== undefined })
    const { parameters } = this
    const periodsOf = (id: string) => this.live.device(id)?.periodS
    this.whatIf = new WhatIfDesk({ ...options, history, parameters, timeZone: config.timeZone, periodsOf })
    this.#instructions = new InstructionDesk({ ...options, wake: () => this.#log.wake() })
    this.levels = new PromisedLevels({ desk: this.parameters, timeZone: config.timeZone })
    this.#escalator = new Escalator({ ...options, levelsFor: (order) => this.levels.for(order) })
    this.parameters.onChange(() => this.#escalator.planAnew())
    this.#alarmLog = new AlarmLog(options)
    this.webhooks = new WebhookDesk({ ...options, flood: () => this.flood().sinceMs !== null })
    this.#watch = new Watch({
      ...options,
      log: this.#log,
      origin,
      alarmLog: this.#alarmLog,
      live: this.live,
      notices,
      parameters,
      instructions: this.#instructions,
      timeZone: config.timeZone,
      onCursor: (position) => this.#cursors.set('watch', position),
    })
  }

  /** `fail` is called when a consumer cannot go on: the process should end and be started again. */
  async start(fail: (cause: unknown) => void): Promise<void> {
    const started = this.#lifecycle
    this.#memory.start()
    started.onStop('ingest memory', () => this.#memory.stop())
    started.onStop('intake reader', () => this.#reader.close())
    await this.history.start()
    started.onStop('history', () => this.history.stop())
    this.#upkeep.start()
    started.onStop('history upkeep', () => this.#upkeep.stop())
    this.#notices.start()
    started.onStop('notices', () => this.#notices.stop())
    this.#audit.start()
    started.onStop('audit', () => this.#audit.stop())
    this.#log.start()
    started.onStop('decoded log', () => this.#log.stop())
    started.onStop('live state', () => this.live.stop())
    this.#writer.start(fail)
    started.onStop('history writer', () => this.#writer.stop())
    this.#asker.start()
    started.onStop('replay asker', () => this.#asker.stop())
    this.#evidence.start()
    started.onStop('evidence keeper', () => this.#evidence.stop())
    await this.parameters.start()
    await this.#instructions.start()
    await this.#watch.start(fail)
    started.onStop('watch', () => this.#watch.stop())
    await this.#escalator.start(fail)
    started.onStop('escalator', () => this.#escalator.stop())
    this.webhooks.start(fail)
    started.onStop('webhooks', () => this.webhooks.stop())
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop()
  }

  health(): { ok: boolean; detail: string } {
    const { ok, detail } = this.#writer.health()
    return { ok, detail: [detail, this.#audit.trouble()].filter((said) => said !== undefined).join('; ') }
  }

  /** How far each consumer has got since this process began: what the log need not keep any longer. */
  cursors(): Record<string, number> {
    return Object.fromEntries(this.#cursors)
  }

  ledger(wish: PageWish): Promise<Ledger> {
    return this.#audit.ledger(wish)
  }

  flood(): FloodWatch {
    return this.#watch.flood()
  }

  alarmQuality(wish: QualityWish): Promise<AlarmQuality> {
    return this.#alarmLog.quality(wish)
  }

  #tellRefused(refused: readonly Refused[]): void {
    for (const { message, refusal } of refused) {
      const { decoded } = message
      const address = decoded.ok ? decoded.message.address : decoded.address
      if (!address) continue
      if (this.#rejectBudget.spend(address.device, this.#clock.now())) this.#notices.reject(address, refusal)
      else this.#withheld.inc()
    }
  }
}

function withheldCounter(metrics: Metrics): Counter {
  return new Counter({
    name: 'estate_rejects_withheld_total',
    help: 'refusals a device was not told of, because it was told so many already',
    registers: [metrics],
  })
}
