import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pointAt, startMs } from '../../test/support/history-points.ts'
import { DirtyWindows } from './dirty-windows.ts'
import { hourMs, minuteMs } from './resolution.ts'

const { kind, device } = pointAt(1)
const at = (t: number) => pointAt(1, { t: startMs + t })
const minute = (nth: number) => ({ fromMs: startMs + nth * minuteMs, toMs: startMs + (nth + 1) * minuteMs })

let folder: string
let marks: DirtyWindows

function opened(): DirtyWindows {
  const windows = new DirtyWindows(join(folder, 'rollups.db'))
  windows.start()
  return windows
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'marks-'))
  marks = opened()
})
afterEach(() => {
  marks.stop()
  rmSync(folder, { recursive: true })
})

test('a reading marks its minute, those in between two readings too', () => {
  marks.mark([at(30_000)])
  expect(marks.of(kind, device)).toEqual([minute(0)])
  marks.mark([at(2 * minuteMs)])
  expect(marks.of(kind, device)).toEqual([{ fromMs: startMs, toMs: startMs + 3 * minuteMs }])
  expect(marks.of(kind, 'another')).toEqual([])
})

test('after a crash at least what was marked is marked, to the hour', () => {
  marks.mark([at(30_000), at(61 * minuteMs)])
  const next = opened()
  expect(next.of(kind, device)).toEqual([{ fromMs: startMs, toMs: startMs + 2 * hourMs }])
  next.stop()
})

test('what a pass has taken stays marked until it is done, and is forgotten then, also on disk', () => {
  marks.mark([at(0)])
  const taken = marks.take()
  expect(taken).toMatchObject([{ kind, device, ...minute(0) }])
  expect(marks.of(kind, device)).toEqual([minute(0)])
  marks.done(taken)
  expect(marks.of(kind, device)).toEqual([])
  const next = opened()
  expect(next.of(kind, device)).toEqual([])
  next.stop()
})

test('a reading that comes during a pass is there for the next one, also after a crash', () => {
  marks.mark([at(0)])
  const taken = marks.take()
  marks.mark([at(5_000)])
  marks.done(taken)
  expect(marks.of(kind, device)).toEqual([minute(0)])
  const next = opened()
  expect(next.take()).toMatchObject([{ fromMs: startMs, toMs: startMs + hourMs }])
  next.stop()
})

test('what a pass could not make is taken again by the next, in every life', () => {
  marks.mark([at(0)])
  marks.take()
  expect(marks.take()).toMatchObject([minute(0)])
  for (let life = 0; life < 3; life++) {
    const next = opened()
    expect(next.take()).toHaveLength(1)
    next.stop()
  }
  const last = opened()
  last.done(last.take())
  expect(last.take()).toEqual([])
  last.stop()
})
