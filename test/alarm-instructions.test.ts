import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { problemSchema } from '../dashboard/server/problem.ts'
import { RunningDashboard } from '../dashboard/server/running-dashboard.fixture.ts'
import { faultsAnswer, instructionsAnswer, outOfServiceAnswer } from '../dashboard/server/fault-schemas.ts'
import { demoRegistry } from '../device-sim/registry-file.ts'
import { InstructionBook } from '../estate/instruction-book.ts'
import { openRecords, type Records } from '../estate/records.ts'
import { parseRegistryFile } from '../estate/registry-file.ts'
import { saveRegistry } from '../estate/registry-store.ts'
import { systemClock, type Clock } from '../platform/clock.ts'
import { openIntakeReader } from '../platform/intake-reader.ts'
import { fillLog, startMs } from './support/said-log.ts'
import { watching } from './support/watching.ts'

/** People speak to alarms over HTTP, and the real watch does what they say, over the real records: house 7 has had too
 *  little return pressure for a quarter of an hour (H02). */
const device = 'hengkang-b07-heat'
const fault = `H02.level~hengkang-b07~${device}`
const topic = `est/1/hengkang/heat-entrance/${device}/tele`
const minute = 60_000
const nowMs = startMs + 16 * minute
const clock: Clock = { ...systemClock, now: () => nowMs }

const said = Array.from({ length: 30 }, (_, s) => {
  const t = startMs + s * 30_000
  const text = JSON.stringify({
    c: 'heat-entrance/1.0',
    b: 1,
    s,
    t,
    k: 'n',
    d: { p_sup_kpa: 310, p_ret_kpa: 186 },
  })
  return { t, device, topic, payload: Buffer.from(text), qos: 1 as const, retain: false }
})

let folder: string
let records: Records
let life: Awaited<ReturnType<typeof beginLife>>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'instructions-'))
  records = await openRecords(join(folder, 'records.db'))
  await records.transaction().execute((trx) => saveRegistry(trx, parseRegistryFile(demoRegistry())))
  await fillLog(folder, said)
  life = await beginLife()
})

