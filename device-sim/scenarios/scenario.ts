import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { OperatorError } from '../../platform/operator-error.ts'
import { absencesSchema } from '../plant/occupancy.ts'
import { seasonSchema } from '../plant/season.ts'
import { mischiefSchema } from '../mischief/mischief.ts'
import { weatherSchema } from '../plant/weather.ts'
import { faultKindOf, faultKinds } from './faults.ts'

/** What happens to a fleet: a small data file. Times are simulated seconds after the start; targets are the
 *  node ids of the registry file. Without a fault a scenario is an ordinary winter day. What is said of a field
 *  here stands on its page (docs/scenarios.md, from page.ts). */

const seconds = z
  .number()
  .min(0)
  .max(366 * 86_400)
const id = z.string().regex(/^[a-z0-9-]{1,64}$/, { error: 'expected an id of a-z, 0-9 and -' })

/** A row of the fault table, at a place and for a time. The row decides what `params` may say. */
const fault = z
  .strictObject({
    t: seconds.describe('when it breaks'),
    until: seconds.optional().describe('when it is repaired; without it, it lasts'),
    target: id.describe('where: a node or a device of the registry file'),
    fault: z.enum(faultKinds.map((kind) => kind.fault)).describe('what breaks: a row of the fault table'),
    params: z.unknown().optional().describe('what that row allows'),
    cause: id.optional().describe('faults of an estate with the same word here have one cause: one order'),
  })
  .refine(({ t, until = Infinity }) => until > t, { path: ['until'], error: 'expected a time after t' })
  .transform(({ params, ...when }, context) => {
    const parsed = faultKindOf(when.fault)?.params.safeParse(params)
    if (parsed?.success) return { ...when, strike: parsed.data }
    for (const { path, message } of parsed?.error.issues ?? [])
      context.addIssue({ code: 'custom', path: ['params', ...path], message })
    return z.NEVER
  })

/** A resident who comes besides the usual ones, so that something can be watched at any hour. */
const visit = z.strictObject({
  t: seconds.describe('when somebody plugs in'),
  target: id.describe('the shed'),
  minutes: z.number().min(0.5).max(600).describe('how long'),
})

export const scenarioSchema = z.strictObject({
  name: id.describe('its name'),
  about: z.string().describe('what happens, in a sentence or two'),
  seed: z.int().min(0).max(0xffff_ffff).default(5).describe('the seed it is meant for'),
  start: z.iso
    .datetime({ offset: true })
    .default('2026-01-15T00:00:00+08:00')
    .describe('when it begins, offline; live it begins now'),
  days: z.number().positive().max(366).default(1).describe('how long it lasts, offline'),
  weather: weatherSchema.prefault({}).describe('the weather; a January day in Yangquan unless told'),
  season: seasonSchema.prefault('heating').describe('what the heat station does'),
  absences: absencesSchema.default([]).describe('who is away'),
  mischief: mischiefSchema.prefault({}).describe('what lines and boards do; nothing unless it is named'),
  faults: z.array(fault).max(1_000).default([]).describe('what breaks'),
  visits: z
    .array(visit)
    .max(10_000)
    .default([])
    .describe('residents who come to charge besides the usual ones'),
})

export type Scenario = z.infer<typeof scenarioSchema>
export type Fault = Scenario['faults'][number]
export type ExtraVisit = z.infer<typeof visit>

export const ordinaryDay: Scenario = scenarioSchema.parse({ name: 'ordinary', about: 'nothing but life' })

const folder = new URL('./', import.meta.url)

/** Every scenario of ours, in the order of the alphabet. */
export function scenarioNames(): string[] {
  return readdirSync(folder)
    .flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []))
    .toSorted()
}

/** A scenario of ours by its name (`burst`), or anybody's by its path (`./mine.json`).
 *  Throws an `OperatorError` that lists every mistake in the file. */
export function loadScenario(nameOrPath: string): Scenario {
  const named = /^[a-z0-9-]+$/.test(nameOrPath)
  if (named && !scenarioNames().includes(nameOrPath))
    throw new OperatorError(`There is no scenario ${nameOrPath}.`, [
      `There are: ${scenarioNames().join(', ')}`,
    ])
  const text = read(nameOrPath, named ? new URL(`${nameOrPath}.json`, folder) : nameOrPath)
  return parseScenario(nameOrPath, json(nameOrPath, text))
}

/** The scenario in a file's JSON. Throws an `OperatorError` that lists every mistake. */
export function parseScenario(name: string, value: unknown): Scenario {
  const parsed = scenarioSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const mistakes = parsed.error.issues.map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(': '),
  )
  throw new OperatorError(`The scenario ${name} has mistakes:`, mistakes)
}

function read(name: string, file: string | URL): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new OperatorError(`There is no scenario ${name}.`, [why])
  }
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new OperatorError(`The scenario ${name} is not JSON.`, [why])
  }
}
