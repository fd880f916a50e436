import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parameterVersion } from '../estate/parameter-book.ts'
import { openRecords, type Records } from '../estate/records.ts'
import { RunningDashboard } from '../dashboard/server/running-dashboard.fixture.ts'
import { problemSchema } from '../dashboard/server/problem.ts'
import type { Parameters } from '../ingest/faults/parameters.ts'
import { ParameterDesk } from '../ingest/parameter-desk.ts'
import { VirtualClock } from '../platform/clock.ts'

/** An engineer changes what his estate's faults are judged by: the real desk over the real records, asked over HTTP. */
const clock = new VirtualClock(1_700_000_000_000)
const estates = new Set(['oak', 'elm'])
let folder: string
let records: Records
let desk: ParameterDesk
let dashboard: RunningDashboard
/** As the engine has them. */
let told: Parameters[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parameters-'))
  records = await openRecords(join(folder, 'records.db'))
  desk = await openDesk()
  desk.onChange((now) => told.push(now))
  dashboard = await new RunningDashboard(undefined, { parameters: desk }).start()
})

afterAll(async () => {
  await dashboard.stop()
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

async function openDesk(): Promise<ParameterDesk> {
  const opened = new ParameterDesk({ records, isSite: (id) => estates.has(id), clock })
  await opened.start()
  return opened
}

const sheet = z.object({
  version: z.number(),
  overrides: z.json(),
  values: z.object({ H01: z.object({ fallKpa: z.number(), onDelayMs: z.number() }) }),
  changed: z.object({ who: z.string(), why: z.string(), atMs: z.number() }).optional(),
})
const versions = z.object({ versions: z.array(parameterVersion) })
const json = { 'content-type': 'application/json' }

async function ask(method: string, path: string, body?: unknown, as: 'engineer' | 'dispatcher' = 'engineer') {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: json }
  return dashboard.ask(`/api/v1/parameters${path}`, { method, as, ...sent })
}
const show = async (site: string) => sheet.parse(await (await ask('GET', `?site=${site}`)).json())
const change = (site: string, set: unknown, more: object = {}) =>
  ask('PATCH', `?site=${site}`, { set, why: 'a steep estate', ...more })

test('an engineer changes one number with a reason; it is in force at once, there and nowhere else', async () => {
  expect(await show('oak')).toMatchObject({ version: 0, overrides: {}, values: { H01: { fallKpa: 50 } } })
  const response = await change('oak', { H01: { fallKpa: 40 } })
  expect(await response.json()).toEqual({
    site: 'oak',
    version: 1,
    overrides: { H01: { fallKpa: 40 } },
    changes: [{ field: 'H01.fallKpa', is: 40 }],
    who: 'engineer',
    why: 'a steep estate',
    atMs: clock.now(),
  })
  expect(told.at(-1)?.['oak']?.H01.fallKpa).toBe(40)
  expect(await show('oak')).toMatchObject({
    version: 1,
    values: { H01: { fallKpa: 40, onDelayMs: 20_000 } },
    changed: { who: 'engineer', why: 'a steep estate' },
  })
  expect((await show('elm')).values.H01.fallKpa).toBe(50)
})

test('the district speaks for all its sites, and a site has the last word', async () => {
  await change('*', { H01: { fallKpa: 60, onDelayMs: 30_000 } })
  expect((await show('elm')).values.H01).toMatchObject({ fallKpa: 60, onDelayMs: 30_000 })
  expect((await show('oak')).values.H01).toMatchObject({ fallKpa: 40, onDelayMs: 30_000 })
  expect(told.at(-1)?.['*']?.H01.fallKpa).toBe(60)
})

test('a site adds its own turns of the season to those of the district', async () => {
  const early = { mode: 'heating', fromMs: 1, toMs: 2 }
  const trial = { mode: 'fill-test', fromMs: 3, toMs: 4 }
  await change('*', { season: { announced: [early] } })
  await change('oak', { season: { announced: [trial] } })
  expect(told.at(-1)?.['oak']?.season.announced).toEqual([early, trial])
})

test('every version stays, with what was and what is; going back is a new one', async () => {
  await change('elm', { H01: { fallKpa: 45 }, H02: { onDelayMs: 60_000 } })
  await change('elm', { H01: { fallKpa: null } }, { why: 'too many false ones', basedOn: 1 })
  const reverted = await ask('POST', '/revert?site=elm', { version: 1, why: 'it was right' })
  expect(reverted.status).toBe(200)
  const { versions: all } = versions.parse(await (await ask('GET', '/versions?site=elm')).json())
  expect(all.map(({ version, changes, reverts }) => ({ version, changes, reverts }))).toEqual([
    { version: 3, changes: [{ field: 'H01.fallKpa', is: 45 }], reverts: 1 },
    { version: 2, changes: [{ field: 'H01.fallKpa', was: 45 }], reverts: undefined },
    {
      version: 1,
      changes: [
        { field: 'H01.fallKpa', is: 45 },
        { field: 'H02.onDelayMs', is: 60_000 },
      ],
      reverts: undefined,
    },
  ])
  const older = versions.parse(await (await ask('GET', '/versions?site=elm&before=2')).json())
  expect(older.versions.map(({ version }) => version)).toEqual([1])
})

test('what was changed is in force after a restart', async () => {
  expect((await openDesk()).get()).toEqual(desk.get())
})

describe('refused, and nothing is written:', () => {
  test.each<[string, unknown, { field: string; detail: string }]>([
    [
      'a word for a number',
      { H01: { fallKpa: 'forty' } },
      { field: 'body.set.H01.fallKpa', detail: 'expected number' },
    ],
    [
      'a share above one',
      { correlation: { childrenShare: 3 } },
      { field: 'body.set.correlation.childrenShare', detail: '<=1' },
    ],
    [
      'a name that no parameter has',
      { H01: { fallKPA: 4 } },
      { field: 'body.set.H01.fallKPA', detail: 'expected one of fallKpa' },
    ],
    ['a rule that does not exist', { Z99: { x: 1 } }, { field: 'body.set.Z99', detail: 'H01' }],
  ])('%s', async (_, set, expected) => {
    const before = (await show('oak')).version
    const response = await change('oak', set)
    const { status, errors } = problemSchema.parse(await response.json())
    expect([status, errors?.map(({ field }) => field)]).toEqual([400, [expected.field]])
    expect(errors?.[0]?.detail).toContain(expected.detail)
    expect((await show('oak')).version).toBe(before)
  })

  test('every mistake at once', async () => {
    const response = await change('oak', { H01: { fallKpa: -1, onDelayMs: 0.5 }, H02: { x: 1 } })
    expect(problemSchema.parse(await response.json()).errors).toHaveLength(3)
  })

  test.each<[string, number, () => Promise<Response>]>([
    ['a change without a reason', 400, () => change('oak', { H01: { fallKpa: 41 } }, { why: ' ' })],
    ['a change of what is so already', 409, () => change('oak', { H01: { fallKpa: 40 } })],
    [
      'a change of a version that is no longer in force',
      409,
      () => change('elm', { H01: { fallKpa: 41 } }, { basedOn: 1 }),
    ],
    ['a site nobody knows', 404, () => change('moon', { H01: { fallKpa: 41 } })],
    ['a version that never was', 400, () => ask('POST', '/revert?site=elm', { version: 9, why: 'x' })],
    [
      'a dispatcher',
      403,
      () => ask('PATCH', '?site=oak', { set: { H01: { fallKpa: 41 } }, why: 'x' }, 'dispatcher'),
    ],
  ])('%s', async (_, status, asking) => {
    expect((await asking()).status).toBe(status)
  })
})

test('two who change the same in one moment make two versions, one after the other', async () => {
  const answers = await Promise.all([
    change('oak', { H01: { fallKpa: 33 } }),
    change('oak', { H02: { hysteresisKpa: 11 } }),
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect((await show('oak')).overrides).toMatchObject({ H01: { fallKpa: 33 }, H02: { hysteresisKpa: 11 } })
})
