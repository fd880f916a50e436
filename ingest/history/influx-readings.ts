import type { Kind } from '../../firmware-contracts/message.ts'
import type { InfluxSeries } from './influx-client.ts'
import type { StoredReading } from './store.ts'

/** Readings out of InfluxDB, where a row is one reading: its tags and its identity are columns among its signals. */
const notSignals = new Set(['time', 'site', 'device', 'port', 'boot', 'seq'])

export function readingsOf(
  { columns, values }: Pick<InfluxSeries, 'columns' | 'values'>,
  { kind, site }: { kind: Kind; site: string },
): StoredReading[] {
  const at = (name: string) => columns.indexOf(name)
  const [time, device, port, boot, seq] = [at('time'), at('device'), at('port'), at('boot'), at('seq')]
  return values.map((row) => {
    const fields: Record<string, number | string> = {}
    for (const [index, name] of columns.entries()) {
      const value = row[index]
      if (!notSignals.has(name) && (typeof value === 'number' || typeof value === 'string'))
        fields[name] = value
    }
    const ofPort = row[port]
    return {
      site,
      kind,
      device: String(row[device]),
      ...(typeof ofPort === 'string' && ofPort !== '' && { port: ofPort }),
      t: Number(row[time]),
      boot: Number(row[boot]),
      seq: Number(row[seq]),
      fields,
    }
  })
}

export function byTimeAndNumber(a: StoredReading, b: StoredReading): number {
  if (a.t !== b.t) return a.t - b.t
  if (a.device !== b.device) return a.device < b.device ? -1 : 1
  return a.boot - b.boot || a.seq - b.seq || ((a.port ?? '') < (b.port ?? '') ? -1 : 1)
}
