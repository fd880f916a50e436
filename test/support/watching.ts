import { AlarmLog } from '../../estate/alarm-log.ts'
import { CurrentRegistry } from '../../estate/current-registry.ts'
import { OrderBook } from '../../estate/order-book.ts'
import type { Records } from '../../estate/records.ts'
import { DecodedLog } from '../../ingest/decoded-log.ts'
import { InstructionDesk } from '../../ingest/instruction-desk.ts'
import { LiveState } from '../../ingest/live-state.ts'
import { Notices } from '../../ingest/notices.ts'
import { ParameterDesk } from '../../ingest/parameter-desk.ts'
import { Watch } from '../../ingest/watch.ts'
import type { Clock } from '../../platform/clock.ts'
import type { IntakeReader } from '../../platform/intake-message.ts'
import { silentLog } from '../../platform/log.ts'
import { openMetrics } from '../../platform/metrics.ts'

const timeZone = 'Asia/Shanghai'

export interface WatchingParts {
  records: Records
  reader: IntakeReader
  clock: Clock
  onCursor?: (position: number) => void
}

/** The real watch over an intake log and a records database, with nobody to hear what it says. It is not started; `end`
 *  stops what was begun for it, and the watch itself is to be stopped before. */
export async function watching({ records, reader, clock, onCursor = () => {} }: WatchingParts) {
  const parts = { records, clock, logger: silentLog, metrics: openMetrics('test') }
  const registry = new CurrentRegistry(parts)
  await registry.start()
  const log = new DecodedLog({ reader, clock })
  log.start()
  const parameters = new ParameterDesk({ ...parts, isSite: () => true })
  await parameters.start()
  const instructions = new InstructionDesk({ ...parts, wake: () => log.wake() })
  await instructions.start()
  const orders = new OrderBook({ records, timeZone })
  const alarmLog = new AlarmLog({ records, orders })
  const watch = new Watch({
    ...parts,
    log,
    origin: () => reader.origin(),
    registry,
    orders,
    alarmLog,
    live: new LiveState({ clock }),
    parameters,
    instructions,
    notices: new Notices({ url: 'mqtt://127.0.0.1:1', ...parts }),
    timeZone,
    onCursor,
  })
  const end = () => {
    log.stop()
    registry.stop()
    reader.close()
  }
  return { watch, registry, instructions, orders, alarmLog, end }
}
