import { expect, test } from 'vitest'
import { decode } from '../firmware-contracts/decode.ts'
import { encodeConnection, encodeReading, encodeUpload } from '../firmware-contracts/encode.ts'
import type { LiveDevice } from '../estate/live.ts'
import { VirtualClock } from '../platform/clock.ts'
import type { DecodedMessage } from './decoded-log.ts'
import { liveMemory, LiveState, type LiveMemory } from './live-state.ts'

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
  for (const { device } of live.devices()) next.restore(remembered(live, device))
  expect(next.devices()).toEqual(live.devices())
})

/** What is written down of a device, read back. */
function remembered(live: LiveState, device: string): LiveMemory {
  return liveMemory.parse(JSON.parse(JSON.stringify(live.memoryOf(device))))
}

test('a clock is as far off as the median of the last five live messages says', () => {
  const live = new LiveState({ clock: new VirtualClock(noonMs) })
  const clockOf = () => live.device('hengkang-b01-heat')?.clock
  const said = (seq: number, offsetMs: number) => {
    const receivedMs = noonMs + seq * 60_000
    const { topic, payload } = pressure(seq, receivedMs + offsetMs, { p_ret_kpa: 223 }).intake
    live.observe(message(topic, payload, receivedMs))
  }
  for (const [seq, offsetMs] of [-300, -400, -90_000, -200, -500].entries()) said(seq, offsetMs)
  expect(clockOf(), 'one that was held up says nothing').toEqual({
    source: 'n',
    offsetMs: -400,
    state: 'right',
  })
  for (const seq of [5, 6, 7]) said(seq, 90_000)
  expect(clockOf()).toMatchObject({ offsetMs: 90_000, state: 'off' })
  for (const seq of [8, 9, 10, 11, 12]) said(seq, 0)
  expect(clockOf()).toMatchObject({ state: 'right' })
  said(13, 6 * 60_000)
  expect(clockOf(), 'what cannot be true is flagged at once').toMatchObject({ state: 'off' })
  const again = new LiveState({ clock: new VirtualClock(noonMs) })
  again.restore(remembered(live, 'hengkang-b01-heat'))
  expect(again.device('hengkang-b01-heat')?.clock, 'also after a restart').toEqual(clockOf())
})

test('an unset clock is flagged at once, and its samples stand at the time of their receipt', () => {
  const live = new LiveState({ clock: new VirtualClock(noonMs) })
  const sample = { contract: 'heat-entrance/1.0', boot: 1, seq: 1, values: { p_ret_kpa: 223 } }
  live.observe(message(`${entrance}/tele`, encodeReading({ ...sample, t: 946_684_800_000, clock: 'u' })))
  expect(live.device('hengkang-b01-heat')).toMatchObject({
    clock: { source: 'u', state: 'unset' },
    values: { p_ret_kpa: { value: 223, t: noonMs } },
  })
})

test('neither back-fill nor a scheduled upload says anything of the clock, and back-fill shows no value', () => {
  const live = new LiveState({ clock: new VirtualClock(noonMs) })
  const rows = [{ seq: 1, t: noonMs - 3_600_000, values: { p_ret_kpa: 90 } }]
  const upload = encodeUpload({ contract: 'heat-entrance/1.0', boot: 1, clock: 'n', rows })
  live.observe(message(`${entrance}/hist`, upload))
  const device = live.device('hengkang-b01-heat')
  expect(device?.clock).toBeUndefined()
  expect(device?.values).toEqual({})
})

test('a will of an earlier life buries nobody, and no will is a sign of life', () => {
  const live = new LiveState({ clock: new VirtualClock(noonMs) })
  live.observe(
    message(
      `${entrance}/tele`,
      encodeReading({
        contract: 'heat-entrance/1.0',
        boot: 8,
        seq: 1,
        t: noonMs,
        clock: 'n',
        values: { p_ret_kpa: 223 },
      }),
    ),
  )
  const will = (boot: number) => {
    const { intake, decoded } = connection('lost', boot)
    live.observe({ intake: { ...intake, will: true, receivedMs: noonMs + 60_000 }, decoded })
  }
  will(7)
  expect(live.device('hengkang-b01-heat')).toMatchObject({ connection: 'ready', lastSeenMs: noonMs })
  will(8)
  expect(live.device('hengkang-b01-heat')).toMatchObject({ connection: 'lost', lastSeenMs: noonMs })
})
