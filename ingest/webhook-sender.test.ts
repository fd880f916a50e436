import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { digestCloudEvent, orderCloudEvent } from '../estate/cloud-event.ts'
import { reportOfBurst } from '../estate/incident.fixture.ts'
import { OrderBook } from '../estate/order-book.ts'
import { Outbox } from '../estate/outbox.ts'
import { openRecords, type Records } from '../estate/records.ts'
import { WebhookBook, webhookWish } from '../estate/webhooks.ts'
import type { Severity } from '../estate/work-order.ts'
import { VirtualClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { openMetrics } from '../platform/metrics.ts'
import { sign, WebhookSender } from './webhook-sender.ts'

const startMs = Date.parse('2026-01-15T07:30:00+08:00')
const minute = 60_000

interface Heard {
  headers: IncomingMessage['headers']
  body: string
}

let records: Records
let orders: OrderBook
let webhooks: WebhookBook
let outbox: Outbox
let clock: VirtualClock
let sender: WebhookSender
let heard: Heard[]
/** What the listener answers, one after the other; then 204. */
let answers: { status: number; headers?: Record<string, string> }[]
let url: string
let flood = false
const server = createServer((request, response) => {
  void text(request).then((body) => {
    heard.push({ headers: request.headers, body })
    const { status, headers } = answers.shift() ?? { status: 204 }
    response.writeHead(status, headers).end()
  })
})

beforeEach(async () => {
  records = await openRecords(':memory:')
  orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  webhooks = new WebhookBook({ records, key: Buffer.alloc(32, 7) })
  outbox = new Outbox({ records })
  clock = new VirtualClock(startMs)
  heard = []
  answers = []
  flood = false
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${z.custom<AddressInfo>().parse(server.address()).port}/estate`
  sender = newSender()
})

afterEach(async () => {
  await sender.stop()
  server.closeAllConnections()
  server.close()
  await records.destroy()
})

function newSender(metrics = openMetrics('test')): WebhookSender {
  const parts = { webhooks, outbox, clock, logger: silentLog, metrics }
  return new WebhookSender({ ...parts, onOrder: (listener) => orders.onChange(listener), flood: () => flood })
}

const listen = async (wish: Partial<z.input<typeof webhookWish>> = {}) => {
  const added = await webhooks.add(webhookWish.parse({ url, ...wish }), { by: 'li', atMs: clock.now() })
  if (!added.ok) throw new Error(added.reason)
  return { ...added.webhook, secret: added.secret }
}

const words = { zh: '二次网疑似爆管', en: 'Suspected secondary main burst' }

async function raise(root: string, severity: Severity = 'P1'): Promise<string> {
  const id = await records.transaction().execute((trx) =>
    orders.open(
      trx,
      reportOfBurst({
        root,
        severity,
        site: root.split('-')[0] ?? root,
        title: words,
        openedAtMs: clock.now(),
        affected: [`${root}-secret-house`],
        households: 480,
      }),
    ),
  )
  await orders.announce([id])
  return id
}

/** Time passes until the listener has heard so much. */
async function until(count: number, stepMs = 1_000): Promise<void> {
  await expect
    .poll(
      () => {
        if (heard.length < count) clock.advance(stepMs)
        return heard.length
      },
      { interval: 5, timeout: 20_000 },
    )
    .toBe(count)
}

const orderIn = (said: Heard | undefined) => orderCloudEvent.parse(JSON.parse(said?.body ?? '{}'))

describe('a listener outside', () => {
  test('is told of a fault as a signed CloudEvent, without who lives there', async () => {
    const { id, secret } = await listen()
    sender.start(fail)
    const order = await raise('hengkang-station')
    await until(1)
    const [said] = heard
    expect(said?.headers['content-type']).toMatch(/^application\/cloudevents\+json/)
    expect(orderIn(said)).toMatchObject({
      type: 'estatepulse.fault.raised',
      source: '/estate-pulse/sites/hengkang',
      subject: order,
      data: { severity: 'P1', state: 'open', title: words, households: 480 },
    })
    expect(said?.body).not.toContain('secret-house')
    const messageId = String(said?.headers['webhook-id'])
    expect(messageId).toContain(id)
    const timestamp = Number(said?.headers['webhook-timestamp'])
    expect(Math.abs(timestamp * 1_000 - clock.now())).toBeLessThan(minute)
    const signature = sign({ id: messageId, timestamp, body: said?.body ?? '' }, secret)
    expect(said?.headers['webhook-signature']).toBe(signature)
  })

  test('hears what people do about it, in the order in which they do it', async () => {
    await listen()
    sender.start(fail)
    const order = await raise('hengkang-station')
    for (const action of ['acknowledge', 'start', 'make-safe'] as const)
      await orders.act(order, action, { who: 'li', atMs: clock.now() })
    await until(4)
    expect(heard.map((said) => orderIn(said)).map(({ type, data }) => [type, data.state])).toEqual([
      ['estatepulse.fault.raised', 'open'],
      ['estatepulse.order.acknowledge', 'acknowledged'],
      ['estatepulse.order.start', 'in-progress'],
      ['estatepulse.order.make-safe', 'in-progress'],
    ])
  })

  test('hears only of what it asked for, and nothing of before', async () => {
    await records.insertInto('site').values({ id: 'hengkang', body: '{}' }).execute()
    await raise('hengkang-early')
    await listen({ least: 'P2', site: 'hengkang' })
    sender.start(fail)
    await raise('hengkang-minor', 'P3')
    await raise('elsewhere-station')
    const wanted = await raise('hengkang-station', 'P2')
    await until(1)
    expect(orderIn(heard[0]).subject).toBe(wanted)
  })
})

describe('a listener that does not answer well', () => {
  test('is tried again with the same bytes, and gets everything in order', async () => {
    await listen()
    answers = [{ status: 500 }, { status: 503, headers: { 'retry-after': '120' } }]
    sender.start(fail)
    const first = await raise('hengkang-station')
    const second = await raise('hengkang-b03')
    await until(4)
    expect(heard.map((said) => orderIn(said).subject)).toEqual([first, first, first, second])
    expect(new Set(heard.slice(0, 3).map(({ body }) => body)).size).toBe(1)
    const times = heard.map(({ headers }) => Number(headers['webhook-timestamp']))
    expect((times[2] ?? 0) - (times[1] ?? 0), 'as long as it asked for').toBeGreaterThanOrEqual(120)
  })

  test('for a whole day leaves a dead letter, which can be sent again', async () => {
    const { id } = await listen()
    answers = Array.from({ length: 11 }, () => ({ status: 500 }))
    sender.start(fail)
    await raise('hengkang-station')
    await until(11, 10 * minute)
    await expect
      .poll(() => outbox.list(id, { state: 'dead', limit: 9 }))
      .toMatchObject([{ error: 'HTTP 500', attempts: 11 }])
    expect(await outbox.revive(id, clock.now())).toBe(1)
    await until(12)
    await expect.poll(() => outbox.list(id, { limit: 9 })).toMatchObject([{ state: 'delivered' }])
  })

  test('and says that it is gone is left alone', async () => {
    const { id } = await listen()
    answers = [{ status: 410 }]
    sender.start(fail)
    await raise('hengkang-station')
    await until(1)
    await expect.poll(async () => (await webhooks.list())[0]?.stoppedMs).not.toBeNull()
    await raise('hengkang-b03')
    clock.advance(minute)
    expect(await outbox.list(id, { limit: 9 })).toMatchObject([{ state: 'dead' }])
  })
})

describe('a listener that is removed', () => {
  test('while it is being told what it is owed is owed nothing', async () => {
    const webhook = await listen()
    await raise('hengkang-station')
    await webhooks.remove(webhook.id)
    expect(await outbox.plan(webhook, { nowMs: clock.now(), flood: false })).toBe(false)
    expect(await outbox.list(webhook.id, { limit: 9 })).toEqual([])
  })

  test('while it does not answer is no longer counted as one that does not', async () => {
    const { id } = await listen()
    const metrics = openMetrics('test')
    const retrying = async () =>
      (await metrics.getSingleMetric('estate_webhook_retrying')?.get())?.values[0]?.value
    sender = newSender(metrics)
    sender.start(fail)
    answers = [{ status: 500 }]
    await raise('hengkang-station')
    await until(1)
    const second = () => clock.advance(1_000)
    await expect.poll(() => (second(), retrying())).toBe(1)
    await webhooks.remove(id)
    await expect.poll(() => (second(), retrying())).toBe(0)
  })
})

test('what was not sent when the process died is sent by the next one, once', async () => {
  await listen()
  const order = await raise('hengkang-station')
  const [webhook] = await webhooks.list()
  if (webhook) await outbox.plan(webhook, { nowMs: clock.now(), flood: false })
  sender.start(fail)
  await until(1)
  await sender.stop()
  sender = newSender()
  sender.start(fail)
  await raise('hengkang-b03')
  await until(2)
  expect(heard.map((said) => orderIn(said).subject).filter((subject) => subject === order)).toHaveLength(1)
})

describe('an outage', () => {
  test('of a whole district is a handful of messages and a digest, never a thousand', async () => {
    await listen()
    for (let nth = 0; nth < 300; nth++) await raise(`site${nth}-box`, nth % 3 === 0 ? 'P2' : 'P3')
    sender.start(fail)
    await until(21, 10_000)
    expect(heard.slice(0, 20).map((said) => orderIn(said).type)).toEqual(
      Array.from({ length: 20 }, () => 'estatepulse.fault.raised'),
    )
    const digest = digestCloudEvent.parse(JSON.parse(heard[20]?.body ?? '{}'))
    expect(digest.data).toMatchObject({ events: 280, more: 180 })
    expect(digest.data.orders).toHaveLength(100)
  })

  test('with alarms flooding in lets what is grave through and holds the rest', async () => {
    await listen()
    flood = true
    sender.start(fail)
    await raise('hengkang-b03', 'P3')
    const grave = await raise('hengkang-station', 'P1')
    await until(1)
    expect(orderIn(heard[0]).subject).toBe(grave)
    await until(2, minute)
    expect(digestCloudEvent.parse(JSON.parse(heard[1]?.body ?? '{}')).data.bySeverity).toEqual({ P3: 1 })
  })
})

/** The example of https://docs.svix.com/receiving/verifying-payloads/how-manual, by whom the standard is. */
test('signs as the standard does', () => {
  const signed = sign(
    { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' },
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  )
  expect(signed).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

function fail(cause: unknown): void {
  throw cause
}

test('a listener that was added when more was allowed does not keep the others from being told', async () => {
  const { id } = await listen()
  const { body } = await records.selectFrom('webhook').select('body').executeTakeFirstOrThrow()
  const withLogin = body.replace('http://', 'http://li:secret@')
  await records.updateTable('webhook').set({ body: withLogin }).where('id', '=', id).execute()
  expect(await webhooks.list()).toMatchObject([{ id, url: url.replace('http://', 'http://li:secret@') }])
})
