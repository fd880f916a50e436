import { expect, test } from 'vitest'
import type { FaultEngine } from './engine.ts'
import {
  connects,
  inOrder,
  minute,
  morning,
  newEngine,
  opened,
  says,
  tell,
  tellAll,
  type Event,
} from './twenty-houses.fixture.ts'

const station = 'hengkang-station-heat'
const gapWaitMs = 30_000
const burstAt = 30

/** The station every ten seconds, numbered one by one; its main bursts at number 30. */
const samples = Array.from({ length: 60 }, (_, at) =>
  says({
    device: station,
    atMs: morning + at * 10_000,
    seq: at + 1,
    values: at < burstAt ? { p_ret_kpa: 224, p_sup_kpa: 350 } : { p_ret_kpa: 120, p_sup_kpa: 246 },
  }),
)

const waiting = () => newEngine(undefined, gapWaitMs)
const openedAt = (engine: FaultEngine, events: readonly Event[]) =>
  events.find((event) => opened(tell(engine, event)).length > 0)?.atMs
const lost = (...numbers: readonly number[]) => samples.filter((_, at) => !numbers.includes(at + 1))

test('without a gap nothing waits', () => {
  expect(openedAt(waiting(), samples)).toBe(openedAt(newEngine(), samples))
})

test('behind a gap the news waits, 30 s at most, and then comes', () => {
  const gappy = lost(burstAt + 2)
  const [atOnce, late] = [openedAt(newEngine(), gappy) ?? 0, openedAt(waiting(), gappy) ?? 0]
  expect(late - atOnce).toBeGreaterThan(0)
  expect(late - atOnce).toBeLessThanOrEqual(gapWaitMs)
})

test('a straggler that fills its gap in time is judged in its place', () => {
  const straggler = samples
    .slice(burstAt, burstAt + 1)
    .map((event) => ({ ...event, atMs: event.atMs + 15_000 }))
  const messy = inOrder([...lost(burstAt + 1), ...straggler])
  const report = (events: readonly Event[], engine: FaultEngine) => opened(tellAll(engine, events))[0]
  expect(report(messy, waiting())?.openedAtMs).toBe(report(samples, newEngine())?.openedAtMs)
  expect(report(messy, newEngine())?.openedAtMs, 'without waiting it would have been ignored').not.toBe(
    report(samples, newEngine())?.openedAtMs,
  )
})

test('one device waits for nobody else', () => {
  const engine = waiting()
  const other = says({ device: 'hengkang-b02-heat', atMs: morning, seq: 1, values: { p_ret_kpa: 224 } })
  for (const event of [other, ...lost(10)]) tell(engine, event)
  expect(engine.snapshot().devices['hengkang-b02-heat']?.turn?.waiting).toEqual([])
})

test('back-fill that comes in time ends the waiting, and is not judged itself', () => {
  const engine = waiting()
  for (const event of lost(10).slice(0, 11)) tell(engine, event)
  expect(engine.snapshot().devices[station]?.turn?.waiting).toHaveLength(2)
  const missing = samples[9]
  if (missing?.type === 'reading')
    tell(engine, {
      ...missing,
      atMs: morning + 111_000,
      reading: { ...missing.reading, class: 'hist', values: { p_ret_kpa: 1 } },
    })
  expect(engine.snapshot().devices[station]?.turn?.waiting).toEqual([])
  expect(engine.alarms()).toEqual([])
})

test('the last words of a device that is lost do not wait', () => {
  const engine = waiting()
  for (const event of lost(10).slice(0, 11)) tell(engine, event)
  tell(engine, connects(station, morning + 2 * minute, 'lost'))
  expect(engine.snapshot().devices[station]?.turn?.waiting).toEqual([])
})
