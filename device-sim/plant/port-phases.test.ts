import { expect, test } from 'vitest'
import {
  availabilityOf,
  controlPort,
  idle,
  sessionLimitMs,
  toppingMs,
  unplugCheckMs,
  type Control,
  type Seen,
} from './port-phases.ts'

const empty: Seen = { plug: false, order: false, powerW: 0 }
const plugged: Seen = { plug: true, order: false, powerW: 0 }
const ordered: Seen = { plug: true, order: true, powerW: 0 }
const drawing = (powerW: number): Seen => ({ plug: true, order: true, powerW })
const gone: Seen = { plug: false, order: false, powerW: 0 }

/** Phase it was in, for how long, what is seen -> phase it moves to. */
const moves: [Control['phase'], number, Seen, Control['phase']][] = [
  ['idle', 0, empty, 'idle'],
  ['idle', 0, plugged, 'plugged'],
  ['plugged', 1e6, plugged, 'plugged'],
  ['plugged', 0, empty, 'idle'],
  ['plugged', 0, ordered, 'precheck'],
  ['precheck', 1_000, ordered, 'precheck'],
  ['precheck', 3_000, ordered, 'charging'],
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
  ['finishing', 1e6, plugged, 'finishing'],
  ['finishing', 0, empty, 'idle'],
  ['finishing', 0, { ...plugged, powerW: 160 }, 'faulted'],
  ['idle', 0, { ...plugged, powerW: 160 }, 'faulted'],
  ['faulted', 1e6, empty, 'faulted'],
  ['disabled', 1e6, plugged, 'disabled'],
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
