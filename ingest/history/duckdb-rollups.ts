import type { DuckDBConnection } from '@duckdb/node-api'
import { z } from 'zod'
import { dayMs, hourMs, minuteMs, type Keep, type Resolution, type Rollup } from './resolution.ts'
import { localDays } from './windows.ts'

/** Rollups of the embedded history, and what becomes of the old.
 *
 *  Nothing is recomputed. Samples carry the number of the batch they came in; a pass takes the batches since the
 *  pass before and appends one row for each series and minute in them, in the transaction that also moves its
 *  mark. A minute may so have several rows (a straggler adds one, years later if it must), and whoever reads adds
 *  them up: minimum of minima, sum of sums. What lies behind the mark has its rows, what lies before it is read
 *  from the samples themselves: each sample counts exactly once, whenever it is asked and wherever a crash fell,
 *  and a minute whose samples are long gone takes a late one as well as any other.
 *
 *  Hours and days are made of minutes in the same way, only less often: a pass for each row would gain nothing. */
export const rollupSchema = `
  create table if not exists batch_number as select 0::bigint as batch;
  create table if not exists rolled as
    select -1::bigint as minute, -1::bigint as hour, -1::bigint as day, 0::bigint as hour_ms, 0::bigint as day_ms;
  ${['minute', 'hour', 'day'].map(rollupTable).join('\n')}`

function rollupTable(name: string): string {
  return `create table if not exists ${name} (
    series integer not null, t bigint not null, low bigint, high bigint, total double, count bigint not null,
    last bigint, word varchar, last_t bigint not null, batch bigint not null
  );`
}

/** Up to which batch samples are in the minutes, and minutes in the hours and days; when those were last made. */
export interface Rolled {
  minute: number
  hour: number
  day: number
  hourMs: number
  dayMs: number
}

const integer = z.coerce.number<bigint | number>()
const rolledRows = z.tuple([
  z.object({ minute: integer, hour: integer, day: integer, hourMs: integer, dayMs: integer }),
])
const numberRows = z.tuple([z.object({ batch: integer })])
const extentRows = z.tuple([z.object({ first: integer.nullable(), last: integer.nullable() })])

export async function rolledIn(connection: DuckDBConnection): Promise<Rolled> {
  const sql = 'select minute, hour, day, hour_ms as "hourMs", day_ms as "dayMs" from rolled'
  const [rolled] = rolledRows.parse((await connection.runAndReadAll(sql)).getRowObjectsJS())
  return rolled
}

/** Brings the rollups up to the newest batch; hours at most once an hour, days at most once a day. True when it was
 *  time for the hours. */
export async function rollUp(
  connection: DuckDBConnection,
  { nowMs, timeZone }: { nowMs: number; timeZone: string },
): Promise<boolean> {
  const rolled = await rolledIn(connection)
  const isHourly = nowMs - rolled.hourMs >= hourMs
  const [{ batch }] = numberRows.parse(
    (await connection.runAndReadAll('select batch from batch_number')).getRowObjectsJS(),
  )
  await inOneGo(connection, [
    `insert into minute select series, t // ${minuteMs} * ${minuteMs} as minute, min(number), max(number),
       sum(number)::double, count(*), arg_max(number, t), arg_max(word, t), max(t), ${batch}
     from sample where batch > ${rolled.minute} and batch <= ${batch} group by all order by series, minute`,
    `update rolled set minute = ${batch}`,
  ])
  if (isHourly)
    await inOneGo(connection, [
      added('hour', { start: `t // ${hourMs} * ${hourMs}`, after: rolled.hour, batch }),
      `update rolled set hour = ${batch}, hour_ms = ${nowMs}`,
    ])
  if (nowMs - rolled.dayMs >= dayMs)
    await inOneGo(connection, await dayPass(connection, { rolled, batch, nowMs, timeZone }))
  return isHourly
}

/** Where clocks change, stretches of days are cut one by one. */
async function dayPass(
  connection: DuckDBConnection,
  { rolled, batch, nowMs, timeZone }: { rolled: Rolled; batch: number; nowMs: number; timeZone: string },
): Promise<string[]> {
  const fresh = await connection.runAndReadAll(
    `select min(t) as first, max(t) as last from minute where batch > ${rolled.day}`,
  )
  const [{ first, last }] = extentRows.parse(fresh.getRowObjectsJS())
  const days = first === null || last === null ? [] : localDays({ fromMs: first, toMs: last + 1 }, timeZone)
  return [
    ...days.map(({ fromMs, toMs, slotMs }) =>
      added('day', {
        start: `${fromMs} + (t - ${fromMs}) // ${slotMs} * ${slotMs}`,
        after: rolled.day,
        batch,
        within: `and t >= ${fromMs} and t < ${toMs}`,
      }),
    ),
    `update rolled set day = ${batch}, day_ms = ${nowMs}`,
  ]
}

function added(
  table: 'hour' | 'day',
  { start, after, batch, within = '' }: { start: string; after: number; batch: number; within?: string },
): string {
  return `insert into ${table} select series, ${start} as slot, min(low), max(high), sum(total), sum(count)::bigint,
      arg_max(last, last_t), arg_max(word, last_t), max(last_t), ${batch}
    from minute where batch > ${after} and batch <= ${batch} ${within} group by all order by series, slot`
}

/** Removes what is past its keep and is in the rollups; then gives its room back to the file. */
export async function expire(
  connection: DuckDBConnection,
  { nowMs, keep }: { nowMs: number; keep: Keep },
): Promise<void> {
  const { minute, hour, day } = await rolledIn(connection)
  const before = (keepMs: number) => (Number.isFinite(keepMs) ? Math.floor(nowMs - keepMs) : 0)
  await inOneGo(connection, [
    `delete from sample where t < ${before(keep.rawMs)} and batch <= ${minute}`,
    `delete from minute where t < ${before(keep.minuteMs)} and batch <= ${Math.min(hour, day)}`,
    `delete from hour where t < ${before(keep.hourMs)}`,
  ])
  await connection.run('checkpoint')
}

/** The rows that together hold every sample of a series once, at the resolution or finer, in the columns of a
 *  rollup. */
export function rowsAt(resolution: Resolution, rolled: Rolled): string {
  if (resolution === 'raw') return samples(-1)
  const finer = [samples(rolled.minute)]
  if (resolution !== 'minute') finer.push(rollups('minute', rolled[resolution]))
  return [rollups(resolution, -1), ...finer].join(' union all ')
}

function samples(afterBatch: number): string {
  return `select t, number as low, number as high, number::double as total, 1 as count, number as last, t as last_t
    from sample where series = $series and t >= $from and t < $to and number is not null and batch > ${afterBatch}`
}

function rollups(table: Rollup, afterBatch: number): string {
  return `select t, low, high, total, count, last, last_t
    from ${table} where series = $series and t >= $from and t < $to and low is not null and batch > ${afterBatch}`
}

/** A statement that fails leaves an open transaction; closing the connection undoes it. */
async function inOneGo(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  await connection.run(['begin', ...statements, 'commit'].join(';\n'))
}
