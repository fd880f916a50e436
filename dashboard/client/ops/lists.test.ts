import { expect, test } from 'vitest'
import type { DeviceView, OrderView } from '../../protocol.ts'
import { arrangeDevices, countDevices, seenAs } from './device-order.ts'
import { byUrgency } from './urgency.ts'

function order(id: string, severity: OrderView['severity'], openedAt: number): OrderView {
  const name = { zh: id, en: id }
  return {
    id,
    state: 'open',
    severity,
    rule: 'H01',
    root: 'station',
    rootName: name,
    site: 'hengkang',
    title: name,
    reason: { zh: '', en: '' },
    openedAt,
    alarms: 1,
    affected: [],
    households: 0,
    valves: [],
    clocks: [],
    commentCount: 0,
    photoCount: 0,
    actions: [],
  }
}

function device(id: string, state: DeviceView['state']): DeviceView {
  return { id, kind: 'gateway', site: 'hengkang', state }
}

test('a fresh burst stands above an old dead meter; among equals who waited longest comes first', () => {
  const orders = [order('meter', 'P4', 10), order('young', 'P1', 300), order('old', 'P1', 200)]
  expect(byUrgency(orders).map(({ id }) => id)).toEqual(['old', 'young', 'meter'])
})

test('lost and silent devices stand before those that work', () => {
  const devices = [device('a', 'online'), device('b', 'sleeping'), device('c', 'silent'), device('d', 'lost')]
  expect(arrangeDevices(devices).map(({ id }) => id)).toEqual(['d', 'c', 'b', 'a'])
})

test('without a line to the server no device is known to be online', () => {
  const blind = [device('a', 'online'), device('d', 'lost')].map((each) =>
    seenAs(each, { nowMs: 0, blind: true }),
  )
  expect(countDevices(blind)).toEqual({ lost: 0, silent: 0, unknown: 2, sleeping: 0, online: 0 })
})
