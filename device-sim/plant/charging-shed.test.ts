import { describe, expect, test } from 'vitest'
import { packs } from './battery-pack.ts'
import { energyAt, warmthAt } from './charging-port.ts'
import {
  admit,
  portsEnergyAt,
  refitShed,
  shedEnergyAt,
  standbyW,
  startShed,
  stepShed,
  withPort,
  type ShedState,
} from './charging-shed.ts'
import { dayMs, dayOf, hourMs, midnightOf, tickMs } from './day.ts'
import { visitsOfDay, type Visit } from './residents.ts'

const place = { seed: 5, id: 'hengkang-shed1', ports: 12 }
const day = dayOf(Date.UTC(2026, 0, 15))
const began = midnightOf(day)
const outdoorC = 5

/** Tick by tick, and shown whenever something has happened. */
function run(was: ShedState, fromMs: number, hours: number, watch: (shed: ShedState, nowMs: number) => void) {
  let shed = was
  for (let nowMs = fromMs + tickMs; nowMs <= fromMs + hours * hourMs; nowMs += tickMs) {
    const next = stepShed(place, shed, nowMs, outdoorC)
    if (next !== shed) watch(next, nowMs)
    shed = next
  }
  return shed
}

const quiet = (): ShedState => ({ ...startShed(place, began), visits: [], nextVisit: 0 })

describe('a day of a shed', () => {
  const before = startShed(place, began)
  const sessions: { port: number; wh: number }[] = []
  let turns = 0
  let last = before
  const after = run(before, began, 24, (shed) => {
    turns++
    for (const [port, now] of shed.ports.entries()) {
      const was = last.ports[port]
      const ended = was?.control.phase !== 'finishing' && now.control.phase === 'finishing'
      if (ended) sessions.push({ port, wh: now.energyWh - now.sessionFromWh })
    }
    last = shed
  })
  const end = began + dayMs

  test('its energy is that of its ports and of its own lamp', () => {
    const ports = portsEnergyAt(after, end) - portsEnergyAt(before, began)
    expect(ports).toBeGreaterThan(2_000)
    expect(shedEnergyAt(after, end)).toBeCloseTo(ports + standbyW * 24, 3)
  })

  test('what the registers counted is what the sessions took', () => {
    for (const [index, port] of after.ports.entries()) {
      const counted = energyAt(port, end) - (before.ports[index]?.energyWh ?? 0)
      const open =
        port.control.phase === 'finishing' || port.control.phase === 'idle'
          ? 0
          : energyAt(port, end) - port.sessionFromWh
      const taken = sessions
        .filter((session) => session.port === index)
        .reduce((sum, { wh }) => sum + wh, open)
      expect(counted).toBeCloseTo(taken, 6)
    }
  })

  test('it costs a step only when something happens', () => {
    expect(turns).toBeLessThan(4_000)
  })

  test('whoever comes back to it later in one leap finds the same shed', () => {
    expect(stepShed(place, before, end, outdoorC)).toEqual(after)
  })
})

test('a port serves 0.8 to 1.2 sessions a day, most of them in the evening', () => {
  const days = Array.from({ length: 60 }, (_, at) => visitsOfDay(place, day + at))
  const visits = days.flat()
  expect(visits.length / 60 / place.ports).toBeGreaterThan(0.8)
  expect(visits.length / 60 / place.ports).toBeLessThan(1.2)
  const evening = visits.filter(({ arrivesMs }) => (arrivesMs - began) % dayMs >= 17 * hourMs)
  expect(evening.length).toBeGreaterThan(visits.length / 3)
})

test('people leave the plug in for up to six hours after the battery is full', () => {
  const lingers = Array.from({ length: 60 }, (_, at) => visitsOfDay(place, day + at))
    .flat()
    .map(({ lingersMs }) => lingersMs / hourMs)
  expect(Math.max(...lingers)).toBe(6)
  expect(Math.min(...lingers)).toBeGreaterThan(0)
  const median = lingers.toSorted((a, b) => a - b)[Math.floor(lingers.length / 2)] ?? 0
  expect(median).toBeGreaterThan(0.7)
  expect(median).toBeLessThan(1.5)
})

