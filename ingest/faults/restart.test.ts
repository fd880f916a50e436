import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IncidentChange } from './changes.ts'
import type { FaultEngine } from './engine.ts'
import { faultSnapshot, type DeviceMemory } from './engine-state.ts'
import { loopSays, mulberry32 } from './heating-loop.fixture.ts'
import {
  connects,
  inOrder,
  minute,
  morning,
  newEngine,
  opened,
  says,
  tell,
  ticks,
  type Event,
} from './twenty-houses.fixture.ts'

/** A process may end between any two messages. Whatever was under way then (an on-delay, a hold-off, a shelf, a
 *  sample behind a gap, a recovery) goes on from the snapshot as if nothing had happened. */

const gapWaitMs = 30_000
type Step = Event | { type: 'shelve'; atMs: number; alarm: string; untilMs: number }

const quiet = 'hengkang-b03-heat'
const meter = 'hengkang-b05-water'
const site = 'hengkang'

/** Numbers as devices count them, each its own; one in thirty is lost and one in thirty is late. */
function numbered(events: readonly Event[], seed: number): Event[] {
  const chance = mulberry32(seed)
  const latest = new Map<string, number>()
  return inOrder(events).flatMap((event): Event[] => {
    if (event.type !== 'reading') return [event]
    const { device } = event.reading
    const seq = (latest.get(device) ?? 0) + 1
    latest.set(device, seq)
    const fate = chance()
    if (fate < 1 / 30) return []
    const lateMs = fate < 2 / 30 ? chance() * 45_000 : 0
    return [{ ...event, atMs: event.atMs + lateMs, reading: { ...event.reading, seq } }]
  })
}

/** A burst that is repaired; one house falls silent in it and comes back after it; a leak shelved in between. */
function story(seed: number): Step[] {
  const loop = loopSays({ minutes: 26, breakM3h: 12, fromMinute: 4, repairedMinute: 8, seed })
  const present = loop.filter(
    ({ type, atMs, ...event }) =>
      type !== 'reading' ||
      !('reading' in event) ||
      event.reading.device !== quiet ||
      atMs < morning + 6 * minute ||
      atMs > morning + 18 * minute,
  )
  const falling = Array.from({ length: 52 }, (_, at) =>
    says({ device: meter, atMs: morning + at * 30_000, values: { p_kpa: at < 20 ? 350 : 120 } }),
  )
  const will = connects(quiet, morning + 6.5 * minute, 'lost')
  const shelf: Step = {
    type: 'shelve',
    atMs: morning + 9 * minute,
    alarm: `D01.silence|${site}-b03|${quiet}`,
    untilMs: morning + 13 * minute,
  }
  const steps: Step[] = [
    ...numbered([...present, ...falling, will], seed),
    ...ticks(morning, morning + 26 * minute, 9_300),
    shelf,
  ]
  return steps.sort((a, b) => a.atMs - b.atMs)
}

function take(engine: FaultEngine, step: Step): readonly IncidentChange[] {
  if (step.type !== 'shelve') return tell(engine, step)
  const { alarm, untilMs } = step
  return engine.instruct({ action: 'shelve', alarm, by: 'Li', why: 'known', untilMs }, step.atMs).changes
}

function restarted(engine: FaultEngine): FaultEngine {
  const next = newEngine(undefined, gapWaitMs)
  next.restore(faultSnapshot.parse(JSON.parse(JSON.stringify(engine.snapshot()))))
  return next
}

function uninterrupted(steps: readonly Step[]) {
  const engine = newEngine(undefined, gapWaitMs)
  const changes = steps.map((step) => take(engine, step))
  return { engine, changes }
}

test('the story has everything that may be under way in it', () => {
  const engine = newEngine(undefined, gapWaitMs)
  const seen = new Set<string>()
  const changes = story(1).flatMap((step) => {
    const made = take(engine, step)
    for (const { state } of engine.alarms()) seen.add(state)
    const { devices, book } = engine.snapshot()
    if (Object.values(devices).some(({ turn }) => (turn?.waiting.length ?? 0) > 0)) seen.add('behind a gap')
    if (book.waiting.length > 0) seen.add('hold-off')
    return made
  })
  const states = [
    'pending',
    'active-unacknowledged',
    'suppressed',
    'unknown',
    'shelved',
    'behind a gap',
    'hold-off',
  ]
  expect([...seen]).toEqual(expect.arrayContaining(states))
  expect(new Set(changes.map(({ type }) => type))).toEqual(new Set(['opened', 'updated', 'recovered']))
  const rules = new Set(opened(changes).map(({ rule }) => rule))
  expect(rules).toEqual(new Set(['D01', 'H01', 'W01']))
})

test('a restart before each and every message gives the changes of never having stopped', () => {
  const steps = story(1)
  const { engine, changes } = uninterrupted(steps)
  let hopping = newEngine(undefined, gapWaitMs)
  for (const [index, step] of steps.entries()) {
    hopping = restarted(hopping)
    expect(take(hopping, step), `step ${index}`).toEqual(changes[index])
  }
  expect(hopping.alarms()).toEqual(engine.alarms())
})

test('a process that dies loses what it did since its snapshot, replays it without its ticks, and misses nothing', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.array(fc.nat(2_000), { minLength: 1, maxLength: 4 }), (seed, deaths) => {
      const steps = story(seed)
      const { changes } = uninterrupted(steps)
      const expected = changes.flat()
      let engine = newEngine(undefined, gapWaitMs)
      const written: IncidentChange[] = []
      // As the watch does: what was touched is written, over what was written before.
      const devices = new Map<string, DeviceMemory>()
      const write = (at: number) => {
        const { devices: touched, ...rest } = engine.snapshot(engine.takeTouched())
        for (const [device, memory] of Object.entries(touched)) devices.set(device, structuredClone(memory))
        return { at, snapshot: JSON.stringify({ ...rest, devices: Object.fromEntries(devices) }) }
      }
      let saved = write(0)
      const dying = new Set(deaths.map((at) => at % steps.length))
      for (let at = 0; at < steps.length; at++) {
        if (dying.delete(at)) {
          engine = newEngine(undefined, gapWaitMs)
          engine.restore(faultSnapshot.parse(JSON.parse(saved.snapshot)))
          // What a person said is in the records, not in the log: it was saved at once.
          for (const step of steps.slice(saved.at, at)) {
            if (step.type !== 'tick') expect(take(engine, step), 'nothing twice').toEqual([])
          }
        }
        const step = steps[at]
        if (!step) break
        const made = take(engine, step)
        written.push(...made)
        // As the watch does: a decision is saved in the transaction that writes it; else now and then.
        if (made.length > 0 || step.type === 'shelve' || at % 97 === 0) saved = write(at + 1)
      }
      expect(written).toEqual(expected)
    }),
    { numRuns: 15 },
  )
})
