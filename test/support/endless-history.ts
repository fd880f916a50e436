import { DuckDbStore } from '../../ingest/history/duckdb-store.ts'
import { hourMs } from '../../ingest/history/resolution.ts'
import { VirtualClock } from '../../platform/clock.ts'
import { historyBatch, startMs } from './history-points.ts'

/** A process to be killed: `node endless-history.ts FILE` writes batch after batch into the embedded history,
 *  and prints the position of each when it is confirmed. All the while the upkeep makes rollups, one round after
 *  the other, an hour between them. */
const clock = new VirtualClock(startMs)
const store = new DuckDbStore({ file: process.argv[2] ?? '', timeZone: 'Asia/Shanghai', clock })
await store.start()
void keepHouse()
for (let from = 1; ;) {
  const batch = historyBatch(from)
  await store.write(batch)
  process.stdout.write(`${batch.to}\n`)
  from = batch.to + 1
}

async function keepHouse(): Promise<void> {
  for (;;) {
    await store.upkeep()
    clock.advance(hourMs)
  }
}
