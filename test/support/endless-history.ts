import { DuckDbStore } from '../../ingest/history/duckdb-store.ts'
import { systemClock } from '../../platform/clock.ts'
import { historyBatch } from './history-points.ts'

/** A process to be killed: `node endless-history.ts FILE` writes batch after batch into the embedded history,
 *  and prints the position of each when it is confirmed. */
const store = new DuckDbStore({ file: process.argv[2] ?? '', timeZone: 'Asia/Shanghai', clock: systemClock })
await store.start()
for (let from = 1; ;) {
  const batch = historyBatch(from)
  await store.write(batch)
  process.stdout.write(`${batch.to}\n`)
  from = batch.to + 1
}
