import { expect, test } from 'vitest'
import { systemClock } from '../../platform/clock.ts'
import { DuckDbStore } from './duckdb-store.ts'
import { InfluxStore } from './influx-store.ts'
import { openHistory } from './open-history.ts'

test('history is embedded until the operator names an InfluxDB', () => {
  const config = { dataDir: './data', timeZone: 'Asia/Shanghai' }
  const influx = { url: 'http://127.0.0.1:8086', database: 'estate' }
  expect(openHistory(config, systemClock)).toBeInstanceOf(DuckDbStore)
  expect(openHistory({ ...config, influx }, systemClock)).toBeInstanceOf(InfluxStore)
})
