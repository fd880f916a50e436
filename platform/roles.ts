import { OperatorError } from './operator-error.ts'

/** The roles of the system and which of them share a process. */
export const roleNames = ['broker', 'ingest', 'dashboard', 'flows', 'sim'] as const
export type Role = (typeof roleNames)[number]

/** What `npm start` runs. */
const standard: readonly Role[] = ['broker', 'ingest', 'dashboard', 'flows']

export interface RolePlan {
  /** Roles by process, in starting order; one process means: right here, without a supervisor. */
  processes: readonly (readonly Role[])[]
  /** Roles that wait for their first use. */
  onDemand: readonly Role[]
}

/** The command line is a list of roles; none means the standard ones. Throws an `OperatorError`.
 *
 *  The broker and Node-RED each have a process of their own, because neither a slow query nor a bad flow may
 *  delay a PUBACK. Ingest and dashboard share one: a single process owns the embedded history, and the live
 *  state goes from one to the other by hand. */
export function planRoles(words: readonly string[]): RolePlan {
  const unknown = words.filter((word) => !isRole(word))
  const asked = words.length === 0 ? standard : words.filter(isRole)
  if (unknown.length > 0) {
    throw new OperatorError(
      `Roles are ${roleNames.join(', ')}.`,
      unknown.map((word) => `"${word}" is none`),
    )
  }
  if (asked.includes('dashboard') !== asked.includes('ingest')) {
    throw new OperatorError('ingest and dashboard run in one process: name both.')
  }
  const groups: Role[][] = [['broker'], ['ingest', 'dashboard'], ['sim']]
  const processes = groups
    .map((group) => group.filter((role) => asked.includes(role)))
    .filter((group) => group.length > 0)
  if (processes.length === 0) return { processes: [['flows']], onDemand: [] }
  return { processes, onDemand: asked.filter((role) => role === 'flows') }
}

function isRole(word: string): word is Role {
  return roleNames.some((role) => role === word)
}
