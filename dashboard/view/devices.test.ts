import { describe, expect, it } from 'vitest'
import type { LiveDevice } from '../../estate/live.ts'
import { deviceView, signalsOf } from './devices.ts'
import { chargerSaying, deviceSaying, sourcesOf, startMs } from './small-estate.fixture.ts'

const meter = { device: 'meter', kind: 'water-meter' } as const
const hour = 3_600_000

function stateOf(device: LiveDevice | undefined, nowMs = startMs) {
  const sources = sourcesOf(device ? [device] : [], { nowMs })
  const known = sources.registry.device('meter')
  return known && deviceView(known, sources).state
}

describe('a device', () => {
  const heard = deviceSaying(meter, { vol_l: 1 })
  const daily = { ...heard, connection: 'sleeping', periodS: { tele: 86_400 } } as const
  const inBatches = { ...heard, periodS: { batch: 86_400, state: 86_400 } }
  it.each<[string, LiveDevice | undefined, number, string]>([
    ['that just spoke is online', heard, 0, 'online'],
    ['that missed three minutes is silent', heard, 3 * 60_000 + 1, 'silent'],
    ['that sleeps as it said it would is sleeping', daily, 24 * hour, 'sleeping'],
    ['that overslept three days is silent', daily, 73 * hour, 'silent'],
    ['that uploads a day at a time is online between two', inBatches, 24 * hour, 'online'],
    ['that has not uploaded for three days is silent', inBatches, 73 * hour, 'silent'],
    ['whose will was published is lost at once', { ...heard, connection: 'lost' }, 0, 'lost'],
    ['that said goodbye is not there either', { ...heard, connection: 'bye' }, 0, 'lost'],
    ['that was never heard is unknown', undefined, 0, 'unknown'],
  ])('%s', (_name, device, laterMs, state) => {
    expect(stateOf(device, startMs + laterMs)).toBe(state)
  })
})

it.each<[string, LiveDevice['clock'], object | undefined]>([
  ['a right clock is no news', { source: 'n', offsetMs: -400, state: 'right' }, undefined],
  [
    'a clock that is off tells by how many minutes',
    { source: 'r', offsetMs: 425_123, state: 'off' },
    { state: 'off', offsetMs: 420_000 },
  ],
  [
    'a clock that was never set says so',
    { source: 'u', offsetMs: -8e11, state: 'unset' },
    expect.objectContaining({ state: 'unset' }),
  ],
])('%s', (_, clock, shown) => {
  const device = { ...deviceSaying(meter, { vol_l: 1 }), ...(clock && { clock }) }
  const sources = sourcesOf([device], { nowMs: startMs })
  const known = sources.registry.device('meter')
  expect(known && deviceView(known, sources).clock).toEqual(shown)
})

it('signals carry their unit, their age and whether they are believed', () => {
  expect(signalsOf(deviceSaying(meter, { vol_l: 5 }), startMs + hour)).toEqual([
    { signal: 'vol_l', value: 5, unit: 'L', ageMs: hour, stale: true },
  ])
})

it('a port is named with its signals, and a clock ahead of ours is not from the future', () => {
  const charger = chargerSaying({ p01: { avail: 'available', phase: 'idle' } }, { t: startMs + 500 })
  expect(signalsOf(charger, startMs)[0]).toEqual({
    signal: 'avail',
    port: 'p01',
    value: 'available',
    unit: '',
    ageMs: 0,
    stale: false,
  })
})
