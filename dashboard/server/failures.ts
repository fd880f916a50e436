import type { ErrorRequestHandler, RequestHandler } from 'express'
import { z } from 'zod'
import type { Log } from '../../platform/log.ts'
import { problem, sendProblem } from './problem.ts'

/** The end of the line: what nobody answered, and what went wrong. Whose fault it was decides what is told: the
 *  caller learns what he did, of our own mistakes he learns nothing but that there was one. */
export function failures(log: Log): [RequestHandler, ErrorRequestHandler] {
  return [
    (request, response) => {
      sendProblem(response, problem(404, `there is no ${request.method} ${request.path}`))
    },
    (error: unknown, request, response, next) => {
      if (response.headersSent) return next(error)
      const caller = callersFault.safeParse(error)
      if (caller.success) return sendProblem(response, blame(caller.data))
      log.error({ err: error, method: request.method, path: request.path }, 'a request failed')
      sendProblem(response, problem(500))
    },
  ]
}

/** As express and its body parser mark them. */
const callersFault = z.object({
  status: z.int().min(400).max(499),
  type: z.string().optional(),
  /** Of what is too large, bytes. */
  limit: z.number().optional(),
})

function blame({ status, type, limit }: z.infer<typeof callersFault>) {
  if (type === undefined) return problem(status)
  const detail =
    type === 'entity.parse.failed'
      ? 'expected JSON'
      : limit !== undefined
        ? `expected ${limit} bytes at most`
        : type.replaceAll('.', ' ')
  return problem(status, 'body', { errors: [{ field: 'body', detail }] })
}
