import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { OrderBook } from '../../estate/order-book.ts'
import { openRecords, type Records } from '../../estate/records.ts'
import type { Severity } from '../../estate/work-order.ts'
import type { OpsDelta, OpsSnapshot, OrderView } from '../protocol.ts'
import { smallEstate } from '../view/small-estate.fixture.ts'
import { RunningDashboard } from './running-dashboard.fixture.ts'
import { orderAnswer, ordersAnswer, serviceAnswer } from './schemas.ts'

/** Service levels over the API and the live line, from real records. */
const minuteMs = 60_000
let folder: string
let records: Records
let orders: OrderBook
let dashboard: RunningDashboard

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clocks-api-'))
  records = await openRecords(join(folder, 'records.db'))
  orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  dashboard = await new RunningDashboard(smallEstate, { orders }).start()
})
afterEach(async () => {
  await dashboard.stop()
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

/** An order that was raised so long ago. */
async function open(root: string, severity: Severity, agoMs: number): Promise<string> {
  const atMs = dashboard.clock.now() - agoMs
  const id = await records.transaction().execute((trx) =>
    orders.open(trx, {
      ...{ key: `${root}|x`, root, causeClass: 'x', rule: 'H01', severity, site: 'oak' },
      title: { zh: '爆管', en: 'Burst' },
      openedAtMs: atMs,
      reason: { zh: '原因', en: 'reason' },
      ...{ evidence: [], affected: [], households: 0 },
    }),
  )
  await orders.announce([id])
  return id
}

async function list(query = ''): Promise<OrderView[]> {
  const response = await dashboard.ask(`/api/v1/work-orders${query}`, { as: 'engineer' })
  return ordersAnswer.parse(await response.json()).orders
}

it('an order says of every promise how much has passed and when it is due; the overdue can be asked for', async () => {
  const late = await open('station', 'P1', 6 * minuteMs)
  await open('house', 'P2', 6 * minuteMs)
  const raisedMs = dashboard.clock.now() - 6 * minuteMs
  const grave = (await list()).find(({ id }) => id === late)
  expect(grave?.clocks.map(({ clock }) => clock)).toEqual(['acknowledge', 'on-site', 'make-safe', 'restore'])
  expect(grave?.clocks[0]).toEqual({
    ...{ clock: 'acknowledge', targetMs: 5 * minuteMs, elapsedMs: 6 * minuteMs, state: 'breached' },
    ...{ counting: true, dueAt: raisedMs + 5 * minuteMs },
  })
  expect((await list('?overdue=true')).map(({ id }) => id)).toEqual([late])
  await dashboard.post(`/api/v1/work-orders/${late}/acknowledge`, {}, 'engineer')
  expect(await list('?overdue=true'), 'what was answered too late is answered').toEqual([])
  expect((await dashboard.ask('/api/v1/work-orders?overdue=yes', { as: 'engineer' })).status).toBe(400)
})

it('an order waits for a reason, in the name of who says so, until somebody goes on', async () => {
  const id = await open('house', 'P2', 10 * minuteMs)
  const act = (action: string, body: object = {}) =>
    dashboard.post(`/api/v1/work-orders/${id}/${action}`, body, 'engineer')
  const early = await act('pause', { pause: 'parts' })
  expect(early.status, 'nobody has taken note of it').toBe(409)
  await act('acknowledge')
  expect((await act('pause')).status, 'for what?').toBe(409)
  expect((await act('pause', { pause: 'lunch' })).status).toBe(400)
  const paused = orderAnswer.parse(await (await act('pause', { pause: 'parts', why: 'a valve' })).json())
  expect(paused.pause).toEqual({
    reason: 'parts',
    since: dashboard.clock.now(),
    who: 'engineer',
    why: 'a valve',
  })
  dashboard.clock.advance(30 * minuteMs)
  const resumed = orderAnswer.parse(await (await act('resume')).json())
  expect(resumed.clocks.find(({ clock }) => clock === 'restore')).toMatchObject({
    ...{ state: 'running', elapsedMs: 10 * minuteMs },
    dueAt: dashboard.clock.now() + (24 * 60 - 10) * minuteMs,
  })
  expect(resumed.history.map(({ type }) => type)).toEqual(['raised', 'acknowledge', 'pause', 'resume'])
})

it('a screen that only watches sees a target being missed', async () => {
  const id = await open('station', 'P1', 5 * minuteMs - 7_000)
  const socket = dashboard.connect('/ops', dashboard.staff.signIn('engineer'))
  const states: string[] = []
  const see = ({ orders: rows }: OpsSnapshot | OpsDelta) => {
    for (const row of rows) if (row.id === id) states.push(row.clocks[0]?.state ?? '')
  }
  socket.on('snapshot', see).on('delta', see)
  await vi.waitFor(() => expect(states).toEqual(['running']))
  dashboard.clock.advance(5_500)
  dashboard.clock.advance(5_500)
  await vi.waitFor(() =>
    expect(states, 'and hears nothing while nothing changes').toEqual(['running', 'breached']),
  )
})

it('anybody may read how fast the service is; too few say nothing; there is no service where there is no site', async () => {
  for (const root of ['a', 'b', 'c', 'd', 'e']) {
    const id = await open(root, 'P1', 3 * minuteMs)
    await orders.act(id, 'acknowledge', { who: 'li', atMs: dashboard.clock.now() })
  }
  const response = await dashboard.ask('/api/v1/sites/oak/service')
  const { months } = serviceAnswer.parse(await response.json())
  expect(months).toMatchObject([
    {
      orders: 5,
      clocks: { acknowledge: { count: 5, medianMs: 3 * minuteMs, withinTarget: 1 }, restore: { count: 0 } },
    },
  ])
  expect((await dashboard.ask('/api/v1/sites/elm/service')).status).toBe(404)
})
