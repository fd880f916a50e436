import { join } from 'node:path'
import { encodeReading } from '../firmware-contracts/encode.ts'
import { systemClock } from '../platform/clock.ts'
import { IntakeLog } from '../platform/intake-log.ts'
import type { IntakeReader } from '../platform/intake-message.ts'
import { openIntakeReader } from '../platform/intake-reader.ts'
import type { Lifecycle } from '../platform/lifecycle.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'

/** A real intake log in a folder, and what the heat entrance of building 1 says into it. */
export const device = 'hengkang-b01-heat'
export const topic = `est/1/hengkang/heat-entrance/${device}/tele`
export const dayMs = 1_763_510_400_000

export async function openIntake(
  folder: string,
  lifecycle: Lifecycle,
): Promise<{ log: IntakeLog; reader: IntakeReader }> {
  const file = join(folder, 'intake.db')
  const log = new IntakeLog({ file, clock: systemClock, logger: silentLog, metrics: openMetrics('test') })
  await log.start()
  lifecycle.onStop('intake log', () => log.stop())
  const reader = openIntakeReader(file)
  lifecycle.onStop('reader', () => reader.close())
  return { log, reader }
}

export const send = (
  log: IntakeLog,
  payload: Uint8Array,
  options: { to?: string; of?: string; by?: string; will?: boolean } = {},
) =>
  new Promise<void>((resolve, reject) => {
    const { to = topic, of = device, by = of, will = false } = options
    const sent = { device: of, publisher: by, topic: to, payload, will, receivedMs: dayMs + 1_000 }
    log.append({ ...sent, retain: false, qos: 1 }, (error) => (error ? reject(error) : resolve()))
  })

export const sample = (seq: number, returnKpa = 223, t = dayMs + seq) =>
  encodeReading({
    contract: 'heat-entrance/1.0',
    boot: 1,
    seq,
    t,
    clock: 'n',
    values: { p_ret_kpa: returnKpa },
  })
