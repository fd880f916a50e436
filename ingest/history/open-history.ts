import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { Config } from '../../platform/config.ts'
import { DuckDbStore } from './duckdb-store.ts'
import { influxServer } from './influx-server.ts'
import { InfluxStore } from './influx-store.ts'
import { keepOf } from './resolution.ts'
import type { HistoryStore } from './store.ts'

/** InfluxDB where the operator names one, else a DuckDB file in the data folder. Not started yet. */
export function openHistory(
  config: Pick<Config, 'dataDir' | 'influx' | 'keepDays' | 'timeZone'>,
  clock: Clock,
): HistoryStore {
  const { dataDir, influx, keepDays, timeZone } = config
  const keep = keepOf(keepDays)
  const options = { timeZone, clock, keep }
  if (!influx) return new DuckDbStore({ ...options, file: join(dataDir, 'history.duckdb') })
  const server = influxServer({ ...influx, keep })
  return new InfluxStore({ ...options, server, marksFile: join(dataDir, 'rollups.db') })
}
