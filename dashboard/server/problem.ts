import type { Response } from 'express'
import { z } from 'zod'

/** What went wrong, in the one form of RFC 9457. It names the field that was wrong and never shows a stack. */
export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().exactOptional(),
    /** The fields of the request that were wrong: `query.points`. */
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).exactOptional(),
    /** The work order actions that would have been possible. */
    allowed: z.array(z.string()).readonly().exactOptional(),
    /** The parts of the system that cannot work now. */
    reasons: z.record(z.string(), z.string()).exactOptional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problemSchema>

export const problemMedia = 'application/problem+json'

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Not possible now',
  413: 'Too large',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available now',
}

export function problem(
  status: number,
  detail?: string,
  more: Pick<Problem, 'errors' | 'allowed' | 'reasons'> = {},
): Problem {
  return {
    type: 'about:blank',
    title: titles[status] ?? 'Request failed',
    status,
    ...(detail !== undefined && { detail }),
    ...more,
  }
}

export function sendProblem(response: Response, problem: Problem): void {
  response.status(problem.status).type(problemMedia).send(JSON.stringify(problem))
}
