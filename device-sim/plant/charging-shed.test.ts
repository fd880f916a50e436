import { expect, test } from 'vitest'
import { packs } from './battery-pack.ts'
import {
  admit,
  standbyW,
  startShed,
  stepShed,
  visitsOfDay,
  weldRelay,
  type ShedState,
  type Visit,
} from './charging-shed.ts'
import { dayMs, dayOf, hourMs, midnightOf } from './day.ts'

const place = { seed: 5, id: 'hengkang-shed1', ports: 12 }
const day = dayOf(Date.UTC(2026, 0, 15))
const began = midnightOf(day)
const dtS = 5

function run(was: ShedState, fromMs: number, hours: number, watch: (shed: ShedState, nowMs: number) => void) {
  let shed = was
  for (let nowMs = fromMs + dtS * 1000; nowMs <= fromMs + hours * hourMs; nowMs += dtS * 1000) {
    shed = stepShed(place, shed, nowMs, dtS)
    watch(shed, nowMs)
  }
  return shed
}

const quiet = (): ShedState => ({ ...startShed(place, began), visits: [], nextVisit: 0 })
const energy = (shed: ShedState) => shed.ports.reduce((sum, { energyWh }) => sum + energyWh, 0)

test('the shed’s energy is that of its ports and of its own lamp', () => {
  const before = startShed(place, began)
  const after = run(before, began, 24, () => {})
  const ports = energy(after) - energy(before)
  expect(ports).toBeGreaterThan(2_000)
  expect(after.energyWh).toBeCloseTo(ports + standbyW * 24, 3)
})

test('a port serves 0.8 to 1.2 sessions a day, most of them in the evening', () => {
  const days = Array.from({ length: 60 }, (_, at) => visitsOfDay(place, day + at))
  const visits = days.flat()
  expect(visits.length / 60 / place.ports).toBeGreaterThan(0.8)
  expect(visits.length / 60 / place.ports).toBeLessThan(1.2)
  const evening = visits.filter(({ arrivesMs }) => (arrivesMs - began) % dayMs >= 17 * hourMs)
  expect(evening.length).toBeGreaterThan(visits.length / 3)
})

test.each([
  [packs[0], 0.25, 0.47],
  [packs[1], 0.2, 0.85],
  [packs[2], 0.2, 2],
  [packs[3], 0.15, 1.1],
])('$name: full after 5.5 to 8 hours, and about the energy of the textbook', (pack, soc, kwh) => {
  const visit: Visit = { arrivesMs: began, pack, soc, scansAfterMs: 30_000, lingersMs: hourMs }
  let endedH = 0
  const before = quiet()
  const after = run(admit(before, visit), began, 9, ({ ports }, nowMs) => {
    const ended = ports.some(({ control }) => control.stopReason === 'full')
    if (ended && endedH === 0) endedH = (nowMs - began) / hourMs
  })
  expect(endedH).toBeGreaterThan(5.5)
  expect(endedH).toBeLessThan(8)
  expect((energy(after) - energy(before)) / 1000 / kwh).toBeCloseTo(1, 0)
  expect(after.ports.every(({ control }) => control.phase === 'idle' || control.phase === 'finishing')).toBe(
    true,
  )
})

test('who unplugs early is noticed after five minutes, and the port is free again', () => {
  const leavesMs = began + 10 * 60_000
  const visit = { arrivesMs: began, pack: packs[1], soc: 0.2, scansAfterMs: 8_000, lingersMs: 0, leavesMs }
  const seen = new Set<string>()
  const after = run(admit(quiet(), visit), began, 0.3, ({ ports }) => {
    for (const { control } of ports) seen.add(control.phase)
  })
  expect([...seen].sort()).toEqual(['charging', 'finishing', 'idle', 'plugged', 'precheck', 'unplug_check'])
  expect(after.ports.every(({ control }) => control.phase === 'idle')).toBe(true)
})

test('a welded relay goes on charging after the controller opened it, and the port is out of order', () => {
  const after = run(weldRelay(quiet(), 3, began), began, 0.1, () => {})
  const port = after.ports[3]
  expect(port?.control.phase).toBe('faulted')
  expect(port?.powerW).toBeGreaterThan(100)
})

test('when every port is taken the next one goes away', () => {
  const visit: Visit = { arrivesMs: began, pack: packs[0], soc: 0.2, scansAfterMs: 0, lingersMs: 0 }
  let shed = quiet()
  for (let bike = 0; bike < 14; bike++) shed = admit(shed, visit)
  expect(shed.turnedAway).toBe(2)
})
