import { z } from 'zod'
import type { Clock } from '../../platform/clock.ts'
import type { DirtyWindows, Stretch } from './dirty-windows.ts'
import type { InfluxClient, InfluxSeries } from './influx-client.ts'
import { identifier, type InfluxServer } from './influx-server.ts'
import { escaped, quoted } from './line-protocol.ts'
import { dayMs, hourMs, minuteMs, type Resolution, type Rollup } from './resolution.ts'
import { localDays, type Window } from './windows.ts'
import { HistoryWriteError } from './write-error.ts'

/** Rollups in InfluxDB, each in a database of its own: for a signal `p_sup_kpa` the fields `p_sup_kpa_min`, `_max`,
 *  `_sum`, `_count` and `_last`, at the beginning of the minute, hour or day.
 *
 *  A pass recomputes what is marked: the minutes from the readings, hours and days from the minutes. Writing a
 *  rollup again overwrites it, so a pass that was cut short is simply made again. Readings that have expired
 *  leave their rollups alone: from nothing InfluxDB computes nothing, and hours and days are not made of
 *  readings. (What arrives after that, InfluxDB refuses: it goes to quarantine, with its reason.) */
export interface InfluxRollupsParts {
  client: InfluxClient
  server: InfluxServer
  dirty: DirtyWindows
  timeZone: string
  clock: Clock
}

/** Rows (device and minute) asked for at a time: few, because their answer keeps this process busy for as long as
 *  it is parsed. */
const rowsAtATime = 4_000
const devicesAtATime = 50
const linesPerRequest = 5_000
/** How far back readings are looked for that were there before the file of marks. */
const beginDays = 35

/** What is kept of a signal, each in a field `<signal>_<call>`. */
export const rollupCalls = ['min', 'max', 'sum', 'count', 'last'] as const

interface Field {
  name: string
  isNumber: boolean
}

const fieldKeys = z.array(z.tuple([z.string(), z.string()]))
const tagValues = z.array(z.tuple([z.string(), z.string()]))

export class InfluxRollups {
  readonly #parts: InfluxRollupsParts

  constructor(parts: InfluxRollupsParts) {
    this.#parts = parts
  }

  /** Makes everything that was marked; what it could not stays marked. */
  async rollUp(marked: readonly Stretch[]): Promise<void> {
    const days = Map.groupBy(marked, ({ kind, fromMs }) => `${kind}/${Math.floor(fromMs / dayMs)}`)
    for (const stretches of days.values()) await this.#makeDay(stretches)
  }

