import { expect, test } from 'vitest'
import { VirtualClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import type { HistoryStore } from './history/store.ts'
import { HistoryUpkeep } from './history-upkeep.ts'

const fiveMinutesMs = 5 * 60_000

test('the upkeep comes every five minutes, one round at a time, and a round that fails is counted and followed by the next', async () => {
  const clock = new VirtualClock()
  const metrics = openMetrics('test')
  const rounds: PromiseWithResolvers<void>[] = []
  const upkeepOf: Pick<HistoryStore, 'upkeep'> = {
    upkeep() {
      const round = Promise.withResolvers<void>()
      rounds.push(round)
      return round.promise
    },
  }
  const upkeep = new HistoryUpkeep({ store: upkeepOf, clock, logger: silentLog, metrics })
  const failures = async () =>
    (await metrics.getSingleMetric('estate_history_upkeep_failures_total')?.get())?.values[0]?.value
  upkeep.start()
  clock.advance(3 * fiveMinutesMs)
  expect(rounds).toHaveLength(1)
  rounds[0]?.reject(new Error('the database is down'))
  await expect.poll(failures).toBe(1)
  clock.advance(fiveMinutesMs)
  expect(rounds).toHaveLength(2)
  const stopped = upkeep.stop()
  rounds[1]?.resolve()
  await stopped
  clock.advance(fiveMinutesMs)
  expect(rounds).toHaveLength(2)
  expect(await failures()).toBe(1)
})
