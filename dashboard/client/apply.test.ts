import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeviceView, OpsDelta, OpsSnapshot, OrderView, PortView, ResidentSnapshot } from '../protocol.ts'
import { applyOpsDelta, applyResidentDelta } from './apply.ts'

const name = { zh: '恒康家园', en: 'Hengkang Homes' }

function port(label: string, availability: PortView['availability']): PortView {
  return { id: `shed1-p${label}`, shed: 'shed1', label, availability, phase: 'idle', t: 1000 }
}

function order(id: string, state: OrderView['state']): OrderView {
  return {
    id,
    state,
    severity: 'P1',
    rule: 'H01',
    root: 'hengkang-station',
    rootName: name,
    site: 'hengkang',
    title: name,
    reason: { zh: '回水低于静压', en: 'return below static height' },
    openedAt: 0,
    alarms: 21,
    affected: [],
    households: 480,
    valves: [],
    clocks: [],
    commentCount: 0,
    photoCount: 0,
    actions: [],
  }
}

function device(id: string, state: DeviceView['state']): DeviceView {
  return { id, kind: 'heat-entrance', site: 'hengkang', state }
}

const shed: ResidentSnapshot = {
  seq: 7,
  serverMs: 1000,
  site: { id: 'hengkang', name },
  sheds: [{ id: 'shed1', name }],
  ports: [port('1', 'available'), port('2', 'available')],
}

const estate: OpsSnapshot = {
  seq: 3,
  serverMs: 0,
  sites: [],
  heat: [],
  orders: [order('o1', 'open')],
  devices: [],
}
const quiet = { serverMs: 2000, heat: [], orders: [], devices: [] }

describe('a delta on a snapshot', () => {
  test('changes the port it names and leaves the others in their places', () => {
    const applied = applyResidentDelta(shed, { seq: 8, serverMs: 2000, ports: [port('2', 'occupied')] })
    expect(applied).toEqual({
      outcome: 'applied',
      snapshot: { ...shed, seq: 8, serverMs: 2000, ports: [port('1', 'available'), port('2', 'occupied')] },
    })
  })

  test('with a number missing before it asks for a new snapshot', () => {
    expect(applyResidentDelta(shed, { seq: 9, serverMs: 2000, ports: [] })).toEqual({ outcome: 'gap' })
    expect(applyOpsDelta(estate, { seq: 5, ...quiet })).toEqual({ outcome: 'gap' })
  })

  test('that the snapshot already holds changes nothing', () => {
    const late = { seq: 7, serverMs: 2000, ports: [port('1', 'faulted')] }
    expect(applyResidentDelta(shed, late)).toEqual({ outcome: 'already-known' })
  })

  test('takes a verified or cancelled order off the list and keeps a reopened one', () => {
    const verified = applyOpsDelta(estate, { ...quiet, seq: 4, orders: [order('o1', 'verified')] })
    expect(verified.outcome === 'applied' && verified.snapshot.orders).toEqual([])
    const reopened = applyOpsDelta(estate, { ...quiet, seq: 4, orders: [order('o1', 'reopened')] })
    expect(reopened.outcome === 'applied' && reopened.snapshot.orders).toEqual([order('o1', 'reopened')])
  })
})

test('whoever stayed through all deltas sees what a late joiner sees', () => {
  const states = fc.constantFrom('open', 'acknowledged', 'resolved', 'verified', 'cancelled', 'reopened')
  const orders = fc.array(fc.tuple(fc.constantFrom('o1', 'o2', 'o3'), states), { maxLength: 3 })
  const deviceStates = fc.constantFrom('online', 'silent', 'lost')
  const devices = fc.array(fc.tuple(fc.constantFrom('d1', 'd2'), deviceStates), { maxLength: 3 })
  fc.assert(
    fc.property(fc.array(fc.tuple(orders, devices), { maxLength: 20 }), (changes) => {
      const server = new Map<string, string>()
      const things = new Map<string, string>()
      let stayed: OpsSnapshot = { ...estate, orders: [] }
      for (const [changedOrders, changedDevices] of changes) {
        for (const [id, state] of changedOrders) server.set(id, state)
        for (const [id, state] of changedDevices) things.set(id, state)
        const delta: OpsDelta = {
          ...quiet,
          seq: stayed.seq + 1,
          orders: changedOrders.map(([id, state]) => order(id, state)),
          devices: changedDevices.map(([id, state]) => device(id, state)),
        }
        const applied = applyOpsDelta(stayed, delta)
        if (applied.outcome !== 'applied') throw new Error(`a delta in sequence was ${applied.outcome}`)
        stayed = applied.snapshot
      }
      const open = [...server].filter(([, state]) => state !== 'verified' && state !== 'cancelled')
      expect(new Map(stayed.orders.map(({ id, state }) => [id, state]))).toEqual(new Map(open))
      expect(new Map(stayed.devices.map(({ id, state }) => [id, state]))).toEqual(things)
    }),
  )
})
