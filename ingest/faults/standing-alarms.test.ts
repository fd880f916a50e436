import { expect, test } from 'vitest'
import type { Raised } from './correlate.ts'
import { StandingAlarms } from './standing-alarms.ts'

const smoke: Raised = {
  key: 'C01.smoke|shed1-ctl|shed1-charger',
  rule: 'C01',
  node: 'shed1-ctl',
  device: 'shed1-charger',
  site: 'hengkang',
  severity: 'P1',
  atMs: 1_000,
  signal: 'smoke',
  value: 1,
  limit: 1,
  fallKpa: null,
  pullKpa: null,
  opensAtOnce: true,
}

test('a latched alarm that is breached anew ends, on record, under the time at which it came up', () => {
  const standing = new StandingAlarms()
  standing.raise(smoke)
  standing.keep({ ...smoke, atMs: 9_000, value: 2 })
  expect(standing.get(smoke.key)).toMatchObject({ atMs: 1_000, value: 2 })
  standing.clear(smoke.key, 20_000)
  expect(standing.takeEvents()).toMatchObject([
    { type: 'raised', atMs: 1_000 },
    { type: 'cleared', raisedMs: 1_000, atMs: 20_000 },
  ])
})
