import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeReading } from '../firmware-contracts/encode.ts'
import { startBetween, type Answer } from '../test/support/influx-between.ts'
import { startInfluxd, type RunningInfluxd } from '../test/support/influxd.ts'
import { missing } from '../test/support/programs.ts'
import { systemClock } from '../platform/clock.ts'
import type { IntakeReader } from '../platform/intake-message.ts'
import type { IntakeLog } from '../platform/intake-log.ts'
import { Lifecycle } from '../platform/lifecycle.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { DecodedLog } from './decoded-log.ts'
import { influxServer } from './history/influx-server.ts'
import { InfluxStore } from './history/influx-store.ts'
import type { WriteFailure } from './history/write-error.ts'
import { dayMs, device, openIntake, sample, send } from './history-writer.fixture.ts'
import { HistoryWriter } from './history-writer.ts'
import { IngestMemory } from './memory.ts'
import { QuarantineReplays } from './quarantine-replay.ts'

/** The history consumer in front of a real InfluxDB that is ill in every way it can be. What it cannot do itself
 *  (500, 503, a proxy's page) an HTTP server in between says in its place. */

let folder: string
let lifecycle: Lifecycle
let log: IntakeLog
let reader: IntakeReader

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outage-'))
  lifecycle = new Lifecycle(silentLog)
  const intake = await openIntake(folder, lifecycle)
  log = intake.log
  reader = intake.reader
})