/** Pack, state of charge at arrival, kWh and hours of the prototype. */
test.each([
  [packs[0], 0.25, 0.47, 5.82],
  [packs[1], 0.2, 0.82, 7.03],
  [packs[2], 0.2, 2.02, 7.63],
  [packs[3], 0.15, 1.13, 6.1],
])('$name: full after 5.8 to 7.6 hours and 0.47 to 2 kWh, as in the prototype', (pack, soc, kwh, hours) => {
  const visit: Visit = { arrivesMs: began, pack, soc, scansAfterMs: 30_000, lingersMs: hourMs }
  let endedH = 0
  const taper: { tS: number; powerW: number }[] = []
  const before = quiet()
  const after = run(admit(before, visit), began, 9, ({ ports }, nowMs) => {
    const port = ports.find(({ guest }) => guest)
    if (port && port.powerW < pack.chargerW && port.powerW > 25)
      taper.push({ tS: nowMs / 1000, powerW: port.powerW })
    const ended = ports.some(({ control }) => control.stopReason === 'full')
    if (ended && endedH === 0) endedH = (nowMs - began) / hourMs
  })
  const wh = portsEnergyAt(after, began + 9 * hourMs) - portsEnergyAt(before, began)
  expect(Math.abs(endedH / hours - 1)).toBeLessThan(0.03)
  expect(Math.abs(wh / 1000 / kwh - 1)).toBeLessThan(0.03)
  const [first, last] = [taper[0], taper.at(-1)]
  if (!first || !last) throw new Error('there is a taper')
  const timeS = (last.tS - first.tS) / Math.log(first.powerW / last.powerW)
  expect(Math.abs(timeS / pack.taperTimeS - 1)).toBeLessThan(0.05)
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

test('when every port is taken the next one goes away', () => {
  const visit: Visit = { arrivesMs: began, pack: packs[0], soc: 0.2, scansAfterMs: 0, lingersMs: 0 }
  let shed = quiet()
  for (let bike = 0; bike < 14; bike++) shed = admit(shed, visit)
  expect(shed.turnedAway).toBe(2)
})

test('C10: above 7.8 kW a new order has to wait, above 8.7 kW the last who came has to stop', () => {
  const visit: Visit = { arrivesMs: began, pack: packs[2], soc: 0.1, scansAfterMs: 5_000, lingersMs: hourMs }
  const two = run(admit(admit(quiet(), visit), { ...visit, scansAfterMs: 60_000 }), began, 0.1, () => {})
  const late = { ...visit, arrivesMs: began + 0.1 * hourMs }
  const full = run(admit(refitShed(two, { foreignW: 7_200 }), late), began + 0.1 * hourMs, 0.05, () => {})
  expect(
    full.ports
      .map(({ control }) => control.phase)
      .filter((phase) => phase !== 'idle')
      .sort(),
  ).toEqual(['charging', 'charging', 'plugged'])
  const over = run(refitShed(full, { foreignW: 8_000 }), began + 0.15 * hourMs, 0.05, () => {})
  const stopped = over.ports.filter(({ control }) => control.stopReason === 'overload')
  expect(stopped).toHaveLength(1)
  const kept = over.ports.find(({ control }) => control.phase === 'charging')
  expect(kept?.control.sessionMs).toBeLessThan(stopped[0]?.control.sessionMs ?? 0)
  const freed = run(refitShed(over, { foreignW: 0 }), began + 0.2 * hourMs, 0.05, () => {})
  expect(freed.ports.filter(({ control }) => control.phase === 'charging')).toHaveLength(2)
})

test('C03, C02: half an ohm adds 50 K: 55 °C after 9 minutes of a summer day and 65 °C after 16; a good contact half a kelvin', () => {
  const summerC = 25
  const passesMin = (contactOhm: number, limitC: number) => {
    const visit: Visit = { arrivesMs: began, pack: packs[2], soc: 0.1, scansAfterMs: 0, lingersMs: hourMs }
    let shed = admit(quiet(), visit)
    const index = shed.ports.findIndex(({ guest }) => guest)
    shed = withPort(shed, index, (port) => ({ ...port, fittings: { ...port.fittings, contactOhm } }))
    for (let nowMs = began + tickMs; nowMs < began + hourMs; nowMs += tickMs) {
      shed = stepShed(place, shed, nowMs, summerC)
      const port = shed.ports[index]
      if (port && summerC + warmthAt(port, nowMs) >= limitC) return (nowMs - began) / 60_000
    }
    return Infinity
  }
  expect(Math.abs(passesMin(0.5, 55) - 9.2)).toBeLessThan(0.5)
  expect(Math.abs(passesMin(0.5, 65) - 16)).toBeLessThan(1)
  expect(passesMin(0.3, 65)).toBe(Infinity)
  expect(passesMin(0.005, summerC + 0.6)).toBe(Infinity)
})
