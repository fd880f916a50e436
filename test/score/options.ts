import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { z } from 'zod'
import type { Fleet } from '../../device-sim/fleet.ts'
import { fleetNames, fleets } from '../../device-sim/fleets/fleets.ts'
import { scenarioNames } from '../../device-sim/scenarios/scenario.ts'
import { checkScenario } from '../../device-sim/simulation.ts'
import { OperatorError } from '../../platform/operator-error.ts'
import { scenarioOf, type Job } from './job.ts'

/** `npm run score -- …`: from the command line to the runs. */

const seedLimit = 0xffff_ffff
/** Seeds a run may name. */
const seedsLimit = 1_000

const seeds = z.string().transform((text, context): number[] => {
  const all = text.split(',').flatMap((part) => rangeOf(part.trim()) ?? [Number.NaN])
  if (all.length <= seedsLimit && all.every((seed) => seed >= 0 && seed <= seedLimit))
    return [...new Set(all)]
  context.addIssue({ code: 'custom', message: 'expected seeds such as 1-20 or 3,5,101-103' })
  return z.NEVER
})

function rangeOf(text: string): number[] | undefined {
  const { first, last = first } = /^(?<first>\d{1,10})(?:-(?<last>\d{1,10}))?$/.exec(text)?.groups ?? {}
  const [from, to] = [Number(first), Number(last)]
  if (!(to >= from) || to - from >= seedsLimit) return undefined
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}

const optionsSchema = z.object({
  scenarios: z.string().optional(),
  seeds: seeds.optional(),
  quick: z.boolean().default(false),
  json: z.boolean().default(false),
  only: z.string().optional(),
  fleet: z.enum(fleetNames, { error: `expected one of: ${fleetNames.join(', ')}` }),
  mischief: z.boolean().default(false),
  explain: z.boolean().default(false),
})

export interface Plan {
  jobs: readonly Job[]
  json: boolean
  explain: boolean
}

/** Throws an `OperatorError` with every mistake, also those in scenario files; a `CommanderError` for an option
 *  that does not exist, and for --help. */
export function planOf(argv: readonly string[]): Plan {
  const parsed = optionsSchema.safeParse(
    command()
      .parse([...argv], { from: 'user' })
      .opts(),
  )
  if (!parsed.success)
    throw wrong(parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`))
  const { quick, json, explain, fleet, mischief, scenarios, only } = parsed.data
  const [quickSeed = 1] = parsed.data.seeds ?? []
  const chosen = quick ? [quickSeed] : (parsed.data.seeds ?? tuningSeeds)
  const { found, mistakes } = scenariosIn(scenarios, { only, mischief, fleet: fleets[fleet].build() })
  if (explain && found.length * chosen.length > 1)
    mistakes.push('--explain: shows one run; name it with --only NAME --seeds N')
  if (mistakes.length > 0) throw wrong(mistakes)
  const jobs = found.flatMap((of) => chosen.map((seed) => ({ ...of, seed, fleet, mischief })))
  return { jobs, json, explain }
}

const tuningSeeds = Array.from({ length: 20 }, (_, at) => at + 1)

type Found = Pick<Job, 'name' | 'scenario'>

/** Ours, or every one of a folder. Each is read once to find its mistakes. */
function scenariosIn(
  folder: string | undefined,
  { only, mischief, fleet }: { only: string | undefined; mischief: boolean; fleet: Fleet },
): { found: Found[]; mistakes: string[] } {
  const mistakes: string[] = []
  const all =
    folder === undefined
      ? scenarioNames().map((name) => ({ name, scenario: name }))
      : filesIn(folder, mistakes)
  const wanted = only?.split(',').map((name) => name.trim())
  const strangers = (wanted ?? []).filter((name) => !all.some((known) => known.name === name))
  mistakes.push(...strangers.map((name) => `--only: there is no scenario ${name}`))
  const found = all.filter(({ name }) => wanted?.includes(name) ?? true)
  if (found.length === 0 && mistakes.length === 0) mistakes.push('--scenarios: there is no .json file in it')
  for (const { scenario } of found) {
    try {
      checkScenario(scenarioOf({ scenario, mischief }), fleet)
    } catch (cause) {
      if (!(cause instanceof OperatorError)) throw cause
      mistakes.push(cause.message.replaceAll('\n', '\n  '))
    }
  }
  return { found, mistakes }
}

function filesIn(folder: string, mistakes: string[]): Found[] {
  try {
    return readdirSync(folder)
      .flatMap((file) => (file.endsWith('.json') ? file.slice(0, -'.json'.length) : []))
      .toSorted()
      .map((name) => ({ name, scenario: resolve(folder, `${name}.json`) }))
  } catch (cause) {
    mistakes.push(`--scenarios: ${cause instanceof Error ? cause.message : String(cause)}`)
    return []
  }
}

function wrong(mistakes: readonly string[]): OperatorError {
  return new OperatorError('Nothing can be scored:', mistakes)
}

function command(): Command {
  return new Command('score')
    .description(
      'Runs scenarios offline through the fault engine and compares its work orders with what was really broken.',
    )
    .helpOption('-h, --help', 'this')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .option('--scenarios <dir>', 'every .json file of a folder, instead of our own scenarios')
    .option('--only <names>', 'only these scenarios: NAME,NAME')
    .option(
      '--seeds <seeds>',
      'such as 1-20 or 3,5; 1-20 unless told. Rules are tuned on 1-20, and tested on 101-120',
    )
    .option('--quick', 'one seed: five minutes on two cores')
    .option('--mischief', 'adds every kind of mischief, with the figures of the field')
    .option('--fleet <name>', `which fleet: ${fleetNames.join(', ')}`, 'demo')
    .option('--json', 'for machines: every run with its causes and orders, and the figures')
    .option('--explain', 'of one run: what was alarmed, decided and ordered, moment by moment')
}
