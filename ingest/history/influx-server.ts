/** What differs between the versions of InfluxDB; line protocol to `/write` and InfluxQL to `/query` do not.
 *
 *  - **1.6** (run: 1.6.7; the same up to 1.11): Basic login. A database is made by `CREATE DATABASE`, which needs
 *    an administrator where logins are on; its default policy keeps for ever. Without the database a write is
 *    404, and a query an error in the body.
 *  - **2.x** (read, not run): `Authorization: Token …`, or Basic with the token as the password. The operator
 *    makes the bucket, with its retention, and maps the database to it (`influx v1 dbrp create`).
 *  - **3 Core** (read, not run): `Authorization: Bearer …`, or Basic with the token as the password. A database
 *    is made by its first write. Tags of a measurement are fixed by its first line, so a charger's first line
 *    would have to be that of a port. */
export interface InfluxSettings {
  url: string
  database: string
  username?: string
  password?: string
}

export interface InfluxServer {
  /** Without a slash at the end. */
  url: string
  headers: Record<string, string>
  /** For times in nanoseconds, which every version takes unless told. */
  writePath: string
  /** GET for a question, POST for `createDatabase`. */
  query: (statement: string, parameters?: Record<string, string>) => URLSearchParams
  createDatabase: string
}

export function influxServer(settings: InfluxSettings): InfluxServer {
  const { database } = settings
  return {
    url: settings.url.replace(/\/+$/, ''),
    headers: loginHeaders(settings),
    writePath: `/write?db=${encodeURIComponent(database)}`,
    query: (statement, parameters = {}) =>
      new URLSearchParams({
        db: database,
        epoch: 'ms',
        q: statement,
        params: JSON.stringify(parameters),
      }),
    createDatabase: `CREATE DATABASE ${identifier(database)}`,
  }
}

/** A name in InfluxQL: bound parameters stand for values only. */
export function identifier(name: string): string {
  return `"${name.replace(/["\\]/g, String.raw`\$&`).replaceAll('\n', ' ')}"`
}

/** InfluxDB 1.x says it in the body of the answer, whatever the status. */
export function databaseIsMissing(reason: string): boolean {
  return reason.includes('database not found')
}

function loginHeaders({ username, password }: InfluxSettings): Record<string, string> {
  if (username === undefined) return {}
  const login = Buffer.from(`${username}:${password ?? ''}`).toString('base64')
  return { authorization: `Basic ${login}` }
}