afterEach(async () => {
  await lifecycle.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function influxd(settings: Record<string, string> = {}): Promise<RunningInfluxd> {
  const server = await startInfluxd(settings)
  lifecycle.onStop('influxd', () => server.stop())
  return server
}

interface Consumer {
  memory: IngestMemory
  writer: HistoryWriter
  failures: (failure: WriteFailure) => Promise<number>
  /** Everything in the log is dealt with, and that many samples are in InfluxDB. */
  settles: (samples: number) => Promise<void>
}

async function startConsumer(
  url: string,
  login: { username?: string; password?: string } = {},
  life = lifecycle,
): Promise<Consumer> {
  const metrics = openMetrics('test')
  const server = influxServer({ url, database: 'estate', ...login })
  const store = new InfluxStore({
    server,
    timeZone: 'Asia/Shanghai',
    clock: systemClock,
    timeoutMs: 400,
    marksFile: join(folder, 'rollups.db'),
  })
  await store.start()
  life.onStop('history', () => store.stop())
  const memory = new IngestMemory(join(folder, 'ingest.db'))
  memory.start()
  life.onStop('memory', () => memory.stop())
  const decoded = new DecodedLog({ reader, clock: systemClock })
  decoded.start()
  life.onStop('log', () => decoded.stop())
  const writer = new HistoryWriter({
    log: decoded,
    origin: () => reader.origin(),
    store,
    memory,
    replays: new QuarantineReplays({ memory, clock: systemClock, onAsked: () => decoded.wake() }),
    onDealt: () => {},
    onRefused: () => {},
    onCursor: () => {},
    clock: systemClock,
    logger: silentLog,
    metrics,
  })
  const samples = async () => {
    const query = { kind: 'heat-entrance', device, signal: 'p_ret_kpa', points: 1 } as const
    const [bucket] = await store.range({ ...query, fromMs: 0, toMs: 2 * dayMs })
    return bucket?.count ?? 0
  }
  writer.start((cause) => {
    throw cause
  })
  life.onStop('writer', () => writer.stop())
  return {
    memory,
    writer,
    async failures(failure) {
      const counter = await metrics.getSingleMetric('estate_history_write_failures_total')?.get()
      return counter?.values.find(({ labels }) => labels['failure'] === failure)?.value ?? 0
    },
    async settles(count) {
      await expect.poll(() => memory.cursor(), { timeout: 10_000 }).toBe(reader.end())
      expect(await samples()).toBe(count)
      expect(writer.health()).toEqual({ ok: true, detail: expect.stringContaining('position') })
    },
  }
}

async function sendSamples(from: number, to: number): Promise<void> {
  await Promise.all(Array.from({ length: to - from + 1 }, (_, nth) => send(log, sample(from + nth))))
}

describe.skipIf(missing('influxd'))(
  'while InfluxDB is ill, the log keeps the readings and the operator is told why',
  () => {
    const answers: [WriteFailure, string, Answer | 'silence'][] = [
      ['failed', 'engine: no space left', { status: 500, body: '{"error":"engine: no space left"}' }],
      ['unavailable', 'cannot be reached or is busy', { status: 503 }],
      ['unavailable', 'cannot be reached or is busy', { status: 429 }],
      ['misdirected', 'check its address', { status: 404, body: '404 page not found' }],
      ['misdirected', 'check its address', { status: 400, body: '<h1>Bad Request</h1>' }],
      ['unauthorised', 'check user, password', { status: 403, body: '{"error":"forbidden"}' }],
      ['timeout', 'hangs or is overloaded', 'silence'],
    ]
    test.each(answers)('%s: %s', async (failure, words, answer) => {
      const server = await influxd()
      const between = await startBetween(server.url)
      lifecycle.onStop('between', () => between.stop())
      const { failures, settles, writer, memory } = await startConsumer(between.url)
      await sendSamples(1, 5)
      await settles(5)
      between.writesGet(answer)
      await sendSamples(6, 10)
      await expect.poll(() => failures(failure), { timeout: 10_000 }).toBeGreaterThan(1)
      expect(writer.health()).toEqual({ ok: false, detail: expect.stringContaining(words) })
      expect(writer.health().detail).toContain('5 messages wait')
      between.writesGet('passed on')
      await settles(10)
      expect(memory.quarantine.list({}, 10)).toEqual([])
    })

    test('a server that asks to be left alone for a second is', async () => {
      const server = await influxd()
      const between = await startBetween(server.url)
      lifecycle.onStop('between', () => between.stop())
      const { settles } = await startConsumer(between.url)
      between.writesGet({ status: 503, headers: { 'retry-after': '1' } })
      await sendSamples(1, 5)
      await expect.poll(() => between.writesAtMs.length, { timeout: 10_000 }).toBe(2)
      const [first = 0, second = 0] = between.writesAtMs
      expect(second - first).toBeGreaterThanOrEqual(990)
      between.writesGet('passed on')
      await settles(5)
    })

    test('killed and started again, frozen and thawed: nothing lost, nothing twice', async () => {
      const server = await influxd()
      const { failures, settles } = await startConsumer(server.url)
      await sendSamples(1, 5)
      await settles(5)
      await server.kill()
      await sendSamples(6, 10)
      await expect.poll(() => failures('unavailable'), { timeout: 10_000 }).toBeGreaterThan(0)
      await server.restart()
      await settles(10)
      await server.freeze()
      await sendSamples(11, 15)
      await expect.poll(() => failures('timeout'), { timeout: 10_000 }).toBeGreaterThan(0)
      server.thaw()
      await settles(15)
    })

    test('a wrong password is the operator’s to mend, and costs no reading', async () => {
      const { url } = await influxd({ INFLUXDB_HTTP_AUTH_ENABLED: 'true' })
      const ask = (q: string, login?: string) =>
        fetch(`${url}/query`, {
          method: 'POST',
          body: new URLSearchParams({ q }),
          ...(login !== undefined && { headers: { authorization: `Basic ${btoa(login)}` } }),
        }).then((response) => response.text())
      await ask(`CREATE USER ingest WITH PASSWORD 'right' WITH ALL PRIVILEGES`)
      const { failures, settles, writer } = await startConsumer(url, {
        username: 'ingest',
        password: 'mended',
      })
      await sendSamples(1, 5)
      await expect.poll(() => failures('unauthorised'), { timeout: 10_000 }).toBeGreaterThan(0)
      expect(writer.health()).toMatchObject({
        ok: false,
        detail: expect.stringContaining('authorization failed'),
      })
      await ask(`SET PASSWORD FOR ingest = 'mended'`, 'ingest:right')
      await settles(5)
    })

    test('requests above the limit of the server are sent in parts', async () => {
      const server = await influxd({ INFLUXDB_HTTP_MAX_BODY_SIZE: '2000' })
      await sendSamples(1, 200)
      const { failures, settles, memory } = await startConsumer(server.url)
      await settles(200)
      expect(await failures('too-large')).toBeGreaterThan(0)
      expect(memory.quarantine.list({}, 10)).toEqual([])
    })

    test('a field that has another type there: only that reading is put aside, in the words of InfluxDB', async () => {
      const server = await influxd()
      const { settles, memory, failures } = await startConsumer(server.url)
      await sendSamples(1, 1)
      await settles(1)
      await fetch(`${server.url}/write?db=estate&precision=ms`, {
        method: 'POST',
        body: `heat-entrance,device=another p_sup_kpa="high" ${dayMs}`,
      })
      const poisoned = encodeReading({
        contract: 'heat-entrance/1.0',
        boot: 1,
        seq: 7,
        t: dayMs + 7,
        clock: 'n',
        values: { p_sup_kpa: 350 },
      })
      await Promise.all([...[2, 3, 4, 5, 6].map((seq) => send(log, sample(seq))), send(log, poisoned)])
      await settles(6)
      expect(await failures('partial')).toBeGreaterThan(0)
      expect(memory.quarantine.list({}, 10)).toMatchObject([
        { device, reason: 'history-refused', got: expect.stringContaining('field type conflict') },
      ])
    })

    test('a consumer that died between the write and its memory writes the same again, and nothing is doubled', async () => {
      const server = await influxd()
      const memoryFile = join(folder, 'ingest.db')
      const oneLife = async (samples: number) => {
        const life = new Lifecycle(silentLog)
        const { settles } = await startConsumer(server.url, {}, life)
        await settles(samples)
        await life.stop()
      }
      await sendSamples(1, 5)
      await oneLife(5)
      copyFileSync(memoryFile, `${memoryFile}.before`)
      await sendSamples(6, 10)
      for (const [seq, t] of [
        [11, dayMs + 10],
        [12, dayMs + 3],
        [13, dayMs + 3],
      ] as const)
        await send(log, sample(seq, 223, t))
      await oneLife(13)
      renameSync(`${memoryFile}.before`, memoryFile)
      await oneLife(13)
    })
  },
)
