import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { OperatorError } from '../../platform/operator-error.ts'

/** What happens to a fleet: a small data file. Times are simulated seconds after the start; targets are the
 *  node ids of the registry file. Without a fault a scenario is an ordinary winter day. */

const seconds = z
  .number()
  .min(0)
  .max(366 * 86_400)
const id = z.string().regex(/^[a-z0-9-]{1,64}$/, { error: 'expected an id of a-z, 0-9 and -' })

const lasting = { t: seconds, target: id, until: seconds.optional() }

const fault = z.discriminatedUnion('fault', [
  /** A heating pipe breaks at a building: nominal flow at 300 kPa, m³/h. */
  z.strictObject({
    ...lasting,
    fault: z.literal('burst'),
    params: z.strictObject({ m3h: z.number().min(0.1).max(60) }),
  }),
  /** A building's water main breaks behind its meter: L/h at 350 kPa. */
  z.strictObject({
    ...lasting,
    fault: z.literal('water-burst'),
    params: z.strictObject({ lph: z.number().min(1).max(60_000) }),
  }),
  /** A charging port's relay no longer opens. Only a new relay ends it. */
  z.strictObject({
    t: seconds,
    target: id,
    fault: z.literal('relay-welded'),
    params: z.strictObject({}).default({}),
  }),
])

/** A resident who comes besides the usual ones, so that something can be watched at any hour. */
const visit = z.strictObject({ t: seconds, target: id, minutes: z.number().min(0.5).max(600) })

const scenarioSchema = z.strictObject({
  name: id,
  about: z.string(),
  faults: z.array(fault).max(1_000).default([]),
  visits: z.array(visit).max(10_000).default([]),
})

export type Scenario = z.infer<typeof scenarioSchema>
export type Fault = z.infer<typeof fault>
export type ExtraVisit = z.infer<typeof visit>

export const ordinaryDay: Scenario = { name: 'ordinary', about: 'nothing but life', faults: [], visits: [] }

const folder = new URL('./', import.meta.url)

/** A scenario of ours by its name (`burst`), or anybody's by its path (`./mine.json`).
 *  Throws an `OperatorError` that lists every mistake in the file. */
export function loadScenario(nameOrPath: string): Scenario {
  const named = /^[a-z0-9-]+$/.test(nameOrPath)
  const text = read(nameOrPath, named ? new URL(`${nameOrPath}.json`, folder) : nameOrPath)
  const parsed = scenarioSchema.safeParse(json(nameOrPath, text))
  if (parsed.success) return parsed.data
  const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new OperatorError(`The scenario ${nameOrPath} has mistakes:`, mistakes)
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
