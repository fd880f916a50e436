import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { OrderBook } from '../../estate/order-book.ts'
import { heic, jpeg, png } from '../../estate/photos/pictures.fixture.ts'
import { PhotoAlbum } from '../../estate/photos/photo-album.ts'
import { openRecords, type Records } from '../../estate/records.ts'
import { VirtualClock } from '../../platform/clock.ts'
import { smallEstate, startMs } from '../view/small-estate.fixture.ts'
import { problemSchema } from './problem.ts'
import { RunningDashboard } from './running-dashboard.fixture.ts'
import { orderAnswer } from './schemas.ts'

/** Comments and photos over the API, into real records and a real folder. */
const folder = mkdtempSync(join(tmpdir(), 'notes-api-'))
const album = join(folder, 'photos')
const clock = new VirtualClock(startMs)
let records: Records
let orders: OrderBook
let dashboard: RunningDashboard
let burst: string

const open = (key: string) =>
  records.transaction().execute((trx) =>
    orders.open(trx, {
      ...{
        key,
        root: 'station',
        suspected: 'house',
        causeClass: 'x',
        rule: 'H01',
        severity: 'P1',
        site: 'oak',
      },
      title: { zh: '爆管', en: 'Burst' },
      openedAtMs: startMs,
      reason: { zh: '原因', en: 'reason' },
      ...{ evidence: [], affected: [], households: 0 },
    }),
  )

beforeAll(async () => {
  records = await openRecords(join(folder, 'records.db'))
  orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  const photos = new PhotoAlbum({ folder: album, orders, clock })
  await photos.start()
  dashboard = await new RunningDashboard(smallEstate, { orders, photos }).start()
  burst = await open('station|x')
})
afterAll(async () => {
  await dashboard.stop()
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

const upload = (bytes: Buffer, order = burst, headers: Record<string, string> = {}) =>
  dashboard.ask(`/api/v1/work-orders/${order}/photos`, {
    method: 'POST',
    body: new Uint8Array(bytes),
    headers,
    as: 'engineer',
  })

it('a comment is trimmed, kept in the name of who is signed in, and counted on the order', async () => {
  const path = `/api/v1/work-orders/${burst}/comments`
  const response = await dashboard.post(path, { text: '  valve 1 sticks ' }, 'dispatcher')
  expect(response.status).toBe(201)
  expect(response.headers.get('ratelimit-policy'), 'the limit is visible').toContain('q=60')
  expect(orderAnswer.parse(await response.json())).toMatchObject({
    commentCount: 1,
    comments: [{ who: 'dispatcher', text: 'valve 1 sticks', atMs: startMs }],
    history: [{ type: 'raised' }, { type: 'commented', who: 'dispatcher' }],
  })
})

it.each([
  ['empty', { text: ' ' }],
  ['too long', { text: 'x'.repeat(2_001) }],
  ['not text', { text: 7 }],
])('a comment that is %s names its field', async (_what, body) => {
  const response = await dashboard.post(`/api/v1/work-orders/${burst}/comments`, body, 'engineer')
  expect(response.status).toBe(400)
  expect(problemSchema.parse(await response.json()).errors?.map(({ field }) => field)).toEqual(['body.text'])
})

it('a photo comes back as what it is, whatever it was called, and nothing in it may run', async () => {
  const sent = await upload(png, burst, { 'content-type': 'text/html' })
  expect(sent.status).toBe(201)
  const { photos } = orderAnswer.parse(await sent.json())
  const id = photos.at(-1)?.id
  const response = await dashboard.ask(`/api/v1/work-orders/${burst}/photos/${id}`, { as: 'dispatcher' })
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'content-disposition': `inline; filename="${burst}-1.png"`,
    'cache-control': 'no-store',
  })
  expect(Buffer.from(await response.arrayBuffer())).toEqual(png)
})

