import { CommanderError } from 'commander'
import { OperatorError } from '../../platform/operator-error.ts'
import { explain } from './explain.ts'
import { planOf } from './options.ts'
import { report } from './print.ts'
import type { ScoredRun } from './scored-run.ts'
import { figuresOf } from './tally.ts'
import { scoreAll } from './workers.ts'

/** `npm run score`: how good are the fault rules, measured against what the simulator really broke? */
async function score(argv: readonly string[]): Promise<void> {
  const { jobs, json, explain: isExplained } = planOf(argv)
  const [only] = jobs
  if (isExplained && only) return void process.stdout.write(await explain(only))
  const began = performance.now()
  let ready = 0
  const runs = await scoreAll(jobs, ({ job, tookMs }) => {
    const seconds = (tookMs / 1_000).toFixed(1)
    process.stderr.write(`${++ready}/${jobs.length} ${job.name} seed ${job.seed}: ${seconds} s\n`)
  })
  process.stderr.write(`${((performance.now() - began) / 1_000).toFixed(0)} s\n`)
  process.stdout.write(output(runs, json))
}

function output(runs: readonly ScoredRun[], json: boolean): string {
  const figures = figuresOf(runs)
  return json ? `${JSON.stringify({ figures, runs })}\n` : report(figures, runs)
}

try {
  await score(process.argv.slice(2))
} catch (cause) {
  if (!(cause instanceof CommanderError && cause.exitCode === 0)) {
    if (!(cause instanceof OperatorError || cause instanceof CommanderError)) throw cause
    process.stderr.write(`${cause.message}\n`)
    process.exitCode = 2
  }
}
