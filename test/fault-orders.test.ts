import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Fleet } from '../device-sim/fleet.ts'
import { demoFleet } from '../device-sim/fleets/demo.ts'
import { registryFile } from '../device-sim/registry-file.ts'
import { randomFor } from '../device-sim/random.ts'
import { parseScenario } from '../device-sim/scenarios/scenario.ts'
import { simulate } from '../device-sim/simulation.ts'
import { buildRegistry } from '../estate/registry-index.ts'
import { parseRegistryFile } from '../estate/registry-file.ts'
import { decode } from '../firmware-contracts/decode.ts'
import { tellEngine } from '../ingest/fault-feed.ts'
import type { IncidentChange } from '../ingest/faults/changes.ts'
import { FaultEngine } from '../ingest/faults/engine.ts'
import type { Said } from './support/bad-day.ts'

/** The network doubles, delays and reorders; within what a sample may wait for the one before it, that changes no
 *  order. Four houses and a shed, six minutes, and four things that break at once. */

const seed = 5
const startMs = Date.parse('2026-01-15T07:00:00+08:00')
const endMs = startMs + 6 * 60_000
/** A sample waits 30 s for a missing one at most, judged at steps of five. */
const longestDelayMs = 24_000
/** Long enough for whoever waits for a parent, too short for anybody to be missed. */
const holdOffMs = 100_000

const fleet: Fleet = {
  ...demoFleet(),
  estates: demoFleet().estates.map((estate) => ({
    ...estate,
    buildings: estate.buildings.slice(0, 4).map((house) => ({ ...house, meteredFlats: [] })),
    sheds: estate.sheds.slice(0, 1).map((shed) => ({ ...shed, ports: 4 })),
  })),
}

const scenario = parseScenario('few-houses', {
  name: 'few-houses',
  about: '',
  faults: [
    { t: 60, target: 'hengkang-b03', fault: 'burst', params: { m3h: 14 } },
    { t: 80, target: 'hengkang-b02', fault: 'water-burst', params: { lph: 40_000 } },
    { t: 60, target: 'hengkang-shed1-p03', fault: 'relay-welded' },
    { t: 150, target: 'hengkang-shed1', fault: 'shed-smoke' },
  ],
  visits: [{ t: 20, target: 'hengkang-shed1', minutes: 1 }],
})

const said: readonly Said[] = Array.from(
  simulate({ fleet, scenario, seed, startMs }, endMs),
  ({ topic, payload, t }) => ({ decoded: decode(topic, payload), receivedMs: t }),
)
const registry = buildRegistry(parseRegistryFile(registryFile(fleet)))

/** The orders as they are in the end: merged ones gone. */
function ordersAfter(messages: readonly Said[]) {
  const engine = new FaultEngine({ registry, parameters: {}, timeZone: 'Asia/Shanghai' })
  const changes = messages.flatMap(({ decoded, receivedMs }) => tellEngine(engine, decoded, receivedMs))
  const orders = new Map<string, object>()
  for (const change of [...changes, ...engine.tick(endMs + holdOffMs)]) note(orders, change)
  return [...orders.values()].map((order) => JSON.stringify(order)).sort()
}

function note(orders: Map<string, object>, change: IncidentChange): void {
  if (change.type === 'merged') orders.delete(change.from)
  if (change.type !== 'opened' && change.type !== 'updated') return
  const { key, rule, root, causeClass, severity, evidence } = change.report
  const why = evidence.map((each) => `${each.rule} ${each.node}`).sort()
  orders.set(key, { rule, root, causeClass, severity, why })
}

/** Only what is numbered may come in another order: a will has no number. Doubles are as rare as in the field; who
 *  doubles every twentieth is ill, and there is a rule for it (D06). */
function jumbled(chances: number): Said[] {
  const random = randomFor(chances, 'network', 'jumble')
  const messy = said.flatMap((message) => {
    if (!message.decoded.ok || message.decoded.message.type !== 'readings') return [message]
    const late = { ...message, receivedMs: message.receivedMs + random() ** 3 * longestDelayMs }
    const again = { ...message, receivedMs: message.receivedMs + random() * longestDelayMs }
    return random() < 0.01 ? [late, again] : [late]
  })
  return messy.sort((a, b) => a.receivedMs - b.receivedMs)
}

const expected = ordersAfter(said)

test('each of the four is one order', () => {
  expect(expected.map((order) => /"rule":"(\w+)"/.exec(order)?.[1])).toEqual(['C01', 'C04', 'H01', 'W01'])
})

test('in 1,000 orders of arrival, with duplicates and stragglers, the same orders come of it', () => {
  fc.assert(
    fc.property(fc.nat(), (chances) => {
      expect(ordersAfter(jumbled(chances))).toEqual(expected)
    }),
    { numRuns: 1_000 },
  )
})
