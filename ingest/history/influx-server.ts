/** What differs between the versions of InfluxDB; line protocol to `/write` and InfluxQL to `/query` do not.
 *
 *  | | 1.6 to 1.11 (run against 1.6.7) | 2.x (from its documentation) | 3 Core (from its documentation) |
 *  |---|---|---|---|
 *  | login | Basic | `Authorization: Token …`, or Basic with the token as the password | `Bearer …`, or the same |
 *  | database | `CREATE DATABASE`, by an administrator | `POST /api/v2/buckets`, then a DBRP mapping | made by the first write |
 *  | retention | for ever in the default policy; `ALTER RETENTION POLICY` | a rule of the bucket | set when the database is made |
 *  | missing database | write 404, query an error in the body | 404 | not for writes |
 *
 *  Only the first column is built: a bucket of 2.x and its mapping are made by the operator beforehand. */
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
    writePath: `/write?db=${encodeURIComponent(database)}&precision=ms`,
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