  /** Of one kind. Where so many devices at a time take too long, it goes on with fewer. */
  async #makeDay(stretches: readonly Stretch[]): Promise<void> {
    const fields = await this.#fieldsOf(stretches[0]?.kind ?? '')
    const longestMs = Math.max(...stretches.map(({ fromMs, toMs }) => toMs - fromMs))
    let most = Math.min(devicesAtATime, Math.ceil(rowsAtATime / (longestMs / minuteMs)))
    for (let start = 0; start < stretches.length;) {
      const some = stretches.slice(start, start + most)
      try {
        await this.#make(some, fields)
        this.#parts.dirty.done(some)
        start += some.length
      } catch (cause) {
        if (!(cause instanceof HistoryWriteError) || cause.failure !== 'timeout' || most === 1) throw cause
        most = Math.ceil(most / 2)
      }
    }
  }

  /** For a new file of marks: marks what the database holds already. */
  async begin(): Promise<void> {
    const { client, dirty, clock } = this.#parts
    const nowMs = clock.now()
    const todayMs = Math.floor(nowMs / dayMs) * dayMs
    const stretches: Stretch[] = []
    for (const { name: kind, values } of await client.select('SHOW TAG VALUES WITH KEY = "device"', {})) {
      const days = await this.#daysWithReadings(kind, todayMs)
      for (const [, device] of tagValues.parse(values))
        for (const fromMs of days) stretches.push({ kind, device, fromMs, toMs: fromMs + dayMs })
    }
    dirty.begin(stretches, nowMs)
  }

  /** Day by day, and no more than one reading of each: counting a month of a district would take minutes. */
  async #daysWithReadings(kind: string, todayMs: number): Promise<number[]> {
    const { client, server } = this.#parts
    const days: number[] = []
    for (let fromMs = todayMs - beginDays * dayMs; fromMs <= todayMs; fromMs += dayMs) {
      const when = during({ fromMs, toMs: fromMs + dayMs })
      const found = await client.select(
        `SELECT "seq" FROM ${server.source('raw', kind)} WHERE ${when} LIMIT 1`,
        {},
      )
      if (found.length > 0) days.push(fromMs)
    }
    return days
  }

  /** All the fields of a kind but the identity of a reading. */
  async #fieldsOf(kind: string): Promise<Field[]> {
    const answer = await this.#parts.client.select(`SHOW FIELD KEYS FROM ${identifier(kind)}`, {})
    const types = new Map<string, boolean>()
    for (const [name, type] of fieldKeys.parse(answer[0]?.values ?? []))
      if (name !== 'boot' && name !== 'seq') types.set(name, type === 'integer' || types.get(name) === true)
    return [...types].map(([name, isNumber]) => ({ name, isNumber }))
  }

  async #make(stretches: readonly Stretch[], fields: readonly Field[]): Promise<void> {
    const fromMs = Math.min(...stretches.map((stretch) => stretch.fromMs))
    const toMs = Math.max(...stretches.map((stretch) => stretch.toMs))
    const source = { kind: stretches[0]?.kind ?? '', devices: stretches.map(({ device }) => device), fields }
    const [hour] = wholeSlots({ fromMs, toMs }, hourMs)
    await this.#add(source, { from: 'raw', to: 'minute', window: { fromMs, toMs, slotMs: minuteMs } })
    await this.#add(source, { from: 'minute', to: 'hour', window: hour })
    for (const window of localDays({ fromMs, toMs }, this.#parts.timeZone)) {
      const hoursFit = window.fromMs % hourMs === 0 && window.slotMs % hourMs === 0
      await this.#add(source, { from: hoursFit ? 'hour' : 'minute', to: 'day', window })
    }
  }

  async #add(
    { kind, devices, fields }: { kind: string; devices: readonly string[]; fields: readonly Field[] },
    { from, to, window }: { from: Resolution; to: Rollup; window: Window },
  ): Promise<void> {
    const { client, server } = this.#parts
    if (fields.length === 0) return
    const names = devices.map((_, nth) => `d${nth}`)
    const columns = fields.flatMap((field) => columnsOf(field, from))
    const answer = await client.select(
      `SELECT ${columns.map(({ sql, name }) => `${sql} AS ${identifier(name)}`).join(', ')}
         FROM ${server.source(from, kind)} WHERE (${names.map((name) => `"device" = $${name}`).join(' OR ')})
         AND ${during(window)} GROUP BY ${slotsOf(window)}, "device", "port", "site" fill(none)`,
      Object.fromEntries(devices.map((device, nth) => [`d${nth}`, device])),
    )
    const lines = answer.flatMap((series) => linesOf(kind, series))
    for (let start = 0; start < lines.length; start += linesPerRequest)
      await client.write(to, lines.slice(start, start + linesPerRequest).join('\n'))
  }
}

/** What a rollup keeps of a field: an enum has a count and a last word. */
function columnsOf({ name, isNumber }: Field, from: Resolution): { sql: string; name: string }[] {
  const calls = isNumber ? rollupCalls : (['count', 'last'] as const)
  return calls.map((call) => ({
    sql: call === 'count' ? countedOf(name, from) : callOf(call, name, { from, isNumber }),
    name: `${name}_${call}`,
  }))
}

function countedOf(name: string, from: Resolution): string {
  return from === 'raw' ? `count(${identifier(name)})` : `sum(${identifier(`${name}_count`)})`
}

function callOf(
  call: string,
  name: string,
  { from, isNumber }: { from: Resolution; isNumber: boolean },
): string {
  if (from !== 'raw') return `${call}(${identifier(`${name}_${call}`)})`
  return `${call}(${identifier(name)}::${isNumber ? 'integer' : 'string'})`
}

function linesOf(kind: string, { tags, columns, values }: InfluxSeries): string[] {
  const set = ['device', 'port', 'site'].filter((tag) => (tags[tag] ?? '') !== '')
  const head = [escaped(kind), ...set.map((tag) => `${tag}=${escaped(tags[tag] ?? '')}`)].join(',')
  return values.flatMap((row) => {
    const fields = columns.flatMap((column, nth): string[] => {
      const value = row[nth]
      if (
        column === 'time' ||
        value === null ||
        value === undefined ||
        (value === 0 && column.endsWith('_count'))
      )
        return []
      return [`${escaped(column)}=${typeof value === 'number' ? `${value}i` : quoted(String(value))}`]
    })
    return fields.length === 0 ? [] : [`${head} ${fields.join(',')} ${String(row[0])}000000`]
  })
}

export function during({ fromMs, toMs }: Pick<Window, 'fromMs' | 'toMs'>): string {
  return `time >= ${fromMs}ms AND time < ${toMs}ms`
}

export function slotsOf({ fromMs, slotMs }: Window): string {
  return `time(${slotMs}ms, ${fromMs % slotMs}ms)`
}

/** The stretch widened to whole slots. */
export function wholeSlots({ fromMs, toMs }: Pick<Window, 'fromMs' | 'toMs'>, slotMs: number): [Window] {
  return [{ fromMs: fromMs - (fromMs % slotMs), toMs: Math.ceil(toMs / slotMs) * slotMs, slotMs }]
}
