import { expect, test } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { parseConfig } from '../../platform/config.ts'
import { DuckDbStore } from './duckdb-store.ts'
import { InfluxStore } from './influx-store.ts'
import { openHistory } from './open-history.ts'

test('history is embedded until the operator names an InfluxDB', () => {
  const config = parseConfig({})
  const influx = { url: 'http://127.0.0.1:8086', database: 'estate' }
  expect(openHistory(config, systemClock)).toBeInstanceOf(DuckDbStore)
  expect(openHistory({ ...config, influx }, systemClock)).toBeInstanceOf(InfluxStore)
})
