import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VirtualClock } from '../../platform/clock.ts'
import { OrderBook } from '../order-book.ts'
import { openRecords, type Records } from '../records.ts'
import { PhotoAlbum } from './photo-album.ts'
import { jpeg, png } from './pictures.fixture.ts'

const nowMs = Date.parse('2026-01-15T07:30:00+08:00')

let folder: string
let records: Records
let orders: OrderBook
let album: PhotoAlbum
let order: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'album-'))
  records = await openRecords(join(folder, 'records.db'))
  orders = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
  album = new PhotoAlbum({ folder: join(folder, 'photos'), orders, clock: new VirtualClock(nowMs) })
  await album.start()
  order = await records.transaction().execute((trx) =>
    orders.open(trx, {
      ...{ key: 'a|x', root: 'a', causeClass: 'x', rule: 'H01', severity: 'P1', site: 'hengkang' },
      title: { zh: '爆管', en: 'Burst' },
      openedAtMs: nowMs,
      reason: { zh: '原因', en: 'reason' },
      ...{ evidence: [], affected: [], households: 0 },
    }),
  )
})

afterEach(async () => {
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

const files = () => readdirSync(join(folder, 'photos')).toSorted()

test('a photo lies under the hash of its bytes, and its order says what and whose it is', async () => {
  await album.add(order, png, 'li')
  const [photo] = (await orders.get(order))?.photos ?? []
  expect(photo).toMatchObject({ media: 'image/png', widthPx: 16, heightPx: 12, who: 'li', atMs: nowMs })
  const bytes = readFileSync(photo ? album.fileOf(photo) : '')
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(photo?.id)
  expect(bytes).toEqual(png)
})

test('the same photo twice is one file and one event', async () => {
  await album.add(order, jpeg, 'li')
  await album.add(order, jpeg, 'wang')
  expect(files()).toHaveLength(1)
  expect((await orders.get(order))?.photos).toHaveLength(1)
})

test('what is no picture, or for no order, leaves nothing behind', async () => {
  expect(await album.add(order, jpeg.subarray(0, 300), 'li')).toEqual({
    ok: false,
    wrong: 'the picture is broken or ends too early',
  })
  expect(await album.add('20260115-9999', jpeg, 'li')).toBeUndefined()
  expect(files()).toEqual([])
})

test('a crash before the event leaves a file nobody knows of; the next start sweeps it and keeps the others', async () => {
  await album.add(order, png, 'li')
  const known = files()
  writeFileSync(join(folder, 'photos', `${'f'.repeat(64)}.jpg`), jpeg)
  writeFileSync(join(folder, 'photos', 'draft-0a1b'), jpeg.subarray(0, 100))
  expect(await album.start()).toBe(2)
  expect(files()).toEqual(known)
})
