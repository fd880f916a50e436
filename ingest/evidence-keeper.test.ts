import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EvidenceBook, evidenceReachMs } from '../estate/kept-evidence.ts'
import { OrderBook } from '../estate/order-book.ts'
import { openRecords, type Records } from '../estate/records.ts'
import { parseRegistryFile } from '../estate/registry-file.ts'
import { buildRegistry } from '../estate/registry-index.ts'
import { name } from '../estate/small-estate.fixture.ts'
import type { IncidentReport } from '../estate/work-order.ts'
import { VirtualClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { embeddedEngine, influxEngine, type Engine } from '../test/support/history-engines.ts'
import { batchOf, pointAt, startMs } from '../test/support/history-points.ts'
import { missing } from '../test/support/programs.ts'
import { EvidenceKeeper } from './evidence-keeper.ts'
import { DuckDbStore } from './history/duckdb-store.ts'
import type { HistoryStore } from './history/store.ts'

/** A station that says a reading every ten seconds and three houses that say one a minute; the main bursts half an
 *  hour after the first. Every history here is a real one. */

const minuteMs = 60_000
const burstMs = startMs + evidenceReachMs
const dayMs = 24 * 60 * minuteMs
const site = 'oak'
const houses = ['b1', 'b2', 'b3', 'b4', 'b5']
const registry = buildRegistry(
  parseRegistryFile({
    format: 'estate-registry/1',
    district: { id: 'd', name: name('d') },
    sites: [{ id: site, name: name('Oak') }],
    nodes: [
      { id: 'station', type: 'heat-station', site, name: name('Station') },
      ...houses.map((id) => ({ id, type: 'building', site, name: name(id), hydraulic: 'station' })),
      { id: 'shed', type: 'shed', site, name: name('Shed') },
      { id: 'port1', type: 'port', site, name: name('Port 1'), electrical: 'shed' },
    ],
    devices: [
      { id: 'station-heat', kind: 'heat-station', site, node: 'station' },
      ...houses.map((id) => ({ id: `${id}-heat`, kind: 'heat-entrance', site, node: id })),
      { id: 'charger', kind: 'charger', site, node: 'shed', ports: { p01: 'port1' } },
    ],
  }),
)

const alarmAt = (node: string, atMs = burstMs) => ({ rule: 'H01', node, atMs, signal: 'p_ret_kpa' })
const burst: IncidentReport = {
  ...{ key: 'station|x', root: 'station', causeClass: 'x', rule: 'H01', severity: 'P1', site },
  title: { zh: '爆管', en: 'Burst' },
  openedAtMs: burstMs,
  reason: { zh: '一', en: 'one' },
  evidence: [alarmAt('station')],
  ...{ affected: [], households: 0 },
}
const grown: IncidentReport = {
  ...burst,
  suspected: 'b3',
  reason: { zh: '二', en: 'two' },
  evidence: [alarmAt('station'), ...['b1', 'b2', 'b3', 'b4', 'b5'].map((id) => alarmAt(id))],
}

/** What the estate says between two moments. */
function said(fromMs: number, toMs: number, firstPosition = 1) {
  const points = []
  let position = firstPosition
  for (let t = fromMs; t < toMs; t += 10_000) {
    const fields = { p_ret_kpa: t < burstMs ? 223 : 90, p_sup_kpa: 352, mu_lph: 130, tank_pct: 80 }
    points.push(pointAt(position++, { site, kind: 'heat-station', device: 'station-heat', t, fields }))
    if (t % minuteMs > 0) continue
    for (const id of houses)
      points.push(
        pointAt(position++, {
          site,
          kind: 'heat-entrance',
          device: `${id}-heat`,
          t,
          fields: { p_ret_kpa: 210 },
        }),
      )
  }
  return batchOf(points)
}

let folder: string
let records: Records
let orders: OrderBook
let clock: VirtualClock

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-'))
  records = await openRecords(join(folder, 'records.db'))
  orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  clock = new VirtualClock(burstMs + 1_000)
})
afterEach(async () => {
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

const open = (report = burst) => records.transaction().execute((trx) => orders.open(trx, report))
const update = (report: IncidentReport) =>
  records.transaction().execute((trx) => orders.update(trx, report, clock.now()))
const keeperOf = (store: Pick<HistoryStore, 'range'>, readUpToMs = () => clock.now()) =>
  new EvidenceKeeper({
    store,
    readUpToMs,
    ...{ records, orders, registry: { get: () => registry }, clock },
    logger: silentLog,
    metrics: openMetrics('test'),
  })
const kept = async (order: string) => {
  const moments = await new EvidenceBook(records).of(order)
  return moments.map(({ series, ...moment }) => ({
    ...moment,
    readings: Object.fromEntries(
      series.map(({ device, port, signal, buckets }) => [
        [device, port, signal].filter((part) => part !== undefined).join(' '),
        buckets.reduce((sum, { count }) => sum + count, 0),
      ]),
    ),
  }))
}

const engines = [
  { engine: 'DuckDB', start: embeddedEngine, unavailable: undefined },
  { engine: 'InfluxDB', start: influxEngine, unavailable: missing('influxd') },
]
describe.each(engines)('from a history in $engine', ({ start, unavailable }) => {
  describe.skipIf(unavailable)('the evidence of an order', () => {
    let engine: Engine
    let history: HistoryStore
    let forgetful: HistoryStore

    beforeAll(async () => {
      engine = await start()
      history = (await engine.create()).open()
      forgetful = (await engine.create()).open()
      await Promise.all([history.start(), forgetful.start()])
      await history.write(said(startMs, burstMs + evidenceReachMs))
      await forgetful.write(said(burstMs, burstMs + evidenceReachMs))
    })
    afterAll(async () => {
      await Promise.all([history.stop(), forgetful.stop()])
      await engine.stop()
    })

    test('grows with it, is complete half an hour later, and stays when history has forgotten half of it', async () => {
      const id = await open()
      await keeperOf(history).round()
      expect(await kept(id)).toMatchObject([
        { atMs: burstMs, complete: false, leftOut: 0, readings: { 'station-heat p_ret_kpa': 360 } },
      ])
      await update(grown)
      clock.advance(33 * minuteMs)
      await keeperOf(history).round()
      const whole = [
        {
          ...{ atMs: burstMs, complete: true, leftOut: 0 },
          readings: {
            ...{ 'station-heat p_ret_kpa': 360, 'station-heat p_sup_kpa': 360 },
            ...{ 'station-heat mu_lph': 360, 'station-heat tank_pct': 360 },
            ...{ 'b3-heat p_ret_kpa': 60, 'b1-heat p_ret_kpa': 60, 'b2-heat p_ret_kpa': 60 },
            'b4-heat p_ret_kpa': 60,
          },
        },
      ]
      expect(await kept(id), 'the root, the suspected house, and the first three others').toEqual(whole)
      await orders.act(id, 'cancel', { who: 'li', why: 'drill', atMs: clock.now() })
      await keeperOf(forgetful).round()
      expect(await kept(id), 'asked for again at the end, when history has less').toEqual(whole)
    })
  })
})

describe('the evidence of an order', () => {
  let store: DuckDbStore

  beforeEach(async () => {
    const keep = { rawMs: dayMs, minuteMs: dayMs, hourMs: dayMs }
    store = new DuckDbStore({ file: join(folder, 'history.duckdb'), timeZone: 'Asia/Shanghai', clock, keep })
    await store.start()
  })
  afterEach(() => store.stop())

  const station = { kind: 'heat-station', device: 'station-heat', signal: 'p_ret_kpa' } as const
  const inHistory = async () => {
    const window = { fromMs: startMs, toMs: burstMs + evidenceReachMs, points: 720 }
    return (await store.range({ ...station, ...window })).length
  }

  test('is there after retention has deleted the readings themselves', async () => {
    await store.write(said(startMs, burstMs + evidenceReachMs))
    const id = await open()
    clock.advance(33 * minuteMs)
    await keeperOf(store).round()
    expect(await inHistory()).toBe(360)
    clock.advance(3 * dayMs)
    await store.upkeep()
    await store.upkeep()
    expect(await inHistory()).toBeLessThan(2)
    expect(await kept(id)).toMatchObject([{ complete: true, readings: { 'station-heat p_ret_kpa': 360 } }])
    const [moment] = await new EvidenceBook(records).of(id)
    const fall = moment?.series.find(({ signal }) => signal === 'p_ret_kpa')?.buckets ?? []
    expect(
      fall.find(({ t }) => t >= burstMs),
      'the moment itself, to five seconds',
    ).toMatchObject({
      ...{ t: burstMs, min: 90, max: 90, count: 1 },
    })
  })

  test('is completed by the stretch after the moment, once history has all that was received', async () => {
    await store.write(said(startMs, burstMs))
    const id = await open()
    await keeperOf(store).round()
    expect(await kept(id)).toMatchObject([{ complete: false, readings: { 'station-heat p_ret_kpa': 180 } }])
    clock.advance(40 * minuteMs)
    await keeperOf(store, () => burstMs).round()
    expect(await kept(id), 'history lags behind').toMatchObject([{ complete: false }])
    await store.write(said(burstMs, burstMs + evidenceReachMs, 2_000))
    clock.advance(2 * minuteMs)
    await keeperOf(store).round()
    expect(await kept(id)).toMatchObject([{ complete: true, readings: { 'station-heat p_ret_kpa': 360 } }])
    clock.advance(dayMs)
    expect(await new EvidenceBook(records).due(clock.now(), 10)).toEqual([])
  })

  test('is neither lost nor doubled by a crash at any step of the copying', async () => {
    await store.write(said(startMs, burstMs + evidenceReachMs))
    const id = await open(grown)
    clock.advance(33 * minuteMs)
    for (let dies = 0; dies < 8; dies++) {
      let reads = 0
      const dying: Pick<HistoryStore, 'range'> = {
        range: (query) => (reads++ === dies ? Promise.reject(new Error('crash')) : store.range(query)),
      }
      await keeperOf(dying).round()
      expect(await new EvidenceBook(records).waiting(), `died at series ${dies}`).toBe(1)
    }
    await keeperOf(store).round()
    const whole = await kept(id)
    expect(whole).toMatchObject([{ complete: true, readings: { 'station-heat p_ret_kpa': 360 } }])
    await update({ ...grown, reason: { zh: '三', en: 'three' } })
    clock.advance(2 * minuteMs)
    await keeperOf(store).round()
    expect(await kept(id)).toEqual(whole)
  })

  test('that cannot be read holds up that of no other order', async () => {
    await store.write(said(startMs, burstMs + evidenceReachMs))
    await open()
    const behind = await open({ ...burst, key: 'b1|x', root: 'b1', evidence: [alarmAt('b1')] })
    clock.advance(33 * minuteMs)
    const sick: Pick<HistoryStore, 'range'> = {
      range: (query) =>
        query.device === 'station-heat' ? Promise.reject(new Error('sick series')) : store.range(query),
    }
    await keeperOf(sick).round()
    expect(await kept(behind)).toMatchObject([{ complete: true, readings: { 'b1-heat p_ret_kpa': 60 } }])
    expect(await new EvidenceBook(records).waiting(), 'the other is tried again').toBe(1)
  })

  test('asked for again while it is copied is copied again', async () => {
    await store.write(said(startMs, burstMs + evidenceReachMs))
    const id = await open()
    clock.advance(33 * minuteMs)
    let isFirst = true
    const meanwhile: Pick<HistoryStore, 'range'> = {
      async range(query) {
        if (isFirst) await update(grown)
        isFirst = false
        return store.range(query)
      },
    }
    await keeperOf(meanwhile).round()
    expect(await kept(id)).toMatchObject([{ complete: false }])
    clock.advance(2 * minuteMs)
    await keeperOf(store).round()
    expect(await kept(id)).toMatchObject([{ complete: true, readings: { 'b3-heat p_ret_kpa': 60 } }])
  })

  test('of an order that grows every half minute is copied every two minutes, not more often', async () => {
    await store.write(said(startMs, burstMs))
    await open()
    let reads = 0
    const counting: Pick<HistoryStore, 'range'> = { range: (query) => (reads++, store.range(query)) }
    await keeperOf(counting).round()
    const first = reads
    for (let grows = 0; grows < 8; grows++) {
      await update({ ...burst, reason: { zh: '', en: `the ${grows}th` } })
      clock.advance(30_000)
      await keeperOf(counting).round()
    }
    expect(reads / first, 'at first, and twice in four minutes').toBe(3)
  })

  test('of a relapse is kept beside that of the first time', async () => {
    await store.write(said(startMs, burstMs + 3 * evidenceReachMs))
    const id = await open()
    await orders.act(id, 'cancel', { who: 'li', why: 'over', atMs: burstMs + minuteMs })
    clock.advance(70 * minuteMs)
    const again = burstMs + 60 * minuteMs
    await records
      .transaction()
      .execute((trx) => orders.open(trx, { ...burst, openedAtMs: again }, clock.now()))
    await update({ ...grown, openedAtMs: again })
    await keeperOf(store).round()
    expect((await kept(id)).map(({ atMs, complete }) => ({ atMs, complete }))).toEqual([
      { atMs: burstMs, complete: true },
      { atMs: again, complete: false },
    ])
  })

  test('of a port is what its controller said of it, and what the controller said of the shed', async () => {
    const port = { site, kind: 'charger', device: 'charger', t: burstMs } as const
    await store.write(
      batchOf([
        pointAt(1, { ...port, port: 'p01', fields: { i_ma: 900, relay_cmd: 0 } }),
        pointAt(2, { ...port, port: 'p02', fields: { i_ma: 100 } }),
      ]),
    )
    const welded = { ...burst, key: 'port1|x', root: 'port1', rule: 'C04', evidence: [] }
    const id = await open(welded)
    await keeperOf(store).round()
    expect(await kept(id)).toMatchObject([
      { readings: { 'charger p01 i_ma': 1, 'charger p01 relay_cmd': 1 } },
    ])
  })
})
