import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OrderBook } from './order-book.ts'
import { noteLimits, noteRefusal, type OrderNote, type Photo } from './order-notes.ts'
import { openRecords, type Records } from './records.ts'
import { foldOrder, type IncidentReport } from './work-order.ts'

const morningMs = Date.parse('2026-01-15T07:30:00+08:00')

let folder: string
let records: Records
let book: OrderBook

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'notes-'))
  records = await openRecords(join(folder, 'records.db'))
  book = new OrderBook({ records, timeZone: 'Asia/Shanghai' })
})

afterEach(async () => {
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

const incident = (key: string): IncidentReport => ({
  key,
  root: 'station',
  causeClass: 'pressure-loss',
  rule: 'H01',
  severity: 'P1',
  site: 'hengkang',
  title: { zh: '爆管', en: 'Burst' },
  openedAtMs: morningMs,
  reason: { zh: '原因', en: 'reason' },
  evidence: [],
  affected: [],
  households: 0,
})
const open = (key: string) => records.transaction().execute((trx) => book.open(trx, incident(key)))
const merge = (from: string, into: string) =>
  records
    .transaction()
    .execute((trx) => book.merge(trx, { from, into, atMs: morningMs + 9, reason: { zh: '', en: 'above' } }))

const comment = (text: string): OrderNote => ({ type: 'commented', atMs: morningMs + 1, who: 'li', text })
const picture = (letter: string): Photo => ({
  id: letter.repeat(64),
  media: 'image/jpeg',
  bytes: 1_000,
  widthPx: 640,
  heightPx: 480,
})
const photographed = (letter: string): OrderNote => ({
  type: 'photographed',
  atMs: morningMs + 2,
  who: 'wang',
  photo: picture(letter),
})

test('a comment and a photo are kept with who and when, and stand in the history', async () => {
  const id = await open('a|x')
  await book.note(id, comment('valve 3 is under the snow'))
  await book.note(id, photographed('a'))
  expect(await book.get(id)).toMatchObject({
    comments: [{ who: 'li', atMs: morningMs + 1, text: 'valve 3 is under the snow' }],
    photos: [{ id: picture('a').id, who: 'wang', atMs: morningMs + 2 }],
    history: [{ type: 'raised' }, { type: 'commented', who: 'li' }, { type: 'photographed', who: 'wang' }],
  })
  expect(await book.note('20260115-9999', comment('?'))).toBeUndefined()
})

test('the same photo sent twice, because the answer was lost, is one photo', async () => {
  const id = await open('a|x')
  await Promise.all([book.note(id, photographed('a')), book.note(id, photographed('a'))])
  expect((await book.get(id))?.photos).toHaveLength(1)
})

test('two comments in the same millisecond are two comments', async () => {
  const id = await open('a|x')
  await Promise.all([book.note(id, comment('one')), book.note(id, comment('two'))])
  expect((await book.get(id))?.comments.map(({ text }) => text)).toEqual(['one', 'two'])
})

test('comments and photos of a merged order are reached from the order it became part of, however often that happened', async () => {
  const house = await open('house|x')
  const branch = await open('branch|x')
  const station = await open('station|x')
  await book.note(house, comment('water in the cellar'))
  await book.note(house, photographed('c'))
  await merge('house|x', 'branch|x')
  await merge('branch|x', 'station|x')
  expect((await book.partsOf(station)).map(({ id }) => id)).toEqual([branch, house])
  const [, part] = await book.partsOf(station)
  expect(part).toMatchObject({
    comments: [{ text: 'water in the cellar' }],
    photos: [{ id: picture('c').id }],
  })
  expect(await book.note(house, comment('more'))).toEqual({
    ok: false,
    reason: `order ${house} is part of ${branch}; add it there`,
  })
})

test('an order takes only so many comments and photos, and says how many', () => {
  const raised = { type: 'raised', atMs: morningMs, report: incident('a|x') } as const
  const talk = Array.from({ length: noteLimits.comments }, (_, at) => comment(`${at}`))
  expect(noteRefusal(foldOrder('1', [raised, ...talk]), comment('one more'))).toBe(
    '500 comments are the most',
  )
  const album = Array.from({ length: noteLimits.photos }, (_, at): OrderNote => {
    const id = at.toString(16).padStart(64, '0')
    return { type: 'photographed', atMs: morningMs, who: 'li', photo: { ...picture('a'), id } }
  })
  const full = foldOrder('1', [raised, ...album])
  expect(noteRefusal(full, photographed('a'))).toBe('30 photos are the most')
  expect(noteRefusal(full, album[0] ?? comment('')), 'one it has already').toBeUndefined()
})
