import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDbStore } from '../../ingest/history/duckdb-store.ts'
import { influxServer } from '../../ingest/history/influx-server.ts'
import { InfluxStore } from '../../ingest/history/influx-store.ts'
import type { HistoryStore } from '../../ingest/history/store.ts'
import { VirtualClock } from '../../platform/clock.ts'
import { startMs } from './history-points.ts'
import { startInfluxd } from './influxd.ts'

/** The two history engines as the contract test holds them: an empty store, and what can happen to it. */
export interface Engine {
  /** A store on an empty file or database, not started. */
  create(): Promise<Place>
  stop(): Promise<void>
}

export interface Place {
  /** The stores' time: a day after the first made-up point. */
  clock: VirtualClock
  /** Another store object on the same file or database: what a restarted process opens. */
  open(timeZone?: string): HistoryStore
  /** Makes `store` unable to write, as the engine's own world does it. */
  takeDown(store: HistoryStore): Promise<void>
  /** A store that works again, started. */
  bringBack(store: HistoryStore): Promise<HistoryStore>
}

const yangquan = 'Asia/Shanghai'
const dayMs = 86_400_000

export async function embeddedEngine(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'history-'))
  return {
    async create() {
      const file = join(folder, `${randomUUID()}.duckdb`)
      const clock = new VirtualClock(startMs + dayMs)
      const open = (timeZone = yangquan) => new DuckDbStore({ file, timeZone, clock })
      return {
        clock,
        open,
        takeDown: (store) => store.stop(),
        async bringBack() {
          const store = open()
          await store.start()
          return store
        },
      }
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  }
}

export async function influxEngine(): Promise<Engine> {
  const influxd = await startInfluxd()
  const folder = await mkdtemp(join(tmpdir(), 'history-'))
  return {
    async create() {
      const marksFile = join(folder, `${randomUUID()}.db`)
      const server = influxServer({ url: influxd.url, database: `estate-${randomUUID()}` })
      const clock = new VirtualClock(startMs + dayMs)
      return {
        clock,
        open: (timeZone = yangquan) => new InfluxStore({ server, timeZone, clock, marksFile }),
        takeDown: () => influxd.kill(),
        async bringBack(store) {
          await influxd.restart()
          return store
        },
      }
    },
    async stop() {
      await influxd.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
