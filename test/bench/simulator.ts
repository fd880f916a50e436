import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'

/** How fast the simulator goes when nobody waits for the clock: the command line's own `--offline --digest`, for
 *  each fleet in a process of its own, so that one does not warm the compiler up for the other. The hash is there
 *  to be compared: the same commit says the same on any machine. */
interface Run {
  fleet: string
  hours: number
  /** What is asked of it on one core, s. */
  goalS?: number
}

const whole: readonly Run[] = [
  { fleet: 'demo', hours: 24, goalS: 1 },
  { fleet: 'renovated', hours: 24, goalS: 30 },
  { fleet: 'district', hours: 1 },
]
const quick: readonly Run[] = [
  { fleet: 'demo', hours: 24, goalS: 1 },
  { fleet: 'renovated', hours: 1 },
]
const seed = 5
const program = join(import.meta.dirname, '../../device-sim/cli.ts')
const usage = join(import.meta.dirname, 'usage-at-exit.ts')
/** What `usage-at-exit.ts` says: KiB at most, and microseconds. */
const used = z.object({ maxRSS: z.number(), processorUs: z.number() })
const line = /^messages (?<messages>\d+) sha256 (?<sha256>[0-9a-f]{64}) seconds (?<seconds>[\d.]+)\n$/

/** Prints a line a fleet: messages, seconds, messages a second, processor time, memory. */
export async function simulator(options: readonly string[]): Promise<void> {
  for (const run of options.includes('--quick') ? quick : whole) process.stdout.write(await measure(run))
}

async function measure({ fleet, hours, goalS }: Run): Promise<string> {
  const options = [
    '--offline',
    '--digest',
    '--fleet',
    fleet,
    '--hours',
    String(hours),
    '--seed',
    String(seed),
  ]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    ...['--import', usage, program],
    ...options,
  ])
  const { messages, sha256 = '', seconds } = line.exec(stdout)?.groups ?? {}
  if (messages === undefined) throw new Error(`the simulator said: ${stdout}${stderr}`)
  const { maxRSS, processorUs } = used.parse(JSON.parse(stderr))
  const rate = Math.round(Number(messages) / Number(seconds))
  const goal = goalS === undefined ? '' : ` (goal ${goalS} s)`
  return (
    `sim ${fleet} ${hours} h: ${messages} messages in ${seconds} s${goal}, ${rate}/s, ` +
    `processor ${(processorUs / 1e6).toFixed(1)} s, ${Math.round(maxRSS / 1024)} MiB, sha256 ${sha256.slice(0, 12)}\n`
  )
}
