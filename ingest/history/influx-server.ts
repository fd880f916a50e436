import { dayMs, forever, type Keep, type Resolution } from './resolution.ts'

/** What differs between the versions of InfluxDB; line protocol to `/write` and InfluxQL to `/query` do not.
 *
 *  - **1.6** (run: 1.6.7; the same up to 1.11): Basic login. A database is made by `CREATE DATABASE`, which needs
 *    an administrator where logins are on (a lesser login needs ALL on the four of them). One that we make keeps as long as it should, and refuses what is
 *    older; one that was there before keeps as its owner said. Without the database a write is 404, and a query
 *    an error in the body.
 *  - **2.x** (read, not run): `Authorization: Token …`, or Basic with the token as the password. The operator
 *    makes the four buckets (`estate`, `estate_1m`, `estate_1h`, `estate_1d`), with their retention, and maps a
 *    database to each (`influx v1 dbrp create`).
 *  - **3 Core** (read, not run): `Authorization: Bearer …`, or Basic with the token as the password. A database
 *    is made by its first write, and keeps for ever unless made with `--retention-period` before. Tags of a measurement are fixed by its first line, so a charger's first line
 *    would have to be that of a port. */
export interface InfluxSettings {
  url: string
  database: string
  username?: string
  password?: string
  /** Of a database that we make; `forever` unless told. */
  keep?: Keep
}

export interface InfluxServer {
  /** Without a slash at the end. */
  url: string
  headers: Record<string, string>
  /** For times in nanoseconds, which every version takes unless told. */
  writePath: (resolution: Resolution) => string
  /** What stands after FROM. */
  source: (resolution: Resolution, measurement: string) => string
  /** GET for a question, POST for `createDatabase`. */
  query: (statement: string, parameters?: Record<string, string>) => URLSearchParams
  createDatabase: (resolution: Resolution) => string
}

export function influxServer(settings: InfluxSettings): InfluxServer {
  const { keep = forever } = settings
  const database = (resolution: Resolution) => `${settings.database}${suffixes[resolution]}`
  return {
    url: settings.url.replace(/\/+$/, ''),
    headers: loginHeaders(settings),
    writePath: (resolution) => `/write?db=${encodeURIComponent(database(resolution))}`,
    source: (resolution, measurement) => `${identifier(database(resolution))}..${identifier(measurement)}`,
    query: (statement, parameters = {}) =>
      new URLSearchParams({
        db: database('raw'),
        epoch: 'ms',
        q: statement,
        params: JSON.stringify(parameters),
      }),
    createDatabase: (resolution) =>
      `CREATE DATABASE ${identifier(database(resolution))} WITH ${durations(resolution, keep)}`,
  }
}

const suffixes = { raw: '', minute: '_1m', hour: '_1h', day: '_1d' } as const

/** InfluxDB removes whole shards: short ones where much is kept for a short time, and few where a year is read.
 *  None may be longer than the keep. */
const shardDays = { raw: 1, minute: 28, hour: 364, day: 3_640 } as const
const shardDaysForEver = 7

function durations(resolution: Resolution, keep: Keep): string {
  const keepMs = { raw: keep.rawMs, minute: keep.minuteMs, hour: keep.hourMs, day: Infinity }[resolution]
  const days = Math.ceil(keepMs / dayMs)
  const shard = resolution === 'raw' && days === Infinity ? shardDaysForEver : shardDays[resolution]
  return `DURATION ${days === Infinity ? 'INF' : `${days}d`} SHARD DURATION ${Math.min(shard, days)}d`
}

/** A name in InfluxQL: bound parameters stand for values only. */
export function identifier(name: string): string {
  return `"${name.replace(/["\\]/g, String.raw`\$&`).replaceAll('\n', ' ')}"`
}

/** InfluxDB 1.x says it in the body of the answer, whatever the status. */
export function databaseIsMissing(reason: string): boolean {
  return reason.includes('database not found')
}

/** A login that may use the readings' database but not those of the rollups. Charts are then drawn from the
 *  readings, and every round of the upkeep says that it cannot. */
export function rollupsAreClosed(reason: string): boolean {
  return /requires READ on .*_1[mhd]$/.test(reason)
}

function loginHeaders({ username, password }: InfluxSettings): Record<string, string> {
  if (username === undefined) return {}
  const login = Buffer.from(`${username}:${password ?? ''}`).toString('base64')
  return { authorization: `Basic ${login}` }
}
