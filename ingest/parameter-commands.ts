import { z } from 'zod'
import { OperatorError } from '../platform/operator-error.ts'
import { overrides } from './faults/parameter-layers.ts'
import { wholeDistrict } from './faults/parameters.ts'
import type { ParameterDesk } from './parameter-desk.ts'

/** What an operator may ask of the parameters on the command line. JSON in and out, as `estate/commands.ts`. */
const site = z.string().default(wholeDistrict)
const deed = { who: z.string(), why: z.string().trim().min(1, 'expected a reason').max(1_000) }

export const parameterCommand = z.discriminatedUnion('name', [
  z.object({ name: z.literal('parameters show'), site }),
  z.object({ name: z.literal('parameters versions'), site }),
  z.object({ name: z.literal('parameters set'), site, set: overrides, ...deed }),
  z.object({ name: z.literal('parameters revert'), site, version: z.int().min(0), ...deed }),
])
export type ParameterCommand = z.infer<typeof parameterCommand>

const versionsShown = 100

/** Throws an `OperatorError` that lists every mistake. */
export async function runParameterCommand(desk: ParameterDesk, asked: ParameterCommand): Promise<unknown> {
  if (!desk.isKnown(asked.site)) throw new OperatorError(`There is no site ${asked.site}.`)
  switch (asked.name) {
    case 'parameters show':
      return desk.show(asked.site)
    case 'parameters versions':
      return desk.versions(asked.site, { limit: versionsShown })
    case 'parameters set':
      return changed(await desk.change(asked.site, { type: 'patch', set: asked.set }, asked))
    case 'parameters revert':
      return changed(await desk.change(asked.site, { type: 'revert', version: asked.version }, asked))
  }
}

function changed(answer: Awaited<ReturnType<ParameterDesk['change']>>): unknown {
  if (answer.ok) return answer.version
  if ('conflict' in answer) throw new OperatorError(`Not done: ${answer.conflict}.`)
  const mistakes = answer.mistakes.map(({ field, detail }) => `${field}: ${detail}`)
  throw new OperatorError('The parameters have mistakes:', mistakes)
}
