import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRecords, type Records } from '../estate/records.ts'
import { foldOrder, type IncidentReport, type WorkOrder } from '../estate/work-order.ts'
import { VirtualClock } from '../platform/clock.ts'
import type { Overrides } from './faults/parameter-layers.ts'
import { ParameterDesk } from './parameter-desk.ts'
import { PromisedLevels } from './promised-levels.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const clock = new VirtualClock(Date.parse('2026-11-25T08:00:00+08:00'))
let folder: string
let records: Records
let desk: ParameterDesk
let levels: PromisedLevels

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'promised-'))
  records = await openRecords(join(folder, 'records.db'))
  await openDesk()
})
afterEach(async () => {
  await records.destroy()
  rmSync(folder, { recursive: true, force: true })
})

async function openDesk(): Promise<void> {
  desk = new ParameterDesk({ records, isSite: () => true, clock })
  levels = new PromisedLevels({ desk, timeZone: 'Asia/Shanghai' })
  await desk.start()
}

async function change(site: string, service: Overrides): Promise<void> {
  const deed = { who: 'li', why: 'winter' }
  expect(await desk.change(site, { type: 'patch', set: { service } }, deed)).toMatchObject({ ok: true })
}

/** An order raised now. */
function order(site = 'oak'): WorkOrder {
  const report: IncidentReport = {
    ...{ key: 'a|x', root: 'a', causeClass: 'x', rule: 'H01', severity: 'P1', site },
    title: { zh: '', en: '' },
    openedAtMs: clock.now() - hourMs,
    reason: { zh: '', en: '' },
    ...{ evidence: [], affected: [], households: 0 },
  }
  return foldOrder('1', [{ type: 'raised', atMs: clock.now(), report }])
}

const answerWithin = (of: WorkOrder) => levels.for(of).targets.P1.acknowledge.withinMs / minuteMs
const answer = (minutes: number) => ({ targets: { P1: { acknowledge: { withinMs: minutes * minuteMs } } } })

test('an order keeps the promise of the day it was raised, whatever is promised later and wherever one looks from', async () => {
  const before = order()
  expect(answerWithin(before)).toBe(5)
  clock.advance(dayMs)
  await change('*', answer(10))
  const between = order()
  clock.advance(dayMs)
  await change('oak', answer(3))
  const [after, elsewhere] = [order(), order('elm')]
  const promised = () => [before, between, after, elsewhere].map(answerWithin)
  expect(promised()).toEqual([5, 10, 3, 10])
  await openDesk()
  expect(promised(), 'after a restart').toEqual([5, 10, 3, 10])
})

test('what is known of the calendar now is known of every order', async () => {
  const before = order()
  const festival = { name: '春节', from: '2027-02-06', to: '2027-02-12' }
  const workedMs = () => {
    const time = levels.for(before).time['working-time']
    return time.between(Date.parse('2027-02-08T00:00+08:00'), Date.parse('2027-02-13T00:00+08:00'))
  }
  expect(workedMs()).toBe(40 * hourMs)
  clock.advance(dayMs)
  await change('*', { calendar: { holidays: [festival] } })
  expect(workedMs()).toBe(0)
})

test('a target of no time at all is refused', async () => {
  const deed = { who: 'li', why: 'typing' }
  const answer = await desk.change(
    '*',
    { type: 'patch', set: { service: { targets: { P1: { acknowledge: { withinMs: 5 } } } } } },
    deed,
  )
  expect(answer).toMatchObject({
    ok: false,
    mistakes: [{ field: 'service.targets.P1.acknowledge.withinMs' }],
  })
})
