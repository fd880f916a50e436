import { Session, type Profiler } from 'node:inspector/promises'
import { basename } from 'node:path'
import { renovatedFleet } from '../../device-sim/fleets/district.ts'
import { registryFile } from '../../device-sim/registry-file.ts'
import { loadScenario } from '../../device-sim/scenarios/scenario.ts'
import { simulate } from '../../device-sim/simulation.ts'
import { buildRegistry } from '../../estate/registry-index.ts'
import { parseRegistryFile } from '../../estate/registry-file.ts'
import { decode } from '../../firmware-contracts/decode.ts'
import type { Decoded } from '../../firmware-contracts/message.ts'
import { tellEngine } from '../../ingest/fault-feed.ts'
import { FaultEngine } from '../../ingest/faults/engine.ts'
import { median } from './percentile.ts'

/** `npm run bench -- faults`: how fast the fault engine is on one core, and where its time goes. Two hours of the 24
 *  renovated estates over real lines are simulated and decoded beforehand, so that the engine is all that is
 *  measured. Its steps (every five seconds it looks for who is silent) are measured apart: two hours have as many of
 *  them whether ten devices speak or ten thousand, so they belong to the clock, not to a reading.
 *
 *  A system that runs is what is measured: each engine hears the first ten minutes, in which every device is born and
 *  the engine makes a place for it, before the clock starts. How long that takes is said too.
 *
 *  A second turn under the profiler says which files and which functions cost what; a rule that stands far up in that
 *  list is slow. */
const hours = 2
const turns = 5
/** Heard before anything is measured. */
const warmUpMs = 10 * 60_000
const seed = 5
const goalPerS = 200_000
const tickMs = 1_000
/** As often as the engine acts on the time. */
const stepMs = 5_000
const samplingUs = 200
/** Functions that are listed. */
const listed = 12

interface Said {
  decoded: Decoded
  receivedMs: number
}

export async function faults(options: readonly string[]): Promise<void> {
  const fleet = renovatedFleet()
  const registry = buildRegistry(parseRegistryFile(registryFile(fleet)))
  const said = saidBy(fleet, options.includes('--quick') ? hours / 4 : hours)
  const runsFromMs = (said[0]?.receivedMs ?? 0) + warmUpMs
  const first = said.findIndex(({ receivedMs }) => receivedMs >= runsFromMs)
  const [born, runs] = [said.slice(0, first), said.slice(first)]
  const readings = runs.reduce((sum, { decoded }) => sum + readingsIn(decoded), 0)
  const newEngine = () => new FaultEngine({ registry, parameters: {}, timeZone: 'Asia/Shanghai' })
  const grown = () => {
    const engine = newEngine()
    const { observingS } = turn(engine, born)
    return { engine, bornS: observingS }
  }
  const results = Array.from({ length: turns }, () => {
    const { engine, bornS } = grown()
    return { bornS, ...turn(engine, runs) }
  })
  const bornMs = 1_000 * median(results.map(({ bornS }) => bornS))
  const perS = median(results.map(({ observingS }) => readings / observingS))
  const allPerS = median(results.map(({ observingS, stepsS }) => readings / (observingS + stepsS)))
  const eachMs = median(results.map(({ stepsS, steps }) => (1_000 * stepsS) / steps))
  process.stdout.write(
    `faults: ${readings} readings of ${registry.devices.length} devices, ${Math.round(perS)}/s on one core ` +
      `(goal ${goalPerS}), with the steps of that time ${Math.round(allPerS)}/s; a step every 5 s takes ` +
      `${eachMs.toFixed(2)} ms; their births and first ${warmUpMs / 60_000} minutes before it took ${Math.round(bornMs)} ms\n`,
  )
  const { engine } = grown()
  process.stdout.write(await profile(() => turn(engine, runs)))
}

function saidBy(fleet: ReturnType<typeof renovatedFleet>, duringH: number): Said[] {
  const scenario = loadScenario('noisy-lines')
  const startMs = Date.parse(scenario.start)
  const messages = simulate({ fleet, scenario, seed, startMs }, startMs + duringH * 3_600_000)
  return Array.from(messages, ({ topic, payload, t }) => ({ decoded: decode(topic, payload), receivedMs: t }))
}

function readingsIn(decoded: Decoded): number {
  return decoded.ok && decoded.message.type === 'readings' ? decoded.message.readings.length : 0
}

function turn(engine: FaultEngine, said: readonly Said[]) {
  let stepsS = 0
  let steps = 0
  let nowMs = said[0]?.receivedMs ?? 0
  const began = processorS()
  for (const { decoded, receivedMs } of said) {
    for (; nowMs < receivedMs; nowMs += tickMs) {
      if (nowMs % stepMs >= tickMs) continue
      const before = processorS()
      engine.tick(nowMs)
      stepsS += processorS() - before
      steps++
    }
    tellEngine(engine, decoded, receivedMs)
  }
  return { observingS: processorS() - began - stepsS, stepsS, steps }
}

/** Of this thread: somebody else on the machine takes none of it. */
function processorS(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e6
}

/** Self time by file and by function, as shares of all. */
async function profile(run: () => void): Promise<string> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: samplingUs })
  await session.post('Profiler.start')
  run()
  const { profile: taken } = await session.post('Profiler.stop')
  session.disconnect()
  const spent = selfTimes(taken)
  const byFile = shares(spent, ({ file }) => file)
  const byFunction = shares(spent, ({ file, name, line }) => `${name} (${file}:${line})`)
  return [...byFile, '', ...byFunction].join('\n') + '\n'
}

interface Spent {
  file: string
  name: string
  line: number
  samples: number
}

function selfTimes({ nodes }: Profiler.Profile): Spent[] {
  return nodes.map(({ callFrame: { url, functionName, lineNumber }, hitCount = 0 }) => ({
    file: url === '' ? functionName : basename(url),
    name: functionName,
    line: lineNumber + 1,
    samples: hitCount,
  }))
}

function shares(spent: readonly Spent[], by: (spent: Spent) => string): string[] {
  const all = spent.reduce((sum, { samples }) => sum + samples, 0)
  return [...Map.groupBy(spent, by)]
    .map(([name, group]) => ({ name, share: group.reduce((sum, { samples }) => sum + samples, 0) / all }))
    .sort((a, b) => b.share - a.share)
    .slice(0, listed)
    .map(({ name, share }) => `${(100 * share).toFixed(1).padStart(5)} % ${name}`)
}
