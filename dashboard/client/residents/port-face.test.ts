import { expect, test } from 'vitest'
import { availabilities, type PortView } from '../../protocol.ts'
import { believedForMs, faceOf, tallyOf, wordOf, type Face } from './port-face.ts'

const now = 100_000_000
const sight = { nowMs: now, blind: false }

function port(availability: PortView['availability'], more: Partial<PortView> = {}): PortView {
  return { id: 'p', shed: 's', label: '1', availability, phase: 'idle', t: now - 1000, ...more }
}

const faces: [PortView['availability'], Face][] = [
  ['available', 'free'],
  ['occupied', 'busy'],
  ['reserved', 'reserved'],
  ['unavailable', 'closed'],
  ['faulted', 'faulted'],
  ['unknown', 'unknown'],
]

test.each(faces)('a port that is %s shows the face %s', (availability, face) => {
  expect(faceOf(port(availability), sight)).toBe(face)
})

test.each(availabilities)(
  'a port last heard %s is unknown once nobody heard of it for 15 min',
  (availability) => {
    expect(faceOf(port(availability, { t: now - believedForMs - 1 }), sight)).toBe('unknown')
  },
)

test('a port whose repair is known stays out of order, however long ago its burnt controller spoke', () => {
  const { t: _, ...never } = port('faulted', { order: { id: '20261123-0001', state: 'assigned' } })
  expect(faceOf({ ...never, t: now - believedForMs - 1 }, sight)).toBe('faulted')
  expect(faceOf(never, sight)).toBe('faulted')
  expect(faceOf(never, { nowMs: now, blind: true })).toBe('unknown')
})

test('a free port is not shown as free by a page that lost its line, nor one never heard of', () => {
  const { t: _, ...never } = port('available')
  expect(faceOf(port('available'), { nowMs: now, blind: true })).toBe('unknown')
  expect(faceOf(never, sight)).toBe('unknown')
})

test.each([
  ['charging', 'charging'],
  ['unplug_check', 'charging'],
  ['topping', 'almostFull'],
  ['finishing', 'full'],
  ['plugged', 'inUse'],
  ['a phase of next year', 'inUse'],
])('a port in phase %s says %s', (phase, word) => {
  expect(wordOf(port('occupied', { phase }), 'busy')).toBe(word)
})

test('every port is counted once', () => {
  expect(
    tallyOf(
      faces.map(([availability]) => port(availability)),
      sight,
    ),
  ).toEqual({
    free: 1,
    inUse: 2,
    outOfOrder: 2,
    unknown: 1,
  })
})
