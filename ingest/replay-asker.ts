import { Counter } from 'prom-client'
import type { CurrentRegistry } from '../estate/current-registry.ts'
import { encodeReplay } from '../firmware-contracts/encode.ts'
import type { Cancel, Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { DeviceMemory } from './device-memory.ts'
import type { IngestMemory } from './memory.ts'
import type { Notices } from './notices.ts'
import { ask, dueAsk, type ReplayAsk } from './replay-asks.ts'

/** Asks devices for what is missing (`cmd/replay`), by the rules of replay-asks.ts, and not all at once: after
 *  an outage a thousand devices have gaps, and their answers come on top of what they have to say anyway. */
const lookEveryMs = 1_000
/** Commands to all devices together, a second. */
const commandsPerLook = 10
/** Between two commands to one device: it sends a message a second, and one answer at a time. */
const deviceRestMs = 15_000
/** Devices with a gap that are looked at in one go; the others have their turn at the next. */
const devicesPerLook = 500
const commandLifeMs = 60_000

export interface ReplayAskerParts {
  memory: IngestMemory
  registry: Pick<CurrentRegistry, 'get'>
  notices: Pick<Notices, 'connected' | 'command'>
  /** Server time up to which everything received has been dealt with: a gap is one only if the log was read. */
  readUpToMs: () => number
  clock: Clock
  logger: Log
  metrics: Metrics
}

export class ReplayAsker {
  readonly #parts: ReplayAskerParts
  readonly #asked: Counter
  readonly #givenUp: Counter
  #cancel: Cancel = () => {}
  /** Where the last look ended, among the devices with a gap. */
  #after: string | undefined

  constructor(parts: ReplayAskerParts) {
    this.#parts = parts
    const registers = [parts.metrics]
    this.#asked = new Counter({
      name: 'estate_replay_commands_total',
      help: 'times a device was asked to send again what is missing',
      registers,
    })
    this.#givenUp = new Counter({
      name: 'estate_replay_given_up_total',
      help: 'gaps that were asked for in vain',
      registers,
    })
  }

  start(): void {
    this.#cancel = this.#parts.clock.every(lookEveryMs, () => this.#look())
  }

  stop(): void {
    this.#cancel()
  }

  #look(): void {
    const { memory, notices, readUpToMs } = this.#parts
    if (!notices.connected()) return
    const nowMs = readUpToMs()
    let commands = commandsPerLook
    for (const device of this.#turn()) {
      const known = memory.device(device)
      known.lookForGaps(nowMs)
      const due = dueAsk(known.asks, nowMs)
      if (!due || !isListening(known, due, nowMs)) continue
      this.#follow(device, known, due, nowMs)
      if (--commands === 0) return
    }
  }

  /** The next of the devices with a gap, in a circle. */
  #turn(): string[] {
    const all = [...this.#parts.memory.gapped]
    const from = this.#after === undefined ? 0 : all.indexOf(this.#after) + 1
    const turn = [...all.slice(from), ...all.slice(0, from)].slice(0, devicesPerLook)
    this.#after = turn.at(-1)
    return turn
  }

  #follow(device: string, known: DeviceMemory, due: ReplayAsk, nowMs: number): void {
    const { memory, logger } = this.#parts
    const next = ask(due, nowMs)
    known.replaceAsk(due, next)
    memory.saveAsks(device)
    if (next.nextMs !== null) return this.#command(device, next)
    this.#givenUp.inc()
    const { boot, from, to, asked } = next
    logger.warn({ device, boot, from, to, asked }, 'a gap stays: the device was asked for it in vain')
  }

  #command(device: string, { id, boot, from, to }: ReplayAsk): void {
    const { registry, notices, clock } = this.#parts
    const place = registry.get().device(device)
    if (!place || id === undefined) return
    const exp = clock.now() + commandLifeMs
    notices.command(
      { site: place.site, kind: place.kind, device },
      'replay',
      encodeReplay({ id, exp, args: { b: boot, from, to } }),
    )
    this.#asked.inc()
  }
}

/** Only who has spoken since it was last asked is asked again: whoever is away would not hear it. */
function isListening({ asks, heardMs }: DeviceMemory, due: ReplayAsk, nowMs: number): boolean {
  if (heardMs <= (due.askedMs ?? 0)) return false
  return asks.every(({ askedMs }) => askedMs === undefined || nowMs - askedMs >= deviceRestMs)
}
