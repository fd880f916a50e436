import { expect, test } from 'vitest'
import {
  availabilityOf,
  controlPort,
  idle,
  noPowerMs,
  sessionLimitMs,
  toppingMs,
  unplugCheckMs,
  type Control,
  type Seen,
} from './port-phases.ts'

const empty: Seen = {
  plug: false,
  order: false,
  powerW: 0,
  amps: 0,
  sessionWh: 100,
  portC: 20,
  residualMa: 0,
  fuseBlown: false,
  refusing: false,
}
const plugged: Seen = { ...empty, plug: true }
const ordered: Seen = { ...plugged, order: true }
const drawing = (powerW: number): Seen => ({ ...ordered, powerW, amps: powerW / 160 })
const gone: Seen = empty
const locked: Seen = { ...ordered, lock: 'smoke' }

/** Phase it was in, for how long, what is seen -> phase it moves to. */
const moves: [Control['phase'], number, Seen, Control['phase']][] = [
  ['idle', 0, empty, 'idle'],
  ['idle', 0, plugged, 'plugged'],
  ['plugged', 1e6, plugged, 'plugged'],
  ['plugged', 0, empty, 'idle'],
  ['plugged', 0, ordered, 'precheck'],
  ['plugged', 1e6, { ...ordered, refusing: true }, 'plugged'],
  ['precheck', 1_000, ordered, 'precheck'],
  ['precheck', 3_000, ordered, 'charging'],
  ['precheck', 3_000, { ...ordered, fuseBlown: true }, 'faulted'],
  ['charging', 1e6, { ...drawing(160), refusing: true }, 'charging'],
  ['charging', 5_000, { ...drawing(1_260), amps: 7.8 }, 'finishing'],
  ['charging', 5_000, { ...drawing(160), residualMa: 30 }, 'charging'],
  ['charging', 5_000, { ...drawing(160), residualMa: 31 }, 'faulted'],
  ['charging', 1e6, drawing(160), 'charging'],
  ['charging', 1e6, drawing(19.9), 'topping'],
  ['charging', 1e6, drawing(2.9), 'unplug_check'],
  ['charging', 1e6, { ...plugged, powerW: 160 }, 'finishing'],
  ['topping', toppingMs - 1, drawing(10), 'topping'],
  ['topping', toppingMs, drawing(10), 'finishing'],
  ['topping', 0, drawing(0), 'unplug_check'],
  ['unplug_check', unplugCheckMs - 1, gone, 'unplug_check'],
  ['unplug_check', unplugCheckMs, gone, 'finishing'],
  ['unplug_check', 1_000, drawing(160), 'charging'],
  ['unplug_check', noPowerMs - 1, { ...ordered, sessionWh: 0 }, 'unplug_check'],
  ['unplug_check', noPowerMs, { ...ordered, sessionWh: 0 }, 'finishing'],
  ['unplug_check', noPowerMs, ordered, 'unplug_check'],
  ['finishing', 1e6, plugged, 'finishing'],
  ['finishing', 0, empty, 'idle'],
  ['finishing', 0, { ...plugged, powerW: 160 }, 'faulted'],
  ['idle', 0, { ...plugged, powerW: 160 }, 'faulted'],
  ['faulted', 1e6, empty, 'faulted'],
  ['charging', 0, { ...drawing(160), ...locked, powerW: 160 }, 'disabled'],
  ['idle', 0, locked, 'disabled'],
  ['faulted', 0, locked, 'faulted'],
  ['disabled', 1e6, locked, 'disabled'],
  ['disabled', 1e6, plugged, 'plugged'],
  ['disabled', 1e6, empty, 'idle'],
  ['reserved', 1e6, plugged, 'reserved'],
]

test.each(moves)('%s for %d ms, seeing %o: %s', (phase, forMs, seen, next) => {
  const nowMs = 100_000_000
  const was: Control = { ...idle, phase, sincePhaseMs: nowMs - forMs, sessionMs: nowMs - forMs }
  expect(controlPort(was, seen, nowMs).phase).toBe(next)
})

test('a session ends after ten hours, full or not', () => {
  const was: Control = { ...idle, phase: 'charging', sessionMs: 0 }
  expect(controlPort(was, drawing(160), sessionLimitMs - 1).phase).toBe('charging')
  expect(controlPort(was, drawing(160), sessionLimitMs)).toMatchObject({
    phase: 'finishing',
    stopReason: 'time_limit',
  })
})

test('a resident is shown a free port only when it is idle', () => {
  expect(availabilityOf('idle')).toBe('available')
  expect(availabilityOf('finishing')).toBe('occupied')
  expect(availabilityOf('faulted')).toBe('faulted')
  expect(availabilityOf('disabled')).toBe('unavailable')
})

test('C02: 65 °C for ten seconds opens the relay for good; a shorter flicker does not', () => {
  const hot = { ...drawing(400), portC: 65 }
  const charging: Control = { ...idle, phase: 'charging', sessionMs: 1, sincePhaseMs: 1 }
  const first = controlPort(charging, hot, 5_000)
  expect(first.phase).toBe('charging')
  expect(controlPort(first, hot, 15_000)).toMatchObject({
    phase: 'faulted',
    stopReason: 'over_temperature',
    error: 'high_temperature',
  })
  const cooled = controlPort(first, { ...hot, portC: 64 }, 10_000)
  expect(controlPort(cooled, hot, 15_000).phase).toBe('charging')
})

test('the reason of the end says who wanted it', () => {
  const charging: Control = { ...idle, phase: 'charging', sessionMs: 1, sincePhaseMs: 1 }
  const ends: [Partial<Seen>, string][] = [
    [{ order: false }, 'user'],
    [{ order: false, stopBy: 'server' }, 'server'],
    [{ amps: 5.6 }, 'over_current'],
    [{ residualMa: 35 }, 'ground_failure'],
    [{ lock: 'water' }, 'water'],
  ]
  for (const [seen, reason] of ends)
    expect(controlPort(charging, { ...drawing(160), ...seen }, 10_000).stopReason).toBe(reason)
})
