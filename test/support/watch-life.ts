import { readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openRecords } from '../../estate/records.ts'
import { systemClock, type Clock } from '../../platform/clock.ts'
import type { IntakeMessage, IntakeReader } from '../../platform/intake-message.ts'
import { openIntakeReader } from '../../platform/intake-reader.ts'
import { startMs } from './said-log.ts'
import { watching } from './watching.ts'

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
  const records = await openRecords(join(folder, 'records.db'))
  const { watch, end } = await watching({ records, reader, clock })
  await watch.start(ended.reject)
  await ended.promise
  await watch.stop()
  end()
  await records.destroy()
}

if (import.meta.main) {
  const [folder = '', count] = process.argv.slice(2)
  await live(folder, count === undefined ? Infinity : Number(count))
}
