import { readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { AlarmLog } from '../../estate/alarm-log.ts'
import { CurrentRegistry } from '../../estate/current-registry.ts'
import { OrderBook } from '../../estate/order-book.ts'
import { openRecords } from '../../estate/records.ts'
import { DecodedLog } from '../../ingest/decoded-log.ts'
import { InstructionDesk } from '../../ingest/instruction-desk.ts'
import { LiveState } from '../../ingest/live-state.ts'
import { Notices } from '../../ingest/notices.ts'
import { ParameterDesk } from '../../ingest/parameter-desk.ts'
import { Watch } from '../../ingest/watch.ts'
import { systemClock, type Clock } from '../../platform/clock.ts'
import type { IntakeMessage, IntakeReader } from '../../platform/intake-message.ts'
import { openIntakeReader } from '../../platform/intake-reader.ts'
import { silentLog } from '../../platform/log.ts'
import { openMetrics } from '../../platform/metrics.ts'
import { startMs } from './said-log.ts'

/** One life of the watch, as a process of its own: `node watch-life.ts FOLDER [COUNT]`. It goes through the log in
 *  small stretches, on the time of the log. Once it has watched the first COUNT messages it says so and stands
 *  still, to be killed; without a count it goes on to the end of the log and leaves. */

const stretch = 20
const still = '\n'

/** Everything the watch does happens between two reads: standing still here, it is between two messages. */
class PacedReader implements IntakeReader {
  readonly #reader: IntakeReader
  readonly #stopAt: number
  readonly #ended: () => void
  nowMs = startMs

  constructor(reader: IntakeReader, { count, ended }: { count: number; ended: () => void }) {
    this.#reader = reader
    this.#stopAt = reader.origin() + count
    this.#ended = ended
  }

  read(after: number): IntakeMessage[] {
    if (after >= this.#stopAt) standStill()
    const upTo = Math.min(after + stretch, this.#stopAt)
    const messages = this.#reader.read(after, stretch).filter(({ position }) => position <= upTo)
    this.nowMs = messages.at(-1)?.receivedMs ?? this.nowMs
    if (messages.length === 0) this.#ended()
    return messages
  }

  end(): number {
    return this.#reader.end()
  }

  origin(): number {
    return this.#reader.origin()
  }

  extent(): ReturnType<IntakeReader['extent']> {
    return this.#reader.extent()
  }

  totals(): ReturnType<IntakeReader['totals']> {
    return this.#reader.totals()
  }

  books(devices: readonly string[]): ReturnType<IntakeReader['books']> {
    return this.#reader.books(devices)
  }

  devicesAfter(search: Parameters<IntakeReader['devicesAfter']>[0]): string[] {
    return this.#reader.devicesAfter(search)
  }

  close(): void {
    this.#reader.close()
  }
}

/** Not a tick of the event loop passes until the process is killed. */
function standStill(): void {
  writeSync(1, still)
  readSync(0, Buffer.alloc(1), 0, 1, null)
}

async function live(folder: string, count: number): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const reader = new PacedReader(openIntakeReader(join(folder, 'intake.db')), {
    count,
    ended: ended.resolve,
  })
  const clock: Clock = { ...systemClock, now: () => reader.nowMs }
  const parts = { clock, logger: silentLog, metrics: openMetrics('test') }
  const records = await openRecords(join(folder, 'records.db'))
  const registry = new CurrentRegistry({ records, ...parts })
  await registry.start()
  const log = new DecodedLog({ reader, clock })
  log.start()
  const parameters = new ParameterDesk({ records, isSite: () => true, clock })
  await parameters.start()
  const instructions = new InstructionDesk({ records, clock, wake: () => log.wake() })
  await instructions.start()
  const orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  const watch = new Watch({
    log,
    origin: () => reader.origin(),
    records,
    registry,
    orders,
    alarmLog: new AlarmLog({ records, orders }),
    live: new LiveState({ clock }),
    parameters,
    instructions,
    notices: new Notices({ url: 'mqtt://127.0.0.1:1', ...parts }),
    timeZone: 'Asia/Shanghai',
    onCursor: () => {},
    ...parts,
  })
  await watch.start(ended.reject)
  await ended.promise
  await watch.stop()
  log.stop()
  registry.stop()
  reader.close()
  await records.destroy()
}

if (import.meta.main) {
  const [folder = '', count] = process.argv.slice(2)
  await live(folder, count === undefined ? Infinity : Number(count))
}
