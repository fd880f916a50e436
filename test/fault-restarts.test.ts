import { describe, expect, test } from 'vitest'
import { tellEngine } from '../ingest/fault-feed.ts'
import type { IncidentChange } from '../ingest/faults/changes.ts'
import type { FaultEngine } from '../ingest/faults/engine.ts'
import { faultSnapshot } from '../ingest/faults/engine-state.ts'
import { rules } from '../ingest/faults/rules/table.ts'
import { badDay, badDayEngine, badDaySeed, type Said } from './support/bad-day.ts'

/** A process may end in the middle of anything. Whatever rules there are: the engine that goes on from a snapshot
 *  decides what the one would have that never stopped, and is then in the same state. */

const hours = 15.5
const said = badDay(hours)
/** Besides the middle of every delay, every so many messages: what has no state of an alarm (what is learned, what
 *  waits behind a gap, who is silent) has to survive, too. */
const restartEvery = 1_500
/** Messages between two looks at the alarms. */
const lookEvery = 5

/** A day without a dry hour, three nights, a week, a session of ten hours while the shed has power, three daily
 *  reports: no day like this is long enough for these. */
const slowRules = ['W03', 'W04', 'W08', 'C08', 'D08']

interface Uninterrupted {
  changes: (readonly IncidentChange[])[]
  /** `H02.level pending` -> the messages between which it first was so. */
  spells: Map<string, { from: number; to: number }>
  end: unknown
}

function uninterrupted(): Uninterrupted {
  const engine = badDayEngine()
  const spells: Uninterrupted['spells'] = new Map()
  const changes = said.map(({ decoded, receivedMs }, index) => {
    const made = tellEngine(engine, decoded, receivedMs)
    if (index % lookEvery !== 0) return made
    for (const { key, state, beneath } of engine.alarms()) {
      const what = `${key.split('|')[0]} ${beneath ?? state}`
      const spell = spells.get(what)
      if (!spell) spells.set(what, { from: index, to: index })
      else if (spell.to === index - lookEvery) spell.to = index
    }
    return made
  })
  return { changes, spells, end: stateOf(engine) }
}

function stateOf(engine: FaultEngine): unknown {
  return JSON.parse(JSON.stringify(engine.snapshot()))
}

function restarted(engine: FaultEngine): FaultEngine {
  const next = badDayEngine()
  next.restore(faultSnapshot.parse(stateOf(engine)))
  return next
}

/** The message, and the same sampled, numbered and received a millisecond later. */
function twice({ decoded, receivedMs }: Said): Said[] {
  const first = { decoded, receivedMs }
  if (!decoded.ok || decoded.message.type !== 'readings') return [first, first]
  const readings = decoded.message.readings.map((each) => ({ ...each, t: each.t + 1, seq: each.seq + 1 }))
  const again = { ok: true, message: { ...decoded.message, readings } } as const
  return [first, { decoded: again, receivedMs: receivedMs + 1 }]
}

function openedTwice(engine: FaultEngine, message: Said): string[] {
  return twice(message).flatMap(({ decoded, receivedMs }) => opened(tellEngine(engine, decoded, receivedMs)))
}

const opened = (changes: readonly IncidentChange[]) =>
  changes.flatMap((change) => (change.type === 'opened' ? [change.report.key] : []))

describe(`a day on which nearly everything breaks (test/support/bad-day.ts, seed ${badDaySeed})`, () => {
  const { changes, spells, end } = uninterrupted()

  test('has every rule of the table in it that does not need days', () => {
    const seen = new Set([...spells.keys()].map((what) => what.split('.')[0]))
    expect(rules.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual(slowRules)
  })

  test('restarted in the middle of every pending delay, it ends as if it had never stopped; and two messages a millisecond apart never open two orders', () => {
    const middles = new Set([...spells.values()].map(({ from, to }) => Math.ceil((from + to) / 2)))
    let hopping = badDayEngine()
    let openings = 0
    for (const [index, { decoded, receivedMs }] of said.entries()) {
      if (middles.has(index) || index % restartEvery === 0) hopping = restarted(hopping)
      const expected = changes[index] ?? []
      const opening = opened(expected)
      if (opening.length > 0) {
        const keys = openedTwice(restarted(hopping), { decoded, receivedMs })
        expect(new Set(keys).size, `message ${index}`).toBe(keys.length)
        expect(keys).toEqual(expect.arrayContaining(opening))
        openings += opening.length
      }
      const made = tellEngine(hopping, decoded, receivedMs)
      if (made.length > 0 || expected.length > 0) expect(made, `message ${index}`).toEqual(expected)
    }
    expect(stateOf(hopping)).toEqual(end)
    expect(openings).toBeGreaterThan(20)
  })
})
