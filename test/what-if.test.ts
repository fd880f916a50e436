import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RunningDashboard } from '../dashboard/server/running-dashboard.fixture.ts'
import { problemSchema } from '../dashboard/server/problem.ts'
import { whatIfAnswer } from '../dashboard/server/fault-schemas.ts'
import { demoRegistry } from '../device-sim/registry-file.ts'
import { openRecords, type Records } from '../estate/records.ts'
import { buildRegistry } from '../estate/registry-index.ts'
import { parseRegistryFile } from '../estate/registry-file.ts'
import { DuckDbStore } from '../ingest/history/duckdb-store.ts'
import type { Point } from '../ingest/history/store.ts'
import { ParameterDesk } from '../ingest/parameter-desk.ts'
import { WhatIfDesk } from '../ingest/what-if-desk.ts'
import { VirtualClock } from '../platform/clock.ts'
import { batchOf } from './support/history-points.ts'

/** Two hours of a winter morning are in history. House 7 had too little return pressure until 08:10 (H02: it sank slowly), and
 *  house 3 lost 35 kPa within a minute at 08:30, which is less than a burst takes (H01). What if the rules had been
 *  stricter, or more patient? Asked over HTTP, answered by the real engine from the real embedded history. */
const startMs = Date.parse('2026-01-15T07:00:00+08:00')
const minute = 60_000
const endMs = startMs + 120 * minute
const site = 'hengkang'

let folder: string
let records: Records
let history: DuckDbStore
let dashboard: RunningDashboard

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'what-if-'))
  records = await openRecords(join(folder, 'records.db'))
  const clock = new VirtualClock(endMs + 60 * minute)
  const timeZone = 'Asia/Shanghai'
  history = new DuckDbStore({ file: join(folder, 'history.duckdb'), timeZone, clock })
  await history.start()
  await history.write(batchOf([...house(7, sagging), ...house(3, dropping)].map(numbered)))
  const registry = buildRegistry(parseRegistryFile(demoRegistry()))
  const parameters = new ParameterDesk({ records, isSite: (id) => registry.site(id) !== undefined, clock })
  await parameters.start()
  const desk = new WhatIfDesk({
    ...{ history, parameters, timeZone, clock },
    registry: { get: () => registry },
    periodsOf: () => ({ tele: 30 }),
  })
  dashboard = await new RunningDashboard(undefined, { whatIf: (wish) => desk.ask(wish) }).start()
})

afterAll(async () => {
  await dashboard.stop()
  await history.stop()
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

/** Below 194 kPa, the low limit of six storeys, from 07:25:30 on. */
const sagging = (atMinute: number) =>
  atMinute < 70 ? Math.max(186, 224 - 2 * Math.max(0, atMinute - 10)) : 224
const dropping = (atMinute: number) => (atMinute < 90 ? 240 : 205)

function house(number: number, kpaAt: (minute: number) => number): Omit<Point, 'position'>[] {
  return Array.from({ length: 240 }, (_, seq) => ({
    ...({
      site,
      kind: 'heat-entrance',
      device: `hengkang-b0${number}-heat`,
      t: startMs + seq * 30_000,
    } as const),
    ...{ boot: 1, seq, fields: { p_sup_kpa: 330, p_ret_kpa: kpaAt(seq / 2) } },
  }))
}

function numbered(point: Omit<Point, 'position'>, at: number): Point {
  return { ...point, position: at + 1 }
}

async function ask(set: object, more: object = {}) {
  const body = { site, fromMs: startMs, toMs: endMs, warmUpDays: 0, set, ...more }
  return dashboard.post('/api/v1/what-if', body, 'engineer')
}
const answerOf = async (set: object, more: object = {}) =>
  whatIfAnswer.parse(await (await ask(set, more)).json())

test('with nothing changed nothing would be different, and every reading was heard', async () => {
  const answer = await answerOf({})
  expect(answer).toMatchObject({
    present: 1,
    changed: 1,
    same: 1,
    gained: [],
    lost: [],
    moved: [],
    changes: [],
  })
  expect([answer.readings, answer.firstReadingMs, answer.lastReadingMs]).toEqual([
    480,
    startMs,
    endMs - 30_000,
  ])
})

test('a steeper limit gains the order of house 3', async () => {
  const { gained, lost, same, changes } = await answerOf({ H01: { fallKpa: 30 } })
  expect(gained).toMatchObject([{ rule: 'H01', root: 'hengkang-b03', severity: 'P1' }])
  expect(gained[0]?.openedAtMs).toBe(startMs + 90 * minute)
  expect([lost, same, changes]).toEqual([[], 1, [{ field: 'H01.fallKpa', is: 30 }]])
})

test('more patience loses the order of house 7', async () => {
  const { lost, gained } = await answerOf({ H02: { onDelayMs: 50 * minute } })
  expect(lost).toMatchObject([{ rule: 'H02', root: 'hengkang-b07', openedAtMs: startMs + 25.5 * minute }])
  expect(gained).toEqual([])
})

test('a little more patience raises it later', async () => {
  const { moved, same } = await answerOf({ H02: { onDelayMs: 10 * minute } })
  expect(same).toBe(0)
  expect(moved).toMatchObject([{ was: { root: 'hengkang-b07' }, is: { root: 'hengkang-b07' } }])
  expect(moved[0]?.laterByMs).toBe(8 * minute)
})

test('only what was raised within the stretch counts; what lies before it is listened to', async () => {
  const later = { fromMs: startMs + 60 * minute, warmUpDays: 1 }
  const answer = await answerOf({ H01: { fallKpa: 30 } }, later)
  expect(answer).toMatchObject({ present: 0, changed: 1, same: 0, readings: 480 })
})

test('it says what history cannot tell', async () => {
  expect((await answerOf({})).leftOut.map(({ en }) => en).join()).toContain(
    'Wills and goodbyes are not in history',
  )
})

test('nothing of it is saved', async () => {
  expect(await records.selectFrom('parameter_version').selectAll().execute()).toEqual([])
})

test.each<[string, object, object, string]>([
  ['a word for a number', { H01: { fallKpa: 'x' } }, {}, 'body.set.H01.fallKpa'],
  ['a site nobody knows', {}, { site: 'moon' }, 'body.site'],
  ['a stretch that ends before it begins', {}, { toMs: startMs - 1 }, 'body.toMs'],
  ['tomorrow', {}, { toMs: endMs + 61 * minute }, 'body.toMs'],
  ['half a year', {}, { fromMs: startMs - 180 * 24 * 60 * minute }, 'body.fromMs'],
])('%s is refused with its place', async (_, set, more, field) => {
  const response = await ask(set, more)
  const { status, errors } = problemSchema.parse(await response.json())
  expect([status, errors?.map((error) => error.field)]).toEqual([400, [field]])
})

test('one question at a time: who asks meanwhile is told so', async () => {
  const answers = await Promise.all([ask({}), ask({})])
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]))
})
