import { Lifecycle } from '../../platform/lifecycle.ts'
import { openLog } from '../../platform/log.ts'
import { OperatorError } from '../../platform/operator-error.ts'
import { district } from './district.ts'
import { faults } from './faults.ts'
import { history } from './history.ts'
import { ingestAlone } from './ingest-alone.ts'
import { pipeline } from './pipeline.ts'
import { simulator } from './simulator.ts'
import { writer } from './writer.ts'

/** `npm run bench -- NAME [options]`: measurements, not tests. */
interface Benchmark {
  about: string
  run: (options: readonly string[], started: Lifecycle) => Promise<void>
}

const benchmarks: Record<string, Benchmark> = {
  pipeline: {
    about:
      'readings/s and latency from PUBLISH to InfluxDB, beside two peers [--quick] [--only NAME] [--node-red VERSION]',
    run: pipeline,
  },
  history: {
    about: 'a year of one signal out of the rollups of both stores [--quick]',
    run: history,
  },
  writer: {
    about: 'the InfluxDB writer beside raw HTTP with lines made beforehand [--quick]',
    run: writer,
  },
  sim: {
    about:
      'the simulator offline: a day of the demo and of the renovated estates, an hour of the district [--quick]',
    run: simulator,
  },
  district: {
    about: 'start, memory and longest turn of ingest with all devices of the district',
    run: district,
  },
  faults: {
    about: 'readings/s of the fault engine on one core, and what each part and each rule costs [--quick]',
    run: faults,
  },
  ingest: { about: 'processor time that ingest alone spends on a reading', run: ingestAlone },
}

const stopLimitMs = 60_000
const started = new Lifecycle(openLog('bench', 'warn'), stopLimitMs)
/** The exit code, once something ends it early. */
let ending: number | undefined

const [name = '', ...options] = process.argv.slice(2)
const benchmark = benchmarks[name]
if (!benchmark) {
  const list = Object.entries(benchmarks).map(([known, { about }]) => `  ${known.padEnd(10)} ${about}`)
  process.stderr.write(`usage: npm run bench -- NAME\n${list.join('\n')}\n`)
  process.exit(2)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(130))
try {
  await benchmark.run(options, started)
  await end(0)
} catch (cause) {
  const mistaken = cause instanceof OperatorError
  if (mistaken) process.stderr.write(`${cause.message}\n`)
  else if (ending === undefined)
    process.stderr.write(`${cause instanceof Error ? cause.stack : String(cause)}\n`)
  await end(mistaken ? 2 : 1)
}

async function end(code: number): Promise<void> {
  ending ??= code
  await started.stop()
  process.exit(ending)
}
