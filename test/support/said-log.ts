import { join } from 'node:path'
import type { Outgoing } from '../../device-sim/firmware/message.ts'
import { demoFleet } from '../../device-sim/fleets/demo.ts'
import { loadScenario } from '../../device-sim/scenarios/scenario.ts'
import { simulate } from '../../device-sim/simulation.ts'
import { systemClock } from '../../platform/clock.ts'
import { IntakeLog } from '../../platform/intake-log.ts'
import { silentLog } from '../../platform/log.ts'
import { openMetrics } from '../../platform/metrics.ts'

/** An intake log that holds what the demo estate says, each message received when it was said. */

export const seed = 5
export const startMs = Date.parse('2026-01-15T07:00:00+08:00')

export function saidBy(scenario: string, minutes: number): Outgoing[] {
  const options = { fleet: demoFleet(), scenario: loadScenario(scenario), seed, startMs }
  return [...simulate(options, startMs + minutes * 60_000)]
}

/** Positions follow the order of the messages, from 1. */
export async function fillLog(folder: string, said: readonly Outgoing[]): Promise<void> {
  const log = new IntakeLog({
    file: join(folder, 'intake.db'),
    clock: systemClock,
    logger: silentLog,
    metrics: openMetrics('test'),
  })
  await log.start()
  const written = said.map(
    ({ t, device, topic, payload, will = false }) =>
      new Promise<void>((resolve, reject) => {
        const of = topic.split('/')[4] ?? device
        const from = { device: of, publisher: device, receivedMs: t, will }
        const message = { ...from, topic, payload, retain: false, qos: 1 as const }
        log.append(message, (error) => (error ? reject(error) : resolve()))
      }),
  )
  await Promise.all(written)
  await log.stop()
}
