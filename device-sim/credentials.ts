import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { OperatorError } from '../platform/operator-error.ts'

/** Device id -> password. */
export type Credentials = ReadonlyMap<string, string>

const fileSchema = z.object({
  format: z.literal('estate-credentials/1'),
  credentials: z.array(z.object({ username: z.string().min(1), password: z.string().min(1) })),
})

/** What `registry import FILE --credentials-out FILE` wrote. Throws an `OperatorError` for any other file; the
 *  message never quotes it, for it holds secrets. */
export function readCredentials(file: string): Credentials {
  const parsed = fileSchema.safeParse(parse(file))
  if (parsed.success)
    return new Map(parsed.data.credentials.map(({ username, password }) => [username, password]))
  const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new OperatorError(`${file} is not a credentials file:`, mistakes)
}

function parse(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new OperatorError(`The credentials file cannot be read:`, [String(cause)])
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new OperatorError(`${file} is not JSON.`)
  }
}
