import { z } from 'zod'
import { OperatorError } from '../platform/operator-error.ts'
import { whatIfWish, type WhatIfDesk } from './what-if-desk.ts'

/** `npm run cli -- what-if`. JSON in and out, as `estate/commands.ts`. */
export const whatIfCommand = whatIfWish.extend({ name: z.literal('what-if') })
export type WhatIfCommand = z.infer<typeof whatIfCommand>

/** Throws an `OperatorError` that lists every mistake. */
export async function runWhatIfCommand(desk: WhatIfDesk, asked: WhatIfCommand): Promise<unknown> {
  const result = await desk.ask(asked)
  if (result.ok) return result.answer
  if ('conflict' in result) throw new OperatorError(`Not now: ${result.conflict}.`)
  const mistakes = result.mistakes.map(({ field, detail }) => `${field}: ${detail}`)
  throw new OperatorError('The question has mistakes:', mistakes)
}
