import { fleets, type fleetNames } from '../../device-sim/fleets/fleets.ts'
import { mischiefSchema } from '../../device-sim/mischief/mischief.ts'
import { loadScenario, type Scenario } from '../../device-sim/scenarios/scenario.ts'

/** One scenario with one seed: what a worker is given to run. */
export interface Job {
  /** As it is printed, and named on the command line. */
  name: string
  /** The same, or the path of a file. */
  scenario: string
  seed: number
  fleet: (typeof fleetNames)[number]
  /** Whether every kind of mischief is added, with the figures of the field. */
  mischief: boolean
}

const everyMischief = mischiefSchema.parse({
  loss: {},
  duplicates: {},
  delay: {},
  outages: {},
  reboots: {},
  garbage: {},
})

/** What a scenario says of its own lines holds. Throws an `OperatorError` that lists every mistake. */
export function scenarioOf({ scenario: name, mischief }: Pick<Job, 'scenario' | 'mischief'>): Scenario {
  const scenario = loadScenario(name)
  return mischief ? { ...scenario, mischief: { ...everyMischief, ...scenario.mischief } } : scenario
}

/** How long it will take, in days of one estate. */
export function weightOf(job: Job): number {
  return scenarioOf(job).days * fleets[job.fleet].build().estates.length
}

/** The command that shows this one run, moment by moment. */
export function replayOf({ name, scenario, seed, fleet, mischief }: Job): string {
  const where = name === scenario ? '' : ` --scenarios ${scenario.slice(0, scenario.lastIndexOf('/'))}`
  const which = fleet === 'demo' ? '' : ` --fleet ${fleet}`
  return `npm run score -- --only ${name} --seeds ${seed}${which}${mischief ? ' --mischief' : ''}${where} --explain`
}
