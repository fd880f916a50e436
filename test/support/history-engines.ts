import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDbStore } from '../../ingest/history/duckdb-store.ts'
import { influxServer } from '../../ingest/history/influx-server.ts'
import { InfluxStore } from '../../ingest/history/influx-store.ts'
import type { HistoryStore } from '../../ingest/history/store.ts'
import { startInfluxd } from './influxd.ts'

/** The two history engines as the contract test holds them: an empty store, and what can happen to it. */
export interface Engine {
  /** A store on an empty file or database, not started. */
  create(): Promise<Place>
  stop(): Promise<void>
}

export interface Place {
  /** Another store object on the same file or database: what a restarted process opens. */
  open(timeZone?: string): HistoryStore
  /** Makes `store` unable to write, as the engine's own world does it. */
  takeDown(store: HistoryStore): Promise<void>
  /** A store that works again, started. */
  bringBack(store: HistoryStore): Promise<HistoryStore>
}

const yangquan = 'Asia/Shanghai'

export async function embeddedEngine(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'history-'))
  return {
    async create() {
      const file = join(folder, `${randomUUID()}.duckdb`)
      const open = (timeZone = yangquan) => new DuckDbStore({ file, timeZone })
      return {
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
  return {
    async create() {
      const server = influxServer({ url: influxd.url, database: `estate-${randomUUID()}` })
      return {
        open: (timeZone = yangquan) => new InfluxStore({ server, timeZone }),
        takeDown: () => influxd.kill(),
        async bringBack(store) {
          await influxd.restart()
          return store
        },
      }
    },
    stop: () => influxd.stop(),
  }
}
