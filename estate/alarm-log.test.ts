import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AlarmLog, type AlarmEvent } from './alarm-log.ts'
import { reportOfBurst } from './incident.fixture.ts'
import { OrderBook } from './order-book.ts'
import { openRecords, type Records } from './records.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const fromMs = Date.UTC(2026, 0, 15)

let records: Records
let log: AlarmLog

beforeEach(async () => {
  records = await openRecords(':memory:')
  log = new AlarmLog({ records, orders: new OrderBook({ records, timeZone: 'Asia/Shanghai' }) })
})
afterEach(() => records.destroy())

const write = (events: readonly AlarmEvent[]) =>
  records.transaction().execute((trx) => log.write(trx, events))

const raised = (
  node: string,
  atMs: number,
  rule = 'H02',
  severity: 'P1' | 'P2' | 'P3' = 'P2',
): AlarmEvent => ({
  type: 'raised',
  key: `${rule}.level|${node}|${node}-heat`,
  atMs: fromMs + atMs,
  rule,
  site: 'hengkang',
  node,
  severity,
})
const cleared = (node: string, raisedMs: number, atMs: number): AlarmEvent => ({
  type: 'cleared',
  key: `H02.level|${node}|${node}-heat`,
  raisedMs: fromMs + raisedMs,
  atMs: fromMs + atMs,
})
const quality = () => log.quality({ fromMs, toMs: fromMs + 2 * day, operators: 1 })

describe('the record of alarms', () => {
  test('counts a burst as one thing to read, and twenty swallowed by it', async () => {
    const houses = Array.from({ length: 20 }, (_, index) => `hengkang-b${index + 1}`)
    await write([raised('hengkang-station', 0, 'H01', 'P1'), ...houses.map((house) => raised(house, minute))])
    await write(
      houses.map((house) => ({
        type: 'joined',
        key: `H02.level|${house}|${house}-heat`,
        raisedMs: fromMs + minute,
        incident: 'hengkang-station|pressure-loss',
        explained: true,
      })),
    )
    expect(await quality()).toMatchObject({ raised: 21, announced: 1, floodShare: 0, split: { high: 1 } })
  })

  test('names the place that flutters, and the alarm that has stood for a day', async () => {
    const times = [0, 20 * minute, 40 * minute]
    await write(
      times.flatMap((atMs) => [raised('hengkang-b03', atMs), cleared('hengkang-b03', atMs, atMs + minute)]),
    )
    await write([raised('hengkang-b09', 0)])
    expect(await quality()).toMatchObject({
      chattering: 1,
      standing: 1,
      rules: [{ rule: 'H02', announced: 4, chattering: 1, standing: 1, share: 1 }],
      topTen: [
        { rule: 'H02', node: 'hengkang-b03', announced: 3 },
        { rule: 'H02', node: 'hengkang-b09', announced: 1 },
      ],
    })
  })

  test('says how often there was more than anybody can read', async () => {
    await write(Array.from({ length: 12 }, (_, index) => raised(`hengkang-b${index + 1}`, 5 * minute)))
    const judged = await quality()
    expect(judged.busiest).toBe(12)
    expect(judged.floodShare).toBeCloseTo(1 / 288)
    expect(judged.announcedPerOperatorHour).toBeCloseTo(12 / 48)
  })

  test('writes nothing twice when the watch repeats itself after a crash', async () => {
    const events = [raised('hengkang-b03', 0), cleared('hengkang-b03', 0, minute)]
    await write(events)
    await write(events)
    expect(await quality()).toMatchObject({ raised: 1, standing: 0 })
  })

  test('forgets after seventy days what is over, never what stands', async () => {
    await write([raised('hengkang-b03', 0), cleared('hengkang-b03', 0, minute), raised('hengkang-b09', 0)])
    await log.sweep(fromMs + 71 * day)
    expect((await quality()).topTen.map(({ node }) => node)).toEqual(['hengkang-b09'])
  })
})

test('an order that was closed without anybody doing anything is counted against its rule', async () => {
  const orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  const open = (root: string) =>
    records
      .transaction()
      .execute((trx) => orders.open(trx, reportOfBurst({ root, rule: 'H02', openedAtMs: fromMs + minute })))
  const [ignored, worked] = [await open('hengkang-b03'), await open('hengkang-b09')]
  const deed = { who: 'li', why: 'nothing found', atMs: fromMs + hour }
  await orders.act(ignored, 'cancel', deed)
  await orders.act(worked, 'acknowledge', deed)
  expect((await quality()).rules).toMatchObject([{ rule: 'H02', orders: 2, neverActedOn: 1, cancelled: 1 }])
})