it.each([
  ['no picture', Buffer.from('<html>'), 400, 'body'],
  ['half a picture', jpeg.subarray(0, 500), 400, 'body'],
  ['nothing', Buffer.alloc(0), 400, 'body'],
  ['more than 8 MiB', Buffer.alloc(8 * 1024 * 1024 + 1), 413, 'body'],
])('%s is refused and leaves no file', async (_what, bytes, status, field) => {
  const before = readdirSync(album)
  const response = await upload(bytes)
  expect(response.status).toBe(status)
  expect(problemSchema.parse(await response.json()).errors?.map((error) => error.field)).toEqual([field])
  expect(readdirSync(album)).toEqual(before)
})

it('an upload that dies half-way leaves nothing behind, and its place is free again', async () => {
  const before = readdirSync(album)
  const { token } = dashboard.staff.signIn('engineer')
  for (let tries = 0; tries < 10; tries++) {
    const dying = request(`${dashboard.url}/api/v1/work-orders/${burst}/photos`, {
      method: 'POST',
      headers: { cookie: `estate_session=${token}`, 'content-length': `${jpeg.length}` },
    })
    const dead = new Promise((resolve) => dying.once('close', resolve))
    dying.on('error', () => undefined)
    dying.write(jpeg.subarray(0, 400), () => dying.destroy())
    await dead
  }
  expect(readdirSync(album)).toEqual(before)
  expect((await upload(heic('x'))).status).toBe(201)
})

it('what is not there is not found: an order, a photo of another order, a way out of the folder', async () => {
  expect((await upload(png, '20260115-9999')).status).toBe(404)
  for (const path of [
    `${burst}/photos/${'0'.repeat(64)}`,
    `${burst}/photos/..%2frecords.db`,
    `none/photos/a`,
  ]) {
    const response = await dashboard.ask(`/api/v1/work-orders/${path}`, { as: 'engineer' })
    expect(response.status, path).toBe(404)
  }
})

it('what was noted on a merged order is read on the one it became part of', async () => {
  const part = await open('house|x')
  await dashboard.post(`/api/v1/work-orders/${part}/comments`, { text: 'water in the cellar' }, 'engineer')
  await upload(jpeg, part)
  await records.transaction().execute((trx) =>
    orders.merge(trx, {
      ...{ from: 'house|x', into: 'station|x', atMs: startMs, reason: { zh: '', en: 'found above' } },
    }),
  )
  const whole = await dashboard.ask(`/api/v1/work-orders/${burst}`, { as: 'engineer' })
  const { parts } = orderAnswer.parse(await whole.json())
  expect(parts).toMatchObject([
    { id: part, comments: [{ text: 'water in the cellar' }], photos: [{ who: 'engineer' }] },
  ])
  const photo = await dashboard.ask(`/api/v1/work-orders/${part}/photos/${parts[0]?.photos[0]?.id}`, {
    as: 'engineer',
  })
  expect(photo.headers.get('content-type')).toBe('image/jpeg')
  const late = await dashboard.post(`/api/v1/work-orders/${part}/comments`, { text: 'more' }, 'engineer')
  expect(late.status).toBe(409)
})

it('an order goes to somebody who works here', async () => {
  const path = `/api/v1/work-orders/${burst}/assign`
  const stranger = await dashboard.post(path, { assignee: 'nobody' }, 'engineer')
  expect(stranger.status).toBe(400)
  expect(problemSchema.parse(await stranger.json()).errors).toEqual([
    { field: 'body.assignee', detail: 'nobody called nobody works here' },
  ])
  const colleague = await dashboard.post(path, { assignee: 'dispatcher' }, 'engineer')
  expect(orderAnswer.parse(await colleague.json())).toMatchObject({ assignee: 'dispatcher' })
})

it('the sixty-first comment in a minute has to wait', async () => {
  const comment = () => dashboard.post(`/api/v1/work-orders/${burst}/comments`, { text: 'again' }, 'admin')
  const statuses = await Promise.all(Array.from({ length: 61 }, async () => (await comment()).status))
  expect(statuses.filter((status) => status === 429)).toHaveLength(1)
})
