import { createHash } from 'node:crypto'
import { z } from 'zod'
import { deviceMessages } from './catalogue.ts'
import { contractOf } from './kinds.ts'
import type { Kind } from './message.ts'

/** Fingerprint of a kind's contract: the first 8 hex digits of the SHA-256 over the JSON Schemas of all its
 *  messages. A firmware carries the one it was built with in its birth message, so drift shows at boot. */
export function contractHash(kind: Kind): string {
  const schemas = deviceMessages
    .filter((message) => message.kind === kind)
    .map(({ name, schema }) => [name, z.toJSONSchema(schema)])
  return createHash('sha256')
    .update(JSON.stringify([contractOf(kind), schemas]))
    .digest('hex')
    .slice(0, 8)
}
