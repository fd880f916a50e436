import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { z } from 'zod'

/** What is in the store, read past our own code: straight from InfluxDB's answers, or from the DuckDB file. */
export interface StoredReading {
  device: string
  boot: number
  seq: number
  volL: number
}

const series = z.object({
  tags: z.object({ device: z.string() }),
  values: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
})
const answer = z.object({
  results: z.array(z.object({ error: z.string().optional(), series: z.array(series).optional() })),
})

export async function storedInInflux(url: string, database: string): Promise<StoredReading[]> {
  const question = new URLSearchParams({
    db: database,
    epoch: 'ms',
    q: 'select vol_l, boot, seq from "water-meter" where vol_l >= 0 group by device',
  })
  const response = await fetch(`${url}/query?${question}`)
  const { results } = answer.parse(await response.json())
  if (results[0]?.error !== undefined) throw new Error(results[0].error)
  return (results[0]?.series ?? []).flatMap(({ tags: { device }, values }) =>
    values.map(([, volL, boot, seq]) => ({ device, boot, seq, volL })),
  )
}

const number = z.coerce.number<bigint | number>()
const rows = z.array(z.object({ device: z.string(), boot: number, seq: number, volL: number }))

/** Only when no server has the file open. */
export async function storedInDuckDb(dataDir: string): Promise<StoredReading[]> {
  const database = await DuckDBInstance.create(join(dataDir, 'history.duckdb'), { access_mode: 'READ_ONLY' })
  const connection = await database.connect()
  try {
    const read = await connection.runAndReadAll(
      `select device, boot, seq, number as "volL" from sample join series on series.id = sample.series
       where signal = 'vol_l'`,
    )
    return rows.parse(read.getRowObjectsJS())
  } finally {
    connection.closeSync()
    database.closeSync()
  }
}
