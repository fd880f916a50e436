import { expect, test } from 'vitest'
import type { KeptRow } from './ring.ts'
import { SampleBook } from './sample-book.ts'

const plain = (seq: number): KeptRow => ({
  boot: 3,
  seq,
  t: 1_768_406_400_000 + seq,
  values: { vol_l: 36_412 + seq, flow_lph: 0 },
})
const cold = (seq: number): KeptRow => ({ ...plain(seq), values: { vol_l: 5, flow_lph: 1, t_amb_c10: 20 } })
const broken = (seq: number): KeptRow => ({ ...plain(seq), values: { vol_l: 5 }, quality: { flow_lph: 'F' } })

test('what was sampled comes out as it went in, plain or not, once', () => {
  const rows = [plain(1), cold(2), plain(3), broken(4), { ...plain(1), boot: 4 }, { ...cold(2), boot: 4 }]
  const book = new SampleBook(100)
  for (const row of rows.slice(0, 4)) book.add(row)
  expect(book.take()).toEqual(rows.slice(0, 4))
  for (const row of rows.slice(4)) book.add(row)
  expect(book.take()).toEqual(rows.slice(4))
  expect(book.take()).toEqual([])
})

test('a meter that can’t upload forgets the oldest', () => {
  const book = new SampleBook(3)
  for (const row of [cold(1), plain(2), cold(3), plain(4)]) book.add(row)
  expect(book.take()).toEqual([plain(2), cold(3), plain(4)])
})
