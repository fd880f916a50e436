import type { Outgoing } from '../../device-sim/firmware/message.ts'
import { fleets } from '../../device-sim/fleets/fleets.ts'
import { dayMs } from '../../device-sim/plant/day.ts'
import { registryFile } from '../../device-sim/registry-file.ts'
import { groundTruth, type GroundTruth } from '../../device-sim/scenarios/ground-truth.ts'
import type { Scenario } from '../../device-sim/scenarios/scenario.ts'
import { saidUntil, Simulation } from '../../device-sim/simulation.ts'
import { buildRegistry } from '../../estate/registry-index.ts'
import { parseRegistryFile } from '../../estate/registry-file.ts'
import type { Registry } from '../../estate/registry.ts'
import { decode } from '../../firmware-contracts/decode.ts'
import type { Decoded } from '../../firmware-contracts/message.ts'
import { tellEngine } from '../../ingest/fault-feed.ts'
import type { IncidentChange } from '../../ingest/faults/changes.ts'
import { FaultEngine } from '../../ingest/faults/engine.ts'
import { parametersFrom } from '../../ingest/faults/parameters.ts'
import { FirstBelow } from './first-below.ts'
import { scenarioOf, type Job } from './job.ts'
import { OrderDesk } from './order-desk.ts'

/** One scenario through the real engine, offline: what the simulated devices say is decoded as live, told to the
 *  engine by the same calls as live, at the time at which it arrives; and what the engine decides goes into the
 *  real order book. Nobody does anything about the orders: they stay open. */

export const timeZone = 'Asia/Shanghai'
/** As often as the watch looks up when nothing comes. */
const tickMs = 1_000

export interface Run {
  scenario: Scenario
  registry: Registry
  truth: GroundTruth
  desk: OrderDesk
  /** Burst -> when it could first be seen. */
  firstBelow: FirstBelow
  /** Device -> how long it may keep a sample, ms. */
  deliveryMs: ReadonlyMap<string, number>
  readings: number
  days: number
  estates: number
}

/** Who wants to look over its shoulder. */
export interface Onlooker {
  said?: (decoded: Decoded, receivedMs: number) => void
  /** After every second in which nothing came, and at the end. */
  looked?: (engine: FaultEngine, nowMs: number) => void
  decided?: (changes: readonly IncidentChange[], nowMs: number) => void
}

/** The desk is the caller's to close. */
export async function runScenario(job: Job, onlooker: Onlooker = {}): Promise<Run> {
  const scenario = scenarioOf(job)
  const fleet = fleets[job.fleet].build()
  const registry = buildRegistry(parseRegistryFile(registryFile(fleet)))
  const fromMs = Date.parse(scenario.start)
  const untilMs = fromMs + scenario.days * dayMs
  const simulation = new Simulation({ fleet, scenario, seed: job.seed, startMs: fromMs, keptShare: 0 })
  const heard = new Heard(registry, { scenario, fromMs }, onlooker)
  const desk = await OrderDesk.open(timeZone)
  let nowMs = fromMs
  const decided = async (changes: readonly IncidentChange[], atMs: number) => {
    if (changes.length === 0) return
    onlooker.decided?.(changes, atMs)
    await desk.take(changes, atMs)
  }
  for (const message of saidUntil(untilMs, simulation)) {
    for (; nowMs < message.t; nowMs += tickMs) {
      const changes = heard.tick(nowMs)
      if (changes.length > 0) await decided(changes, nowMs)
    }
    const changes = heard.tell(message)
    if (changes.length > 0) await decided(changes, message.t)
  }
  for (; nowMs <= untilMs; nowMs += tickMs) await decided(heard.tick(nowMs), nowMs)
  const { devices } = simulation
  const truth = groundTruth({
    ...{ fleet, scenario, seed: job.seed, fromMs, untilMs, devices },
    tolls: simulation.tolls(),
  })
  const { firstBelow, deliveryMs, readings } = heard
  const estates = fleet.estates.length
  return { scenario, registry, truth, desk, firstBelow, deliveryMs, readings, days: scenario.days, estates }
}

/** What reaches the engine, and what is noted of it on the way. */
class Heard {
  readonly firstBelow: FirstBelow
  readonly deliveryMs = new Map<string, number>()
  readings = 0
  readonly #engine: FaultEngine
  readonly #onlooker: Onlooker

  constructor(
    registry: Registry,
    { scenario, fromMs }: { scenario: Scenario; fromMs: number },
    onlooker: Onlooker,
  ) {
    this.#onlooker = onlooker
    this.firstBelow = new FirstBelow(registry, scenario, fromMs)
    this.#engine = new FaultEngine({
      registry,
      parameters: announced(registry, scenario, fromMs),
      timeZone,
    })
  }

  tell({ topic, payload, t }: Outgoing): readonly IncidentChange[] {
    const decoded = decode(topic, payload)
    if (decoded.ok) this.#note(decoded.message, t)
    this.#onlooker.said?.(decoded, t)
    return tellEngine(this.#engine, decoded, t)
  }

  tick(nowMs: number): readonly IncidentChange[] {
    const changes = this.#engine.tick(nowMs)
    this.#onlooker.looked?.(this.#engine, nowMs)
    return changes
  }

  #note(message: Extract<Decoded, { ok: true }>['message'], receivedMs: number): void {
    if (message.type === 'birth') this.deliveryMs.set(message.address.device, message.birth.deliveryS * 1_000)
    if (message.type !== 'readings') return
    this.readings += message.readings.length
    for (const reading of message.readings) this.firstBelow.see(reading, receivedMs)
  }
}

/** What an engineer would have entered: the heating year as the station runs it. */
function announced({ sites }: Registry, { season }: Scenario, fromMs: number) {
  const stretches = season.map(({ t, mode }) => ({ mode, fromMs: fromMs + t * 1_000 }))
  return parametersFrom(Object.fromEntries(sites.map(({ id }) => [id, { season: { announced: stretches } }])))
}