afterAll(async () => {
  await life.end()
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

/** The watch at the end of its log, with the API in front of it. */
async function beginLife() {
  const reader = openIntakeReader(join(folder, 'intake.db'))
  const atEnd = Promise.withResolvers<void>()
  const {
    watch,
    instructions,
    end: endOthers,
  } = await watching({
    records,
    reader,
    clock,
    onCursor: (position) => (position >= reader.end() ? atEnd.resolve() : undefined),
  })
  await watch.start(atEnd.reject)
  await atEnd.promise
  const faults = {
    alarms: () => watch.alarms(),
    outOfService: () => watch.outOfService(),
    say: instructions.say.bind(instructions),
    said: instructions.list.bind(instructions),
  }
  const dashboard = await new RunningDashboard(undefined, { faults }).start()
  const end = async () => {
    await dashboard.stop()
    await watch.stop()
    endOthers()
  }
  return { dashboard, end }
}

async function restart(): Promise<void> {
  await life.end()
  life = await beginLife()
}

const hour = 60 * minute
const engineer = 'engineer' as const
const say = (action: string, body: object = {}, as: 'engineer' | 'dispatcher' = engineer) =>
  life.dashboard.post(`/api/v1/faults/${fault}/${action}`, body, as)
const get = async <Schema extends z.ZodType>(path: string, schema: Schema) =>
  schema.parse(await (await life.dashboard.ask(path, { as: engineer })).json())
const faults = async (filter = '') => (await get(`/api/v1/faults${filter}`, faultsAnswer)).faults
const stateOf = async () => (await faults()).find(({ id }) => id === fault)?.state
const refusalOf = async (response: Response) => problemSchema.parse(await response.json())

test('the alarm stands, and is found by its state, site, rule and severity', async () => {
  expect(await faults()).toMatchObject([{ id: fault, state: 'active-unacknowledged', severity: 'P2' }])
  expect(await faults('?state=active-unacknowledged&site=hengkang&rule=H02&severity=P2')).toHaveLength(1)
  for (const other of ['state=shelved', 'site=elm', 'rule=H01', 'severity=P1'])
    expect(await faults(`?${other}`)).toEqual([])
})

test('a dispatcher acknowledges it, and may do no more', async () => {
  expect((await say('acknowledge', {}, 'dispatcher')).status).toBe(200)
  expect(await stateOf()).toBe('active-acknowledged')
  expect((await say('shelve', { why: 'works', untilMs: nowMs + hour }, 'dispatcher')).status).toBe(403)
})

test('shelved it says who, why and until when; also after a restart', async () => {
  expect((await say('shelve', { why: 'works on the main', untilMs: nowMs + hour })).status).toBe(200)
  const shelved = { state: 'shelved', by: 'engineer', untilMs: nowMs + hour, beneath: 'active-acknowledged' }
  expect(await faults('?state=shelved')).toMatchObject([shelved])
  await restart()
  expect(await faults('?state=shelved')).toMatchObject([shelved])
  expect((await say('unshelve')).status).toBe(200)
  expect(await stateOf()).toBe('active-acknowledged')
})

test.each<[string, string, object, number, string]>([
  ['a shelf for nine hours', 'shelve', { why: 'x', untilMs: nowMs + 9 * hour }, 409, '8 hours at most'],
  ['a second acknowledgement', 'acknowledge', {}, 409, 'nothing to acknowledge'],
  ['a reset of what does not latch', 'reset', { why: 'looked' }, 409, 'only a latched alarm'],
  ['a shelf without reason or end', 'shelve', {}, 400, 'body.why, body.untilMs'],
  [
    'out of service for a month',
    'take-out',
    { why: 'x', untilMs: nowMs + 720 * hour },
    409,
    '7 days at most',
  ],
  ['an action of another trade', 'paint', {}, 400, 'path.action'],
])('%s is refused with its reason', async (_, action, body, status, reason) => {
  const refused = await refusalOf(await say(action, body))
  expect(refused.status).toBe(status)
  expect(refused.detail).toContain(reason)
})

test('a house is taken out of service with all that is in it, listed, and put back', async () => {
  const body = { target: 'hengkang-b07', why: 'a new riser', untilMs: nowMs + 48 * hour }
  expect((await life.dashboard.post('/api/v1/out-of-service', body, engineer)).status).toBe(200)
  expect(await stateOf()).toBe('out-of-service')
  await restart()
  const { outOfService } = await get('/api/v1/out-of-service', outOfServiceAnswer)
  expect(outOfService).toEqual([{ ...body, by: 'engineer', sinceMs: nowMs }])
  const put = await life.dashboard.ask('/api/v1/out-of-service/hengkang-b07', {
    method: 'DELETE',
    as: engineer,
  })
  expect(put.status).toBe(200)
  expect(await stateOf()).toBe('pending')
})

test('what was said to a process that died is done once by the next', async () => {
  const instruction = {
    action: 'take-out',
    target: device,
    by: 'Li',
    why: 'a new gauge',
    untilMs: nowMs + hour,
  }
  const book = new InstructionBook(records)
  await life.end()
  await book.enter({ atMs: nowMs, who: 'Li', subject: device, body: instruction })
  life = await beginLife()
  const windows = async () => (await get('/api/v1/out-of-service', outOfServiceAnswer)).outOfService
  await expect.poll(windows).toMatchObject([{ target: device, by: 'Li' }])
  await life.dashboard.ask(`/api/v1/out-of-service/${device}`, { method: 'DELETE', as: engineer })
  await restart()
  expect(await windows()).toEqual([])
})

test('all that was said is on record: who, when, what, and what came of it', async () => {
  const { instructions } = await get(`/api/v1/faults/instructions?about=${fault}`, instructionsAnswer)
  expect(
    instructions.toReversed().map(({ who, said: words, outcome }) => [who, words, outcome]),
  ).toMatchObject([
    ['dispatcher', { action: 'acknowledge' }, 'done'],
    ['engineer', { action: 'shelve', why: 'works on the main' }, 'done'],
    ['engineer', { action: 'unshelve' }, 'done'],
    ['engineer', { action: 'shelve' }, 'refused'],
    ['engineer', { action: 'acknowledge' }, 'refused'],
    ['engineer', { action: 'reset' }, 'refused'],
    ['engineer', { action: 'take-out' }, 'refused'],
  ])
})
