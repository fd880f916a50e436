import { expect, test } from 'vitest'
import { decode } from '../firmware-contracts/decode.ts'
import { encodeConnection, encodeReading, encodeUpload } from '../firmware-contracts/encode.ts'
import type { LiveDevice } from '../estate/live.ts'
import { VirtualClock } from '../platform/clock.ts'
import type { DecodedMessage } from './decoded-log.ts'
import { LiveState } from './live-state.ts'

const noonMs = Date.parse('2026-01-15T12:00:00+08:00')
const charger = 'est/1/hengkang/charger/hengkang-shed1-charger'
const entrance = 'est/1/hengkang/heat-entrance/hengkang-b01-heat'

function message(topic: string, payload: Uint8Array, receivedMs = noonMs): DecodedMessage {
  const publisher = topic.split('/')[4] ?? ''
  const intake = {
    position: 1,
    receivedMs,
    publisher,
    will: false,
    retain: false,
    qos: 1 as const,
    topic,
    payload,
  }
  return { intake, decoded: decode(topic, payload) }
}

const port = (seq: number, t: number, avail: string) =>
  message(
    `${charger}/state/p03`,
    encodeReading({ contract: 'charger/1.0', boot: 1, seq, t, clock: 'n', values: { avail, phase: 'idle' } }),
  )

const pressure = (seq: number, t: number, values: Record<string, number>, quality?: { p_ret_kpa: 'F' }) =>
  message(
    `${entrance}/tele`,
    encodeReading({
      contract: 'heat-entrance/1.0',
      boot: 1,
      seq,
      t,
      clock: 'n',
      values,
      ...(quality && { quality }),
    }),
  )

const connection = (state: 'ready' | 'lost', boot: number) =>
  message(`${entrance}/conn`, encodeConnection({ state, boot, t: noonMs }))

test('a late or repeated sample never replaces a newer one', () => {
  const live = new LiveState({ clock: new VirtualClock(noonMs) })
  live.observe(port(2, noonMs + 2_000, 'occupied'))
  live.observe(port(1, noonMs + 1_000, 'available'))
  expect(live.device('hengkang-shed1-charger')?.ports['p03']?.['avail']).toEqual({
    value: 'occupied',
    t: noonMs + 2_000,
  })
})

test('a signal the device calls broken is gone, not frozen at its last good value', () => {
  const live = new LiveState({ clock: new VirtualClock(noonMs) })
  live.observe(pressure(1, noonMs, { p_ret_kpa: 223, p_sup_kpa: 352 }))
  live.observe(pressure(2, noonMs + 60_000, { p_sup_kpa: 351 }, { p_ret_kpa: 'F' }))
  expect(Object.keys(live.device('hengkang-b01-heat')?.values ?? {})).toEqual(['p_sup_kpa'])
})

test('back-fill after an outage never touches the live state', () => {
  const live = new LiveState({ clock: new VirtualClock(noonMs) })
  const rows = [{ seq: 7, t: noonMs - 3_600_000, values: { p_ret_kpa: 100 } }]
  live.observe(
    message(`${entrance}/hist`, encodeUpload({ contract: 'heat-entrance/1.0', boot: 1, clock: 'n', rows })),
  )
  expect(live.device('hengkang-b01-heat')?.values).toEqual({})
})

test('the will of an earlier life does not bury the present one, and a word after the will is a sign of life', () => {
  const live = new LiveState({ clock: new VirtualClock(noonMs) })
  const state = () => live.device('hengkang-b01-heat')?.connection
  live.observe(connection('ready', 5))
  live.observe(connection('lost', 4))
  expect(state()).toBe('ready')
  live.observe(connection('lost', 5))
  expect(state()).toBe('lost')
  live.observe(pressure(1, noonMs, { p_ret_kpa: 223 }))
  expect(state()).toBe('ready')
})

test('a device without a credible clock is shown under the time the broker received it', () => {
  const live = new LiveState({ clock: new VirtualClock(noonMs) })
  live.observe(pressure(1, Date.UTC(2000, 0, 1), { p_ret_kpa: 223 }))
  expect(live.device('hengkang-b01-heat')?.values['p_ret_kpa']).toEqual({ value: 223, t: noonMs })
})

test('changes are told a few times a second, each device once, and a restart goes on from the snapshot', () => {
  const clock = new VirtualClock(noonMs)
  const live = new LiveState({ clock })
  const told: (readonly LiveDevice[])[] = []
  live.subscribe((changed) => told.push(changed))
  for (let seq = 1; seq <= 50; seq++) live.observe(pressure(seq, noonMs + seq, { p_ret_kpa: 200 + seq }))
  live.observe(port(1, noonMs, 'available'))
  clock.advance(1_000)
  expect(told.map((changed) => changed.map(({ device }) => device))).toEqual([
    ['hengkang-b01-heat', 'hengkang-shed1-charger'],
  ])
  const next = new LiveState({ clock })
  next.restore(live.snapshot())
  expect(next.devices()).toEqual(live.devices())
})
